"""How elements, total charge and spin enter the features of SpookyNet."""

from typing import Protocol

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from eukrates.matter import System
from eukrates.matter.electron_configuration import electron_configurations
from eukrates.models.spookynet.dense import Linear, ResidualMLP
from eukrates.numerics import sum_by
from eukrates.potential import Constants
from eukrates.shapes import AnyArray

EPSILON = 1e-8  # in the sum over the atoms of a structure: what the published model was trained with


class Configurations(Constants):
    """Electron configurations by atomic number."""

    table: Float[AnyArray, "species shells"]


class NuclearEmbedding(eqx.Module):
    """z = E[Z] + d[Z] C: a free row per element, and a linear map of its electron configuration d.

    Unke et al., Nat. Commun. 12, 7273 (2021), eq. 9, doi:10.1038/s41467-021-27504-0.
    """

    table: Float[AnyArray, "species channels"]  # E
    configurations: Configurations  # d
    mixing: Linear  # C

    def __init__(self, features: int, *, key: PRNGKeyArray):
        known = electron_configurations()
        self.configurations = Configurations(jnp.asarray(known, jnp.float32))
        self.table = jnp.zeros((known.shape[0], features), jnp.float32)
        self.mixing = Linear(known.shape[1], features, key=key, bias=False, zero=True)

    def __call__(self, system: System) -> Float[Array, "atoms channels"]:
        return (self.table + self.mixing(self.configurations.table))[system.numbers]


class ElectronEmbedding(Protocol):
    """(ψ [systems], z [atoms, channels], system) → features [atoms, channels]; exactly 0 where ψ = 0."""

    def __call__(self, electrons, z, system: System) -> Float[Array, "atoms channels"]: ...


class LinearElectronEmbedding(eqx.Module):
    """ψ (total charge, or unpaired electrons) spread over the atoms of each structure.

    e   = [max(ψ, 0), max(-ψ, 0)] or, where ψ has no sign, [|ψ|]                  (1)
    q_i = z_i Q + b,   k = (e / max(e, 1)) K,   v = e V                           (2)
    a_i = ln(1 + exp(⟨q_i, k⟩ / √F)),   w_i = a_i / (Σ_j a_j + ε)                 (3)
    e_i = MLP(w_i v), without biases                                              (4)

    Unke et al., Nat. Commun. 12, 7273 (2021), eqs. 10 and 11; the key of a charge beyond ±1 is that of ±1.
    """

    queries: Linear
    keys: Linear
    values: Linear
    residual: ResidualMLP

    def __init__(self, features: int, signed: bool, blocks: int, activation: str, *, key: PRNGKeyArray):
        q, k, v, r = jax.random.split(key, 4)
        self.queries = Linear(features, features, key=q)
        self.keys = Linear(1 + signed, features, key=k, bias=False)
        self.values = Linear(1 + signed, features, key=v, bias=False)
        self.residual = ResidualMLP(blocks, features, activation, key=r, bias=False, zero=True)

    def __call__(self, electrons, z, system: System) -> Float[Array, "atoms channels"]:
        psi = electrons.astype(z.dtype)[:, None]
        signed = self.keys.kernel.shape[0] == 2
        e = jnp.maximum(jnp.concatenate([psi, -psi], axis=1), 0) if signed else jnp.abs(psi)  # (1)
        k, v = self.keys(e / jnp.maximum(e, 1)), self.values(e)  # (2)
        score = jnp.sum(self.queries(z) * k[system.owner], axis=1) / z.shape[1] ** 0.5
        w = _shares(jax.nn.softplus(score), system)  # (3)
        return self.residual(w[:, None] * v[system.owner])  # (4)


class NonlinearElectronEmbedding(eqx.Module):
    """The earlier form, of models trained before its authors changed it.

    q_i = z_i Q,   k = MLP(ψ K + b),   v = MLP(ψ V), the latter without biases            (1)
    a_i = exp((⟨q_i, k⟩ - max_j ⟨q_j, k⟩) / √F),   w_i = a_i / (Σ_j a_j + ε),   e_i = w_i v       (2)
    """

    queries: Linear
    keys: Linear
    values: Linear
    key_residual: ResidualMLP
    value_residual: ResidualMLP

    def __init__(self, features: int, blocks: int, activation: str, *, key: PRNGKeyArray):
        q, k, v, one, two = jax.random.split(key, 5)
        self.queries = Linear(features, features, key=q, bias=False)
        self.keys = Linear(1, features, key=k)
        self.values = Linear(1, features, key=v, bias=False)
        self.key_residual = ResidualMLP(blocks, features, activation, key=one)
        self.value_residual = ResidualMLP(blocks, features, activation, key=two, bias=False, zero=True)

    def __call__(self, electrons, z, system: System) -> Float[Array, "atoms channels"]:
        psi = electrons.astype(z.dtype)[:, None]
        k, v = self.key_residual(self.keys(psi)), self.value_residual(self.values(psi))  # (1)
        score = jnp.sum(self.queries(z) * k[system.owner], axis=1)
        score = (score - largest(score, system)[system.owner]) / z.shape[1] ** 0.5
        return _shares(jnp.exp(jnp.where(system.real, score, 0.0)), system)[:, None] * v[system.owner]  # (2)


def largest(values: Float[Array, " atoms"], system: System) -> Float[Array, " systems"]:
    """The largest value of the atoms of each structure; 0 where there are none. It is differentiated through."""
    top = jax.ops.segment_max(jnp.where(system.real, values, -jnp.inf), system.owner, system.systems)
    return jnp.where(jnp.isfinite(top), top, 0.0)


def _shares(a: Float[Array, " atoms"], system: System) -> Float[Array, " atoms"]:
    a = jnp.where(system.real, a, 0.0)
    return a / (sum_by(a, system.owner, system.systems) + EPSILON)[system.owner]
