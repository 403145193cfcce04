"""Arrays of other programs put into a model: which place gets which of them, and nothing may be left over."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

Arrays = Mapping[str, np.ndarray]
Row = tuple[Callable[[Any], Any], Callable[[Arrays], np.ndarray]]  # a place in our model, what goes there
Model = TypeVar("Model")


class Noted(Mapping):
    """Arrays that remember which of them were read."""

    def __init__(self, arrays: Arrays):
        self.arrays, self.read = arrays, set()

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self.arrays:
            raise ValueError(f"The published parameters lack {name}: is this the whole file?")
        self.read.add(name)
        return self.arrays[name]

    def __contains__(self, name) -> bool:
        return name in self.arrays

    def __iter__(self):
        return iter(self.arrays)

    def __len__(self):
        return len(self.arrays)


def filled(model: Model, rows: Sequence[Row], arrays: Arrays, dtype: Any = np.float32) -> Model:
    """The model with the arrays that the rows name in their places, in one precision.

    Raises:
        ValueError: arrays that are missing, left over, or of another shape.
    """
    used = arrays if isinstance(arrays, Noted) else Noted(arrays)
    with jax.enable_x64(True):  # so that float64 stays float64
        values = [jnp.asarray(get(used), dtype) for _, get in rows]
    if left := sorted(set(used) - used.read):
        raise ValueError(f"The published parameters hold what this model has no place for: {', '.join(left[:5])}.")
    places = lambda m: [place(m) for place, _ in rows]
    for there, value in zip(places(model), values, strict=True):
        if np.shape(there) != value.shape:
            raise ValueError(f"Expected an array of shape {np.shape(there)}, got {value.shape}: another architecture?")
    return eqx.tree_at(places, model, values)


def field(place: Callable, name: str) -> Callable:
    """The place of an attribute of what is at a place."""
    return lambda model: getattr(place(model), name)
