"""Unit mistakes by their factors: which mix of units makes a number too large by so much."""

from math import log
from typing import Literal

from eukrates.units import BOHR, HARTREE, KCAL_PER_MOL, KJ_PER_MOL

Loudness = Literal["large", "small", "right", "not large", "unknown"]  # of forces, from their scale alone

# factor by which a number in this unit exceeds the same number in eV (or eV/Å)
ENERGY_FACTORS = {
    "kcal/mol": 1 / KCAL_PER_MOL,
    "kJ/mol": 1 / KJ_PER_MOL,
    "Hartree": 1 / HARTREE,
    "Rydberg": 2 / HARTREE,
    "meV": 1e3,
}
FORCE_FACTORS = {f"{name}/Angstrom": factor for name, factor in ENERGY_FACTORS.items()} | {
    "Hartree/Bohr": BOHR / HARTREE,
    "Rydberg/Bohr": 2 * BOHR / HARTREE,
    "eV/Bohr": BOHR,
}


def unit_of(factor: float, table: dict[str, float], tolerance: float) -> str | None:
    """The unit whose factor this is, within a relative tolerance, or None."""
    if not factor > 0:
        return None
    name = min(table, key=lambda unit: abs(log(factor / table[unit])))
    return name if abs(log(factor / table[name])) <= log(1 + tolerance) else None


def mix_of(slope: float, tolerance: float, loudness: Loudness = "unknown") -> tuple[str, str] | None:
    """The units (energy, forces) whose mix makes energies change by `slope` > 0 times what the forces say.

    One of the two is in eV (eV/Å), the simplest mistake; `loudness` of the forces tells which.
    """
    options = {("eV", unit): (1 / factor, factor) for unit, factor in FORCE_FACTORS.items()}
    options |= {(unit, "eV/Angstrom"): (factor, 1.0) for unit, factor in ENERGY_FACTORS.items()}
    fits = {
        "large": lambda factor: factor > 1.5,
        "small": lambda factor: factor < 0.67,
        "right": lambda factor: 0.2 < factor < 5,
        "not large": lambda factor: factor < 1.5,
        "unknown": lambda factor: True,
    }[loudness]
    possible = {units: expected for units, (expected, factor) in options.items() if fits(factor)}
    found = min(possible, key=lambda units: abs(log(slope / possible[units])))
    return found if abs(log(slope / possible[found])) <= log(1 + tolerance) else None
