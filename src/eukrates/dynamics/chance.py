"""Random numbers: every system draws from a key of its own, so that what it meets does not depend on its company."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key


def split(keys: Key[Array, " systems"], parts: int) -> tuple[Key[Array, " systems"], ...]:
    """New keys for old, so many for each system."""
    made = jax.vmap(lambda key: jax.random.split(key, parts), out_axes=1)(keys)
    return tuple(made)


def normal(keys: Key[Array, " systems"]) -> Float[Array, " systems"]:
    """A normal number for each system, float64."""
    return jax.vmap(lambda key: jax.random.normal(key, (), jnp.float64))(keys)


def normal_by_atom(keys: Key[Array, " systems"], owner: Int[Array, " atoms"]) -> Float[Array, "atoms 3"]:
    """Three normal numbers for each atom, float64, from the key of its system and its place in it."""
    place = jnp.arange(owner.shape[0]) - jnp.searchsorted(owner, owner)
    draw = lambda key, n: jax.random.normal(jax.random.fold_in(key, n), (3,), jnp.float64)
    return jax.vmap(draw)(keys[owner], place)


def chi_squared(keys: Key[Array, " systems"], freedom: Float[Array, " systems"]) -> Float[Array, " systems"]:
    """The sum of so many squares of normal numbers for each system; next to nothing where there are none."""
    shape = jnp.maximum(freedom, 1e-6) / 2
    return jax.vmap(lambda key, a: 2 * jax.random.gamma(key, a, dtype=jnp.float64))(keys, shape)


def normals(keys: Key[Array, " systems"], count: int) -> Float[Array, "systems count"]:
    """So many normal numbers for each system, float64."""
    return jax.vmap(lambda key: jax.random.normal(key, (count,), jnp.float64))(keys)
