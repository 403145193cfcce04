"""Numerical pieces everything else stands on: norms with finite derivatives at zero, sums by owner, precision."""

from typing import TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int, Shaped

from eukrates.shapes import AnyArray

Tree = TypeVar("Tree")
PRECISIONS = ("float32", "float64")


def norm(vectors: Float[AnyArray, "*batch 3"]) -> Float[AnyArray, "*batch"]:
    """Length of vectors; at the zero vector the value is 0 and all derivatives are 0 instead of NaN."""
    squared = jnp.sum(vectors * vectors, axis=-1)
    nonzero = squared > 0
    return jnp.where(nonzero, jnp.sqrt(jnp.where(nonzero, squared, 1.0)), 0.0)


def inverse_softplus(values) -> np.ndarray:
    """log(eˣ - 1) of positive numbers, in float32: the raw parameter of which softplus makes x."""
    values = np.asarray(values, np.float64)
    return np.asarray(values + np.log(-np.expm1(-values)), np.float32)


def sum_by(
    values: Shaped[AnyArray, "items *rest"],  # noqa: F821
    owner: Int[AnyArray, " items"],
    owners: int,
) -> jax.Array:
    """Sum of the items that belong to each owner: [owners, *rest]."""
    return jax.ops.segment_sum(values, owner, owners)


def is_float(leaf) -> bool:
    """True for a floating-point array of NumPy or JAX."""
    return isinstance(leaf, jax.Array | np.ndarray) and bool(jnp.issubdtype(leaf.dtype, jnp.floating))


def expect_precision(name: str) -> None:
    """Raises ValueError for what is no name of a precision."""
    if name not in PRECISIONS:
        raise ValueError(f"Expected precision to be one of {', '.join(PRECISIONS)}, got {name!r}.")


def cast(tree: Tree, dtype) -> Tree:
    """The same PyTree with every floating-point array on the device in `dtype`; all else untouched.

    float64 works in any process: 64-bit JAX is switched on only while the arrays are made.
    """
    with jax.enable_x64(True):
        return jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype) if is_float(leaf) else leaf, tree)


def to_device(tree: Tree) -> Tree:
    """The same PyTree with every NumPy array as a JAX array of the precision that this process (or context) allows."""
    return jax.tree.map(lambda leaf: jnp.asarray(leaf) if isinstance(leaf, np.ndarray) else leaf, tree)


def to_host(tree: Tree) -> Tree:
    """The same PyTree with every JAX array as a NumPy array."""
    return jax.tree.map(lambda leaf: np.asarray(leaf) if isinstance(leaf, jax.Array) else leaf, tree)


def float_dtype(tree) -> np.dtype:
    """The one dtype of the floating-point arrays of a PyTree (float32 where there are none).

    Raises:
        ValueError: the arrays disagree; a model is float32 or float64 as a whole.
    """
    found = {np.dtype(leaf.dtype) for leaf in jax.tree.leaves(tree) if is_float(leaf)}
    if len(found) > 1:
        names = ", ".join(sorted(d.name for d in found))
        raise ValueError(f"Expected arrays of one floating-point type, found {names}. Use eukrates.numerics.cast.")
    return found.pop() if found else np.dtype(np.float32)
