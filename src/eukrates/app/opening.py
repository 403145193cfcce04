"""A model file, as the choices of a command say."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eukrates.models import load, with_long_range
from eukrates.models.long_range import LONG_RANGE
from eukrates.near_miss import near_miss
from eukrates.numerics import cast, expect_precision
from eukrates.potential import Potential


def open_model(
    model: str | Path, choices: Mapping[str, Any] | None, others: Sequence[str] = ("charge", "spin")
) -> tuple[Potential, dict[str, Any]]:
    """The potential, and the choices that are none of its own.

    Args:
        model: model file.
        choices: precision (of the features; float32 unless said), far_cutoff, electrostatics, and others.
        others: what these may be.

    Raises:
        ValueError: an unknown choice or precision; what `load` and `with_long_range` refuse.
    """
    left = dict(choices or {})
    far = {name: left.pop(name) for name in LONG_RANGE if name in left}
    precision = left.pop("precision", "float32")
    expect_precision(precision)
    if unknown := [name for name in left if name not in others]:
        known = (*others, "precision", *LONG_RANGE)
        raise ValueError(f"Unknown choice {unknown[0]!r}{near_miss(unknown[0], known)} Known: {', '.join(known)}.")
    return cast(with_long_range(load(model), **far), precision), left
