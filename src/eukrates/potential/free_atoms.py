"""E0: the energies of free atoms inside a potential."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import numpy as np

from eukrates.elements import SPECIES, number
from eukrates.potential.potential import Potential, Sum


@runtime_checkable
class KnowsFreeAtoms(Protocol):
    """A potential with `e0` puts Σ E0[Z_i] into its prediction as the term "atoms"."""

    e0: Mapping[str, float]


def free_atom_energies(potential: Potential) -> dict[str, float]:
    """E0 by symbol in eV; empty for a potential without; a sum adds those of its parts."""
    if isinstance(potential, Sum):
        total: dict[str, float] = {}
        for part in potential.parts:
            for symbol, energy in free_atom_energies(part).items():
                total[symbol] = total.get(symbol, 0.0) + energy
        return total
    return dict(potential.e0) if isinstance(potential, KnowsFreeAtoms) else {}


def sum_of_free_atoms(e0: Mapping[str, float], numbers: np.ndarray) -> float:
    """Σ E0[Z_i] of one structure in eV, in float64 on the host."""
    table = np.zeros(SPECIES)
    for symbol, energy in e0.items():
        table[number(symbol)] = energy
    return float(table[np.asarray(numbers)].sum())
