"""`Frame`: one structure as it stands in a file, before anybody decided what its fields mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Frame:
    """Raw content of one structure, in the units of the file.

    `fields` holds everything that may be a label, by the name it has in the file. Where two places of one frame use
    the same name for different values, the second is called "info:name" or "arrays:name".
    """

    name: str  # "train.extxyz#12", frames counted from 0
    numbers: np.ndarray  # [atoms]
    positions: np.ndarray  # [atoms, 3]
    cell: np.ndarray | None = None  # [3, 3]
    periodic: np.ndarray | None = None  # [3]
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """A frame, or a whole file (`frame` None), that could not be read, and why."""

    name: str  # "train.extxyz#12"
    frame: int | None
    kind: str  # "unreadable", "not finite", "shape", "charge or spin"
    message: str

    def __str__(self) -> str:
        return f"{self.name}: {self.message}"


class FrameError(ValueError):
    """A frame that cannot become a sample; carries the kind of the fault."""

    def __init__(self, kind: str, message: str):
        super().__init__(message)
        self.kind = kind


def merged(name: str, *places: tuple[str, Mapping[str, Any]]) -> dict[str, Any]:
    """One dictionary from several places of a frame; `places` are (prefix, fields) in the order of precedence."""
    found: dict[str, Any] = {}
    for prefix, fields in places:
        for key, value in fields.items():
            if value is None:
                continue
            if key not in found:
                found[key] = value
            elif not same(found[key], value):
                found[f"{prefix}:{key}"] = value
    return found


def same(a: Any, b: Any, relative: float = 1e-7) -> bool:
    """True for equal values; numbers within rounding of a printed file."""
    try:
        a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    except (TypeError, ValueError):
        return bool(np.all(np.asarray(a) == np.asarray(b)))
    return a.size == b.size and np.allclose(a.ravel(), b.ravel(), rtol=relative, atol=1e-9, equal_nan=True)
