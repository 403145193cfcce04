"""The electrons of free atoms in their ground states, by subshell.

Subshells are filled in the order of Madelung (n + l, then n), with the known exceptions to it, for hydrogen to radon.
"""

import numpy as np

from eukrates.elements import number

SUBSHELLS = ("1s", "2s", "2p", "3s", "3p", "4s", "3d", "4p", "5s", "4d", "5p", "6s", "4f", "5d", "6p")
CAPACITY = {"s": 2, "p": 6, "d": 10, "f": 14}
KNOWN = 86  # hydrogen to radon
EXCEPTIONS = {
    "Cr": {"4s": 1, "3d": 5},
    "Cu": {"4s": 1, "3d": 10},
    "Nb": {"5s": 1, "4d": 4},
    "Mo": {"5s": 1, "4d": 5},
    "Ru": {"5s": 1, "4d": 7},
    "Rh": {"5s": 1, "4d": 8},
    "Pd": {"5s": 0, "4d": 10},
    "Ag": {"5s": 1, "4d": 10},
    "La": {"4f": 0, "5d": 1},
    "Ce": {"4f": 1, "5d": 1},
    "Gd": {"4f": 7, "5d": 1},
    "Pt": {"6s": 1, "5d": 9},
    "Au": {"6s": 1, "5d": 10},
}
_NOBLE = (2, 10, 18, 36, 54, 86)


def occupations(z: int) -> dict[str, int]:
    """Electrons in each of `SUBSHELLS` of the atom with atomic number z.

    Raises:
        ValueError: z is not from 1 to 86.
    """
    if not 1 <= z <= KNOWN:
        raise ValueError(f"Electron configurations are known for atomic numbers from 1 to {KNOWN}, not for {z}.")
    left, found = z, dict.fromkeys(SUBSHELLS, 0)
    for shell in SUBSHELLS:
        found[shell] = min(left, CAPACITY[shell[-1]])
        left -= found[shell]
    changed = {number(symbol): shells for symbol, shells in EXCEPTIONS.items()}
    return found | changed.get(z, {})


def valence(z: int) -> tuple[int, int, int, int]:
    """Electrons in the ns, np, (n-1)d and (n-2)f subshells of an atom of period n."""
    have, n = occupations(z), period(z)
    return have[f"{n}s"], have.get(f"{n}p", 0), have.get(f"{n - 1}d", 0), have.get(f"{n - 2}f", 0)


def period(z: int) -> int:
    """The row of the periodic table."""
    return 1 + sum(z > noble for noble in _NOBLE)


def electron_configurations() -> np.ndarray:
    """[87, 20] by atomic number: Z, electrons by subshell, valence electrons s, p, d and f, each as a fraction of its
    largest value (86, the capacity of the subshell). Row 0, padding, is zero.

    These are the descriptors of Unke et al., Nat. Commun. 12, 7273 (2021), doi:10.1038/s41467-021-27504-0, eq. 8.
    """
    rows = [(z, *occupations(z).values(), *valence(z)) for z in range(1, KNOWN + 1)]
    largest = (KNOWN, *(CAPACITY[shell[-1]] for shell in SUBSHELLS), *CAPACITY.values())
    return np.concatenate([np.zeros((1, len(largest))), np.array(rows) / np.array(largest)])
