"""Unit mistakes by their factors: how much too large a number is when its unit is taken for the declared one."""

from math import log

from eukrates.data.declared import Units
from eukrates.units import energy_unit, length_unit

COMMON = ("eV", "kcal/mol", "kJ/mol", "Hartree", "Rydberg", "meV")
FORCES = (*(f"{energy}/Angstrom" for energy in COMMON), "Hartree/Bohr", "Rydberg/Bohr", "eV/Bohr")


def force_unit(name: str) -> float:
    """One unit of force such as Hartree/Bohr in eV/Å."""
    energy, _, length = name.rpartition("/")
    return energy_unit(energy) / length_unit(length)


def energy_factors(units: Units) -> dict[str, float]:
    """Unit of energy → how much too large its numbers are when read as `units` say; the declared one is left out."""
    return _others({name: units.energy_factor / energy_unit(name) for name in COMMON})


def force_factors(units: Units) -> dict[str, float]:
    """Unit of force → how much too large its numbers are when read as `units` say; the declared one is left out."""
    return _others({name: units.forces_factor / force_unit(name) for name in FORCES})


def unit_of(factor: float, table: dict[str, float], tolerance: float) -> str | None:
    """The unit whose factor this is, within a relative tolerance, or None."""
    if not factor > 0:
        return None
    name = min(table, key=lambda unit: abs(log(factor / table[unit])))
    return name if abs(log(factor / table[name])) <= log(1 + tolerance) else None


def _others(table: dict[str, float]) -> dict[str, float]:
    return {name: factor for name, factor in table.items() if abs(log(factor)) > 1e-6}
