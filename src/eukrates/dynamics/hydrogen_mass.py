"""Hydrogen mass repartitioning: heavier hydrogen, lighter partners, slower vibrations, the same averages.

In classical statistics masses do not enter averages over positions, so hydrogen may be made heavier and its heavy
partner lighter by as much: the total, and with it the motion of molecules, stays (Feenstra, Hess & Berendsen 1999,
doi:10.1002/(SICI)1096-987X(199906)20:8<786::AID-JCC5>3.0.CO;2-B; Hopkins et al. 2015, doi:10.1021/ct5010406).
"""

import numpy as np
from jaxtyping import Float, Int

from eukrates.elements import MASSES, SYMBOLS

HYDROGEN, PROTIUM = 1, 0.02  # atomic number; how far from hydrogen's weight (u) a mass still means ordinary hydrogen


def repartitioned(
    numbers: Int[np.ndarray, " atoms"],
    masses: Float[np.ndarray, " atoms"],
    bonds: Int[np.ndarray, "bonds 2"],
    hydrogen_mass: float | int,
) -> Float[np.ndarray, " atoms"]:
    """Masses in u with `hydrogen_mass` for hydrogen, taken from the one heavy atom that it is bonded to.

    Deuterium, tritium and whatever was given a mass of its own stay as they are.

    Raises:
        ValueError: a mass below that of hydrogen; hydrogen with no heavy partner or several; a partner that would
            become lighter than its hydrogen.
    """
    least = float(MASSES[HYDROGEN])
    if not (np.isfinite(hydrogen_mass) and hydrogen_mass >= least):
        raise ValueError(f"Expected hydrogen_mass of at least {least:g} u, got {hydrogen_mass!r}; 2 to 3 u is usual.")
    light = (numbers == HYDROGEN) & (np.abs(masses - least) < PROTIUM)
    if not (light | ((numbers == HYDROGEN) & np.isclose(masses, hydrogen_mass))).any():
        raise ValueError(f"hydrogen_mass={hydrogen_mass:g} was asked for, but there is no ordinary hydrogen.")
    ends = np.concatenate([bonds, bonds[:, ::-1]])
    ends = ends[light[ends[:, 0]] & (numbers[ends[:, 1]] != HYDROGEN)]
    partners = np.bincount(ends[:, 0], minlength=masses.size)
    if (strange := light & (partners != 1)).any():
        raise ValueError(
            f"Hydrogen atoms {np.flatnonzero(strange)[:10].tolist()} are not bonded to exactly one heavy atom, from "
            "which mass could be taken. Set masses yourself (atoms.set_masses) instead of hydrogen_mass."
        )
    moved = hydrogen_mass - masses[ends[:, 0]]
    after = masses.copy()
    np.add.at(after, ends[:, 0], moved)
    np.add.at(after, ends[:, 1], -moved)
    heavy = np.unique(ends[:, 1])
    if (poor := after[heavy] < hydrogen_mass).any():
        worst = heavy[poor][0]
        raise ValueError(
            f"With hydrogen of {hydrogen_mass:g} u, atom {worst} ({SYMBOLS[int(numbers[worst])]}) would have "
            f"{after[worst]:.3g} u, less than its hydrogen. Choose a smaller hydrogen_mass; 2 to 3 u is usual."
        )
    return after
