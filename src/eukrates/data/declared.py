"""`Units`: what the numbers in a file mean, as its owner declares it; the factors to eV, Å, e."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from eukrates.units import BAR, BOHR, DEBYE, GPA, energy_unit, length_unit

_PRESSURE = {"gpa": GPA, "mpa": 1e-3 * GPA, "bar": BAR, "kbar": 1e3 * BAR}
_DIPOLE = {"e angstrom": 1.0, "debye": DEBYE, "e bohr": BOHR}
VOIGT = "xx yy zz yz xz xy"


@dataclass(frozen=True)
class Units:
    """Units of the files.

    Args:
        energy: eV, meV, kcal/mol, kJ/mol, Hartree, mHartree, Rydberg.
        length: Angstrom, Bohr, nm (positions and cell).
        forces: energy/length, for example Hartree/Bohr; None: as `energy` and `length` say.
        stress: eV/Angstrom^3 and the like, GPa, MPa, kbar, bar, or virial (-volume · stress, in `energy`); None: as
            `energy` and `length` say. A label read from a key called virial is a virial, unless its name also says
            stress.
        stress_positive: tension (ASE) or compression (the sign that VASP and others print).
        voigt: the order of six numbers of stress; ASE "xx yy zz yz xz xy", VASP "xx yy zz xy yz xz".
        dipole: e Angstrom, Debye or e Bohr.
    """

    energy: str = "eV"
    length: str = "Angstrom"
    forces: str | None = None
    stress: str | None = None
    stress_positive: str = "tension"
    voigt: str = VOIGT
    dipole: str = "e Angstrom"

    def __post_init__(self):
        _ = self.energy_factor, self.length_factor, self.forces_factor, self.dipole_factor
        if self.stress != "virial":
            _ = self.stress_factor
        if self.stress == "virial" and self.stress_positive != "tension":
            raise ValueError(
                "A virial is -volume · stress, with stress positive under tension: leave out stress_positive. If the "
                "file has the opposite sign, multiply it by -1."
            )
        if self.stress_positive not in ("tension", "compression"):
            raise ValueError(f"Expected stress_positive 'tension' or 'compression', got {self.stress_positive!r}.")
        if sorted(_order(self.voigt)) != sorted(_order(VOIGT)):
            raise ValueError(f"Expected voigt to be the six names of {VOIGT!r} in some order, got {self.voigt!r}.")

    @property
    def energy_factor(self) -> float:
        """One unit of energy of the file in eV."""
        return energy_unit(self.energy)

    @property
    def length_factor(self) -> float:
        """One unit of length of the file in Å."""
        return length_unit(self.length)

    @property
    def forces_factor(self) -> float:
        """One unit of force of the file in eV/Å."""
        if self.forces is None:
            return self.energy_factor / self.length_factor
        energy, _, length = self.forces.rpartition("/")
        if not energy:
            raise ValueError(f"Expected a unit of force such as 'Hartree/Bohr', got {self.forces!r}.")
        return energy_unit(energy) / length_unit(length)

    @property
    def stress_factor(self) -> float:
        """One unit of stress of the file in eV/Å³ (sign of `stress_positive` included)."""
        sign = 1.0 if self.stress_positive == "tension" else -1.0
        if self.stress is None:
            return sign * self.energy_factor / self.length_factor**3
        if self.stress.lower() in _PRESSURE:
            return sign * _PRESSURE[self.stress.lower()]
        energy, _, volume = self.stress.replace("**", "^").replace("³", "^3").rpartition("/")
        length, power, three = volume.partition("^")
        if not energy or power != "^" or three != "3":
            raise ValueError(f"Expected stress in 'eV/Angstrom^3', GPa, kbar, bar or 'virial', got {self.stress!r}.")
        return sign * energy_unit(energy) / length_unit(length) ** 3

    @property
    def dipole_factor(self) -> float:
        """One unit of dipole of the file in e Å."""
        name = self.dipole.lower().replace("*", " ").replace("·", " ").replace("å", "angstrom").replace("ea", "e a")
        name = {"au": "e bohr", "a.u.": "e bohr", "d": "debye"}.get(name, name)
        if name not in _DIPOLE:
            raise ValueError(f"Expected a dipole in 'e Angstrom', 'Debye' or 'e Bohr', got {self.dipole!r}.")
        return _DIPOLE[name]

    def matrix(self, stress) -> np.ndarray:
        """[3, 3] from six numbers in the order of `voigt`, nine numbers, or a matrix."""
        values = np.asarray(stress, np.float64)
        if values.size == 9:
            return values.reshape(3, 3)
        if values.shape != (6,):
            raise ValueError(f"expected stress as [3, 3], 9 or 6 numbers, got shape {values.shape}")
        full = np.zeros((3, 3))
        for value, (a, b) in zip(values, _order(self.voigt), strict=True):
            full[a, b] = full[b, a] = value
        return full

    def text(self) -> str:
        """One line: energy eV, length Angstrom, …"""
        follow = f"{self.energy}/{self.length}"
        return (
            f"energy {self.energy}, length {self.length}, forces {self.forces or follow}, "
            f"stress {self.stress or follow + '^3'} (positive under {self.stress_positive}), dipole {self.dipole}"
        )


def as_units(units: "Units | Mapping[str, str] | None") -> Units | None:
    """`Units` from a mapping such as {"energy": "kcal/mol"}; unknown names are refused."""
    if units is None or isinstance(units, Units):
        return units
    known = {f.name for f in fields(Units)}
    unknown = sorted(set(units) - known)
    if unknown:
        raise ValueError(f"Unknown quantity {', '.join(unknown)} in units. Known: {', '.join(sorted(known))}.")
    return Units(**units)


def _order(voigt: str) -> list[tuple[int, int]]:
    names = [tuple(sorted("xyz".find(letter) for letter in name)) for name in voigt.replace(",", " ").split()]
    return [name for name in names if len(name) == 2]  # type: ignore[misc]
