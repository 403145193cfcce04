"""Degree-wise algebra of spherical-harmonic features laid end to end: contract to invariants, expand per degree.

Both are products with constant 0/1-patterned matrices [orders, degrees]: one small matrix product each, on any device.
"""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from eukrates.shapes import AnyArray


def _pattern(degrees: Sequence[int], dtype) -> np.ndarray:
    """[orders, degrees], 1 where an order belongs to a degree."""
    sizes = [2 * l + 1 for l in degrees]
    return np.repeat(np.eye(len(sizes)), sizes, axis=0).astype(dtype)


def invariants(ev: Float[AnyArray, "items orders"], degrees: Sequence[int]) -> Float[AnyArray, "items degrees"]:
    """inv(e)_l = Σ_m e_lm² / √(2l+1): the contraction of e with itself to degree 0, per degree."""
    weights = _pattern(degrees, ev.dtype) / np.sqrt([2 * l + 1 for l in degrees]).astype(ev.dtype)
    return (ev * ev) @ weights


def expand(values: Float[AnyArray, "items degrees"], degrees: Sequence[int]) -> Float[AnyArray, "items orders"]:
    """Each degree's value repeated for its 2l+1 orders."""
    return values @ _pattern(degrees, values.dtype).T


def parity(degrees: Sequence[int], dtype) -> Float[AnyArray, " orders"]:
    """(-1)^l per order: what inverting a vector does to its harmonics."""
    return jnp.asarray(_pattern(degrees, dtype) @ np.array([(-1.0) ** l for l in degrees]), dtype)
