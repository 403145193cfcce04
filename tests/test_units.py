"""Every factor against an independent source: SciPy's CODATA table, and well-known numbers."""

import ast
import math
from pathlib import Path

import pytest
from scipy import constants

import eukrates
from eukrates import units

E = constants.e
HARTREE_J = constants.physical_constants["Hartree energy"][0]
FACTORS = {
    "HARTREE": constants.physical_constants["Hartree energy in eV"][0],
    "BOHR": constants.physical_constants["Bohr radius"][0] / constants.angstrom,
    "KCAL_PER_MOL": constants.kilo * constants.calorie / constants.N_A / E,
    "KJ_PER_MOL": constants.kilo / constants.N_A / E,
    "FS": constants.femto * math.sqrt(E / constants.atomic_mass) / constants.angstrom,
    "KELVIN": constants.k / E,
    "GPA": constants.giga * constants.angstrom**3 / E,
    "BAR": constants.bar * constants.angstrom**3 / E,
    "KE": E / (4 * math.pi * constants.epsilon_0 * constants.angstrom),
    "KM_PER_MOL": constants.kilo / constants.N_A / constants.angstrom,
    "DEBYE": 1e-21 / constants.c / E / constants.angstrom,
    "HBAR": constants.hbar / math.sqrt(constants.atomic_mass * E) / constants.angstrom,
    "KILOGRAM": 1 / constants.atomic_mass,
    "WAVENUMBER": math.sqrt(E / constants.atomic_mass) / constants.angstrom / (2 * math.pi * constants.c * 100),
}


@pytest.mark.parametrize(("name", "expected"), FACTORS.items())
def test_factors_agree_with_scipy(name, expected):
    assert getattr(units, name) == pytest.approx(expected, rel=2e-9)  # CODATA 2018 and 2022 differ in the tenth digit


def test_well_known_numbers():
    assert pytest.approx(27.211386245988, abs=1e-9) == units.HARTREE
    assert pytest.approx(23.060548, abs=1e-6) == 1 / units.KCAL_PER_MOL
    assert pytest.approx(10.1805057, abs=1e-6) == 1 / units.FS
    assert pytest.approx(4.80320471, abs=1e-7) == 1 / units.DEBYE
    assert pytest.approx(160.2176634) == 1 / units.GPA
    assert pytest.approx(1 / 8.617333262e-5, rel=1e-9) == 1 / units.KELVIN
    assert pytest.approx(521.4709, abs=1e-4) == units.WAVENUMBER


def test_a_harmonic_oscillator_has_its_textbook_wavenumber():
    """H2 by its force constant of 575 N/m and half a proton: 4401 cm⁻¹."""
    stiffness = 575.0 / E * 1e-20  # eV/Å²
    reduced_mass = 1.00783 / 2  # u
    assert math.sqrt(stiffness / reduced_mass) * units.WAVENUMBER == pytest.approx(4401, abs=10)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("eV", 1.0),
        ("ev", 1.0),
        ("meV", 1e-3),
        ("kcal/mol", units.KCAL_PER_MOL),
        ("KCAL/MOL", units.KCAL_PER_MOL),
        ("kJ/mol", units.KJ_PER_MOL),
        ("Ha", units.HARTREE),
        (" hartree ", units.HARTREE),
        ("mHartree", 1e-3 * units.HARTREE),
        ("Ry", 0.5 * units.HARTREE),
    ],
)
def test_names_of_energies(name, expected):
    assert units.energy_unit(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Angstrom", 1.0),
        ("Å", 1.0),
        ("å", 1.0),
        ("A", 1.0),
        ("ang", 1.0),
        ("Bohr", units.BOHR),
        ("a0", units.BOHR),
        ("nm", 10.0),
    ],
)
def test_names_of_lengths(name, expected):
    assert units.length_unit(name) == expected


@pytest.mark.parametrize("name", ["", "Angstrom", "joule", "MeV", "MHa", "kcal/mole/Angstrom"])
def test_what_is_no_energy_is_refused(name):
    with pytest.raises(ValueError, match=r"Unknown unit of energy.*Known: eV"):
        units.energy_unit(name)


def test_what_is_no_length_is_refused():
    with pytest.raises(ValueError, match="Unknown unit of length 'eV'"):
        units.length_unit("eV")


def test_digits_of_constants_live_in_units_only():
    digits = ("27.2113", "0.529177", "0.5291772", "14.3996", "23.0605", "627.509", "8.61733", "10.1805", "4.80320")
    for path in Path(eukrates.__file__).parent.rglob("*.py"):
        if path.name != "units.py":
            numbers = [n.value for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Constant)]
            floats = [repr(n) for n in numbers if isinstance(n, float)]
            found = [f for f in floats if f.startswith(digits)]
            assert not found, f"{path.name} types {found}: take it from eukrates.units"
