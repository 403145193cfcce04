"""Where the ones are in a long row of bits: how compiled code keeps the few of many candidates."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int, UInt

WORD = 32


def packed(bits: Bool[Array, "*rows bits"]) -> UInt[Array, "*rows words"]:
    """Bits as words of 32; their number must be a multiple of it."""
    lanes = bits.reshape(*bits.shape[:-1], -1, WORD).astype(jnp.uint32)
    return jnp.sum(lanes << jnp.arange(WORD, dtype=jnp.uint32), axis=-1, dtype=jnp.uint32)


def ones(words: UInt[Array, " words"], most: int) -> tuple[Int[Array, " most"], Int[Array, " most"], Int[Array, ""]]:
    """The word and the place in it of the first `most` ones, in order, and how many ones there are.

    Rows beyond their number mean nothing.
    """
    counts = jax.lax.population_count(words).astype(jnp.int64)
    ends = jnp.cumsum(counts)
    starts = ends - counts
    begun = jnp.zeros(most, jnp.int32).at[starts].add(1, mode="drop", indices_are_sorted=True)
    word = jnp.cumsum(begun) - 1  # the last that starts at or before a one has it
    here, left = words[word], (jnp.arange(most) - starts[word]).astype(jnp.uint32)
    place = jnp.zeros(most, jnp.uint32)
    for width in (16, 8, 4, 2, 1):  # halve the word: is it among the lower bits, or beyond?
        low = jax.lax.population_count((here >> place) & jnp.uint32((1 << width) - 1))
        beyond = left >= low
        left, place = jnp.where(beyond, left - low, left), jnp.where(beyond, place + width, place)
    return word, place.astype(jnp.int32), ends[-1]
