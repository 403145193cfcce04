"""What an atom of SpookyNet learns from all atoms of its structure, near or far: attention without distances."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from eukrates.matter import System
from eukrates.models.spookynet.dense import ResidualMLP, orthogonal
from eukrates.models.spookynet.embedding import EPSILON, largest
from eukrates.models.spookynet.perceptrons import Perceptrons, each
from eukrates.numerics import sum_by
from eukrates.potential import Constants
from eukrates.shapes import AnyArray

KINDS = ("favor+", "exact", "none")
BRANCHES = ("q", "k", "v")
FLOOR = 1e-4  # added to every random feature


class Directions(Constants):
    """Those of random features."""

    omega: Float[AnyArray, "channels random"]


class RandomFeatures(eqx.Module):
    """FAVOR+: attention whose kernel is a scalar product of positive random features.

    U = X Ω / ⁴√F,   h = |X|² / (2 √F)                                                     (1)
    φ_q = (exp(U - h - max_m U_im) + δ) / √m,   φ_k = (exp(U - h - M) + δ) / √m            (2)
    A_ij = φ_q,i · φ_k,j,   n_i = Σ_j A_ij v_j / (Σ_j A_ij + ε)                            (3)

    M is the largest of all U of the structure. Neither maximum cancels, because of δ: both are differentiated through.
    Ω, m random directions, is drawn once and then belongs to the model. The sums of (3) are ordered either way, with a
    row per pair of atoms or with a matrix per structure, whichever are fewer operations.

    Choromanski et al., ICLR 2021 (arXiv:2009.14794), with the constants of Unke et al., Nat. Commun. 12, 7273 (2021).
    """

    directions: Directions

    def __init__(self, features: int, count: int, *, key: PRNGKeyArray):
        self.directions = Directions(orthogonal_directions(key, features, count))

    def __call__(self, q, k, v, system: System) -> Float[Array, "atoms channels"]:
        width, count = self.directions.omega.shape
        real = system.real[:, None]
        omega = self.directions.omega / width**0.25
        uq, uk = q @ omega, k @ omega
        hq, hk = (jnp.sum(t * t, axis=1, keepdims=True) / (2 * width**0.5) for t in (q, k))  # (1)
        top = largest(jnp.max(uk, axis=1), system)[system.owner][:, None]
        fq = jnp.exp(uq - hq - jnp.max(uq, axis=1, keepdims=True)) + FLOOR  # (2), all but the root
        fk = jnp.where(real, jnp.exp(jnp.where(real, uk - hk - top, 0.0)) + FLOOR, 0.0)
        atoms, systems = system.atoms, system.systems
        by_pair, by_structure = atoms * atoms * (count + width), 2 * systems * atoms * count * width
        order = _row_per_pair if by_pair <= by_structure else _matrix_per_structure
        above, below = order(fq, fk, v, system)
        return above / (below + count * EPSILON)  # (3)


class Exact(eqx.Module):
    """A_ij = exp((q_i · k_j - M) / √F), n as in (3) of `RandomFeatures`; M is the largest product of the structure."""

    def __call__(self, q, k, v, system: System) -> Float[Array, "atoms channels"]:
        same, scores = together(system), q @ k.T
        top = largest(jnp.max(jnp.where(same, scores, -jnp.inf), axis=1), system)[system.owner]
        scores = jnp.where(same, scores - top[:, None], 0.0) / q.shape[1] ** 0.5
        a = jnp.where(same, jnp.exp(scores), 0.0)
        return (a @ v) / (jnp.sum(a, axis=1, keepdims=True) + EPSILON)


class NonlocalInteraction(eqx.Module):
    """n_i of the attention among q, k, v = MLP_q(x), MLP_k(x), MLP_v(x).

    Unke et al., Nat. Commun. 12, 7273 (2021), doi:10.1038/s41467-021-27504-0, eq. 18.
    """

    branches: dict[str, ResidualMLP] | Perceptrons
    attention: RandomFeatures | Exact

    def __init__(self, features: int, residuals: dict[str, int], activation: str, kind: str, *, key: PRNGKeyArray):
        *keys, last = jax.random.split(key, 4)
        self.branches = {
            b: ResidualMLP(residuals[f"nonlocal_{b}"], features, activation, key=k, zero=True)
            for b, k in zip(BRANCHES, keys, strict=True)
        }
        self.attention = Exact() if kind == "exact" else RandomFeatures(features, features, key=last)

    def __call__(self, x: Float[Array, "atoms channels"], system: System) -> Float[Array, "atoms channels"]:
        q, k, v = each(self.branches, BRANCHES, x)
        return self.attention(q, k, v, system)


class Sums(NamedTuple):
    """Of (3)."""

    above: Float[Array, "atoms channels"]
    below: Float[Array, "atoms 1"]


def together(system: System) -> Bool[AnyArray, "atoms atoms"]:
    """Whether two atoms belong to one structure; False for padding."""
    return (system.owner[:, None] == system.owner) & system.real[:, None] & system.real


def orthogonal_directions(key: PRNGKeyArray, features: int, count: int) -> Float[Array, "channels random"]:
    """Columns as long as those of a Gaussian matrix, orthogonal to each other in blocks of `features`."""
    one, two = jax.random.split(key)
    blocks = [orthogonal(k, features, features) for k in jax.random.split(one, -(-count // features))]
    lengths = jnp.linalg.norm(jax.random.normal(two, (count, features), jnp.float32), axis=1)
    return (jnp.concatenate(blocks)[:count] * lengths[:, None]).T


def _row_per_pair(fq, fk, v, system: System) -> Sums:
    a = jnp.where(together(system), fq @ fk.T, 0.0)
    return Sums(a @ v, jnp.sum(a, axis=1, keepdims=True))


def _matrix_per_structure(fq, fk, v, system: System) -> Sums:
    member = jax.nn.one_hot(system.owner, system.systems, dtype=v.dtype, axis=0)
    matrices = jnp.einsum("ba,am,ac->bmc", member, fk, v)
    below = jnp.sum(fq * sum_by(fk, system.owner, system.systems)[system.owner], axis=1, keepdims=True)
    return Sums(jnp.einsum("ba,am,bmc->ac", member, fq, matrices), below)
