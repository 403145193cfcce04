"""One system of units inside (eV, Å, e, u) and every conversion factor, from one CODATA year.

Time inside is Å·√(u/eV) ≈ 10.18 fs and never appears bare: doors speak femtoseconds and multiply by `FS`.
Source: CODATA 2018 (Tiesinga et al., Rev. Mod. Phys. 93, 025010 (2021), doi:10.1103/RevModPhys.93.025010).
Everything that can be computed from the few typed digits is computed.
"""

import math
from typing import NamedTuple

# SI values, CODATA 2018
_E = 1.602176634e-19  # C, exact
_U = 1.66053906660e-27  # kg
_K = 1.380649e-23  # J/K, exact
_AVOGADRO = 6.02214076e23  # 1/mol, exact
_EPSILON0 = 8.8541878128e-12  # F/m
_HARTREE = 4.3597447222071e-18  # J
_BOHR = 5.29177210903e-11  # m
_C = 299792458.0  # m/s, exact
_PLANCK = 6.62607015e-34  # J s, exact

ANGSTROM = 1.0
EV = 1.0
HARTREE = _HARTREE / _E  # eV
BOHR = _BOHR / 1e-10  # Å
KCAL_PER_MOL = 4184.0 / _AVOGADRO / _E  # eV
KJ_PER_MOL = 1000.0 / _AVOGADRO / _E  # eV
FS = 1e-15 / (1e-10 * math.sqrt(_U / _E))  # one femtosecond in internal time
KELVIN = _K / _E  # k_B · 1 K in eV
GPA = 1e9 * 1e-30 / _E  # one gigapascal in eV/Å³
BAR = 1e-4 * GPA
G_PER_CM3 = _U * 1e3 / 1e-24  # one u/Å³ in g/cm³
KE = _E / (4 * math.pi * _EPSILON0 * 1e-10)  # Coulomb's constant, eV Å/e²
FINE_STRUCTURE = _E**2 / (2 * _EPSILON0 * _PLANCK * _C)
KM_PER_MOL = 1e13 / _AVOGADRO  # one km/mol, the unit of infrared intensities, in Å per molecule
DEBYE = 1e-21 / _C / _E / 1e-10  # one debye in e Å
HBAR = _PLANCK / (2 * math.pi) / _E * 1e15 * FS  # eV × internal time: ħω of an internal angular frequency in eV
KILOGRAM = 1.0 / _U  # in u
WAVENUMBER = 1.0 / (2 * math.pi * _C * 100 * 1e-15 / FS)  # internal angular frequency 1 → 1/cm


class AtomicUnits(NamedTuple):
    """What turns atomic units into those inside, as one CODATA year has it."""

    bohr: float  # Å
    hartree: float  # eV
    coulomb: float  # Coulomb's constant, eV Å/e²


def _codata_2014() -> AtomicUnits:
    """From the values of Mohr, Newell & Taylor, Rev. Mod. Phys. 88, 035009 (2016), doi:10.1103/RevModPhys.88.035009.

    ε0 was exact then, 1/(4e-7 π c²), and e was not.
    """
    e, mass, planck = 1.6021766208e-19, 9.10938356e-31, 6.626070040e-34  # C, kg, J s
    epsilon0 = 1 / (4e-7 * math.pi * _C**2)
    bohr = 4 * math.pi * epsilon0 * (planck / (2 * math.pi)) ** 2 / mass / e**2 / 1e-10
    coulomb = e / (4 * math.pi * epsilon0 * 1e-10)
    return AtomicUnits(bohr, coulomb / bohr, coulomb)


# Potentials are trained with the constants of their day: published ones keep theirs, new ones have 2018
CODATA = {2014: _codata_2014(), 2018: AtomicUnits(BOHR, HARTREE, KE)}

ENERGY = {
    "eV": 1.0,
    "meV": 1e-3,
    "kcal/mol": KCAL_PER_MOL,
    "kJ/mol": KJ_PER_MOL,
    "Hartree": HARTREE,
    "mHartree": 1e-3 * HARTREE,
    "Rydberg": HARTREE / 2,
}
LENGTH = {"Angstrom": 1.0, "Bohr": BOHR, "nm": 10.0}

_ALIASES = {
    "ev": "eV",
    "electronvolt": "eV",
    "mev": "meV",
    "kcal": "kcal/mol",
    "kcalmol": "kcal/mol",
    "kcal/mol": "kcal/mol",
    "kj": "kJ/mol",
    "kjmol": "kJ/mol",
    "kj/mol": "kJ/mol",
    "hartree": "Hartree",
    "ha": "Hartree",
    "mha": "mHartree",
    "mhartree": "mHartree",
    "ry": "Rydberg",
    "rydberg": "Rydberg",
    "angstrom": "Angstrom",
    "å": "Angstrom",
    "ang": "Angstrom",
    "a": "Angstrom",
    "bohr": "Bohr",
    "a0": "Bohr",
    "nm": "nm",
}


def energy_unit(name: str) -> float:
    """One `name` of energy in eV; raises ValueError for a name that is not an energy."""
    return _factor(name, ENERGY, "energy")


def length_unit(name: str) -> float:
    """One `name` of length in Å; raises ValueError for a name that is not a length."""
    return _factor(name, LENGTH, "length")


def _factor(name: str, table: dict[str, float], kind: str) -> float:
    plain = name.strip()
    known = plain if plain in table else _ALIASES.get(plain.lower(), plain)
    if known not in table or (plain.startswith("M") and known.startswith("m")):  # mega is not milli
        raise ValueError(f"Unknown unit of {kind} {name!r}. Known: {', '.join(table)}.")
    return table[known]
