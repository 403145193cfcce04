"""Elements: symbols, atomic numbers, standard atomic weights, covalent radii (host tables from ASE).

Tables are indexed by atomic number; entry 0 is the padding atom.
Covalent radii: Cordero et al., Dalton Trans. 2008, 2832 (doi:10.1039/b801115j), as tabulated by ASE.
"""

from collections.abc import Iterable, Mapping

import numpy as np
from ase.data import atomic_masses, atomic_numbers, chemical_symbols, covalent_radii

SPECIES = 119  # rows of a table indexed by atomic number, padding (0) included
SYMBOLS: tuple[str, ...] = tuple(chemical_symbols[:SPECIES])
MASSES: np.ndarray = np.asarray(atomic_masses[:SPECIES], dtype=np.float64)  # u
COVALENT_RADII: np.ndarray = np.asarray(covalent_radii[:SPECIES], dtype=np.float64)  # Å


def number(symbol: str) -> int:
    """Atomic number of a chemical symbol; ValueError names what came."""
    if symbol not in atomic_numbers or symbol == "X":
        raise ValueError(f"Unknown chemical symbol {symbol!r}: expected H, He, Li, … as in the periodic table.")
    return int(atomic_numbers[symbol])


def symbols(numbers: Iterable[int]) -> tuple[str, ...]:
    """Chemical symbols of atomic numbers."""
    return tuple(SYMBOLS[int(z)] for z in numbers)


def by_number(values: Mapping[str, float]) -> np.ndarray:
    """Values by symbol as a table indexed by atomic number, [119] in float64; zero for all other elements."""
    table = np.zeros(SPECIES)
    for symbol, value in values.items():
        table[number(symbol)] = value
    return table


def formula(numbers: np.ndarray) -> str:
    """Hill formula of one structure: C2H6O; carbon and hydrogen first where there is carbon, else alphabetical."""
    found, counts = np.unique(np.asarray(numbers), return_counts=True)
    count = {SYMBOLS[int(z)]: int(n) for z, n in zip(found, counts, strict=True) if z > 0}
    order = [s for s in ("C", "H") if s in count] if "C" in count else []
    order += sorted(set(count) - set(order))
    return "".join(f"{s}{count[s] if count[s] > 1 else ''}" for s in order)


def pair_name(a: int, b: int) -> str:
    """Two elements by atomic number: "C-H", "C-O", "O-H", "Cu-O": carbon first and hydrogen last, else alphabetical."""
    order = sorted((SYMBOLS[a], SYMBOLS[b]), key=lambda s: (s != "C", s == "H", s))
    return "-".join(order)


def spin_possible(numbers: np.ndarray, charge: float | int, unpaired: float | int) -> bool:
    """True if a molecule with this charge can have this many unpaired electrons (same parity, not more than it has)."""
    electrons = int(np.sum(numbers)) - round(charge)
    return 0 <= unpaired <= electrons and (electrons - round(unpaired)) % 2 == 0
