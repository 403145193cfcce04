"""Heads: what atoms say besides their energy."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from eukrates.elements import SPECIES
from eukrates.matter import System
from eukrates.models.so3krates.dense import MLP
from eukrates.physics.charges import conserved
from eukrates.shapes import AnyArray


class PartialCharges(eqx.Module):
    """t_i = MLP(x_i) + b[Z_i], made to add up to the total charge (see `eukrates.physics.charges`); e."""

    mlp: MLP
    offsets: Float[AnyArray, " species"]  # b

    def __init__(self, features: int, *, key: PRNGKeyArray):
        self.mlp = MLP(features, features, 1, key=key)
        self.offsets = jnp.zeros(SPECIES, jnp.float32)

    def __call__(self, x: Float[Array, "atoms channels"], system: System) -> Float[Array, " atoms"]:
        return conserved(self.mlp(x)[:, 0] + self.offsets[system.numbers], system)


class HirshfeldRatios(eqx.Module):
    """h_i = |s[Z_i] + ⟨T[Z_i], MLP(x_i)⟩ / √(F/2)|: volume of an atom in the molecule over that of the free atom."""

    mlp: MLP
    offsets: Float[AnyArray, " species"]  # s
    elements: Float[AnyArray, "species half"]  # T

    def __init__(self, features: int, *, key: PRNGKeyArray):
        one, two = jax.random.split(key)
        half = max(1, features // 2)
        self.mlp = MLP(features, half, half, key=one)
        self.offsets = jnp.ones(SPECIES, jnp.float32)
        self.elements = half**-0.5 * jax.random.normal(two, (SPECIES, half), jnp.float32)

    def __call__(self, x: Float[Array, "atoms channels"], system: System) -> Float[Array, " atoms"]:
        table = self.elements[system.numbers]
        seen = jnp.sum(table * self.mlp(x), axis=-1) / table.shape[-1] ** 0.5
        return jnp.where(system.real, jnp.abs(self.offsets[system.numbers] + seen), 0.0)
