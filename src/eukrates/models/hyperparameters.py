"""Checks of constructor arguments that models share: each raises ValueError with a sentence."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from eukrates.elements import number


def check_elements(elements: Sequence[str], known: Sequence[str] | None = None) -> None:
    """Symbols in a list, each once, `known` ones if that is given."""
    if isinstance(elements, str) or not elements:
        raise ValueError(f"Expected elements as a list of symbols such as ['H', 'C', 'O'], got {elements!r}.")
    for symbol in elements:
        number(symbol)
    if len(set(elements)) < len(elements):
        raise ValueError(f"Expected every element once, got {', '.join(elements)}.")
    strange = [] if known is None else [symbol for symbol in elements if symbol not in known]
    if known is not None and strange:
        raise ValueError(f"This model can know elements from {known[0]} to {known[-1]}, not {', '.join(strange)}.")


def check_known(name: str, value: Any, known: Iterable) -> None:
    """One of a few names."""
    if value not in known:
        raise ValueError(f"Unknown {name} {value!r}. Known: {', '.join(map(str, known))}.")


def check_numbers(**values) -> None:
    """Finite numbers above 0, or None."""
    for name, value in values.items():
        if value is not None and not (np.isfinite(value) and value > 0):
            hint = " Does no structure have two atoms within the cutoff?" if name == "neighbours" else ""
            raise ValueError(f"Expected {name} to be finite and above 0, got {value!r}.{hint}")


def check_e0(elements: Sequence[str], e0: Mapping[str, float]) -> None:
    """Finite energies for all elements, or none."""
    missing = [symbol for symbol in elements if symbol not in e0]
    if e0 and missing:
        raise ValueError(
            f"E0 is given for {', '.join(e0)} and missing for {', '.join(missing)}: state it for every element of the "
            "model, or for none."
        )
    broken = {symbol: energy for symbol, energy in e0.items() if not np.isfinite(energy)}
    if broken:
        raise ValueError(f"Expected finite energies of free atoms in eV, got {broken}.")
