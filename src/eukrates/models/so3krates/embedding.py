"""How elements, total charge and spin enter the features."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Float, PRNGKeyArray

from eukrates.elements import SPECIES
from eukrates.matter import System
from eukrates.models.so3krates.dense import MLP
from eukrates.numerics import sum_by
from eukrates.shapes import AnyArray


class ElementEmbedding(eqx.Module):
    """One row of features per element."""

    table: Float[AnyArray, "species channels"]

    def __init__(self, features: int, *, key: PRNGKeyArray):
        self.table = jax.random.normal(key, (SPECIES, features), jnp.float32) / features**0.5

    def __call__(self, system: System) -> Float[AnyArray, "atoms channels"]:
        return self.table[system.numbers]


class ElectronEmbedding(eqx.Module):
    """A number of electrons ψ (total charge, or unpaired electrons) spread over the atoms of each system.

    y_i = softplus(⟨A[Z_i], k⟩ / √F)                  (1)
    a_i = ψ y_i / Σ y                                 (2)
    u_i = a_i v,   e_i = u_i + MLP(silu(u_i))          (3)

    k and v have one row for ψ ≥ 0 and one for ψ < 0; nothing has a bias, so ψ = 0 embeds as exactly 0.
    Unke et al., Nat. Commun. 12, 7273 (2021), eq. 9-10, in the form that SO3LR uses.
    """

    elements: Float[AnyArray, "species channels"]  # A
    keys: Float[AnyArray, "2 channels"]  # k
    values: Float[AnyArray, "2 channels"]  # v
    residual: MLP

    def __init__(self, features: int, *, key: PRNGKeyArray):
        a, k, v, r = jax.random.split(key, 4)
        width = features**-0.5
        self.elements = width * jax.random.normal(a, (SPECIES, features), jnp.float32)
        self.keys = width * jax.random.normal(k, (2, features), jnp.float32)
        self.values = width * jax.random.normal(v, (2, features), jnp.float32)
        self.residual = MLP(features, features, features, bias=False, key=r)

    def __call__(self, electrons: Float[AnyArray, " systems"], system: System) -> Float[AnyArray, "atoms channels"]:
        psi = electrons.astype(self.keys.dtype)[system.owner]
        sign = (psi < 0).astype(jnp.int32)
        score = jnp.sum(self.elements[system.numbers] * self.keys[sign], axis=-1)
        y = jax.nn.softplus(score / self.keys.shape[-1] ** 0.5)  # (1)
        a = psi * y / sum_by(y, system.owner, system.systems)[system.owner]  # (2)
        u = a[:, None] * self.values[sign]
        return u + self.residual(jax.nn.silu(u))  # (3)
