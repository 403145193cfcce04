"""Weights that hide nothing: a fresh network often has zeros behind which a broken part is not seen."""

from typing import TypeVar

import jax
import numpy as np

from eukrates.numerics import is_float
from eukrates.potential import Constants, Potential

P = TypeVar("P", bound=Potential)


def shaken(potential: P, seed: int = 0, size: float = 0.2) -> P:
    """The same potential with noise on every parameter: `size` times its root mean square, or 1 where all are zero.

    `Constants` stay.
    """
    rng = np.random.default_rng(seed)

    def shake(leaf):
        if not is_float(leaf) or np.size(leaf) == 0:
            return leaf
        values = np.asarray(leaf)
        rms = float(np.sqrt(np.mean(values**2)))
        return np.asarray(values + size * (rms or 1.0) * rng.normal(size=values.shape), values.dtype)

    return jax.tree.map(shake, potential, is_leaf=lambda node: isinstance(node, Constants))
