"""Ideal-gas thermochemistry against ASE's for the same frequencies, and symmetry numbers of many molecules."""

import ase.thermochemistry
import ase.units
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.constraints import FixAtoms
from ase.thermochemistry import IdealGasThermo
from harmonic_toys import network

from eukrates.landscape import IdealGas, ideal_gas, symmetry_number, vibrations
from eukrates.landscape.thermochemistry import GRIMME, INERTIA
from eukrates.units import BAR, HBAR, KELVIN, WAVENUMBER


@pytest.fixture
def same_constants(monkeypatch):
    """Those of CODATA 2018, which are ours."""
    monkeypatch.setattr(ase.thermochemistry, "units", ase.units.create_units("2018"))


@pytest.mark.parametrize(
    ("name", "geometry", "wavenumbers", "sigma", "unpaired"),
    [
        ("H2O", "nonlinear", [1648.0, 3832.0, 3943.0], 2, 0),
        ("CH3", "nonlinear", [580.0, 1400.0, 1400.0, 3100.0, 3250.0, 3250.0], 6, 1),
        ("CO2", "linear", [673.0, 673.0, 1354.0, 2397.0], 2, 0),
        ("O2", "linear", [1580.0], 2, 2),
        ("HCl", "linear", [2990.0], 1, 0),
        ("H", "monatomic", [], 1, 1),
    ],
)
@pytest.mark.parametrize(("kelvin", "bar"), [(298.15, 1.01325), (1500.0, 20.0)])
def test_an_ideal_gas_is_that_of_ase(same_constants, name, geometry, wavenumbers, sigma, unpaired, kelvin, bar):
    atoms = molecule(name)
    quanta = np.array(wavenumbers) * HBAR / WAVENUMBER
    theirs = IdealGasThermo(
        quanta, geometry, potentialenergy=-3.0, atoms=atoms, symmetrynumber=sigma, spin=unpaired / 2
    )
    moments = atoms.get_moments_of_inertia()
    turning = {"nonlinear": moments, "linear": moments[1:], "monatomic": ()}[geometry]
    gas = IdealGas(-3.0, tuple(wavenumbers), tuple(turning), float(atoms.get_masses().sum()), sigma, unpaired + 1)
    ours, pascal = gas.at(kelvin, bar), bar * 1e5
    assert gas.zero_point_energy == pytest.approx(theirs.get_ZPE_correction(), abs=1e-9)
    assert ours.internal_energy == pytest.approx(theirs.get_internal_energy(kelvin, verbose=False), abs=1e-9)
    assert ours.enthalpy == pytest.approx(theirs.get_enthalpy(kelvin, verbose=False), abs=1e-9)
    assert ours.entropy == pytest.approx(theirs.get_entropy(kelvin, pascal, verbose=False), rel=1e-9)
    assert ours.gibbs_energy == pytest.approx(theirs.get_gibbs_energy(kelvin, pascal, verbose=False), abs=1e-9)
    assert sum(ours.entropies.values()) == pytest.approx(ours.entropy)


def test_the_heat_capacity_is_the_slope_of_the_enthalpy_and_the_entropy_that_of_the_gibbs_energy():
    gas = IdealGas(0.0, (30.0, 900.0, 3000.0), (0.6, 1.1, 1.7), 18.0)
    low, here, high = (gas.at(kelvin) for kelvin in (299.9, 300.0, 300.1))
    assert here.heat_capacity == pytest.approx((high.enthalpy - low.enthalpy) / 0.2, rel=1e-7)
    assert here.entropy == pytest.approx((low.gibbs_energy - high.gibbs_energy) / 0.2, rel=1e-7)


def test_the_standard_entropy_of_argon_and_water_are_those_of_the_tables():
    joule = 96485.33212  # per mole, of one eV
    assert IdealGas(0.0, (), (), 39.948).at(298.15).entropy * joule == pytest.approx(154.85, abs=0.01)  # CODATA
    water = molecule("H2O")
    gas = IdealGas(0.0, (1648.0, 3832.0, 3943.0), tuple(water.get_moments_of_inertia()), 18.015, symmetry=2)
    assert gas.at(298.15).entropy * joule == pytest.approx(188.8, abs=0.3)  # CODATA 188.84


def test_soft_modes_pass_to_free_rotors():
    whole = {"energy": 0.0, "moments": (50.0, 60.0, 70.0), "mass": 100.0}
    entropy = lambda nu, soft: IdealGas(wavenumbers=(nu,), soft=soft, **whole).at(298.15).entropies["vibration"]
    assert entropy(3000.0, GRIMME) == pytest.approx(entropy(3000.0, None), rel=1e-2, abs=1e-9)
    assert entropy(1e-3, GRIMME) < 0.6 * entropy(1e-3, None)
    free = HBAR / (2 * 100.0 / WAVENUMBER)
    inertia = free * INERTIA / (free + INERTIA)
    rotor = KELVIN * (0.5 + np.log(np.sqrt(2 * np.pi * inertia * KELVIN * 298.15) / HBAR))
    assert entropy(100.0, GRIMME) == pytest.approx((rotor + entropy(100.0, None)) / 2)
    assert pytest.approx(602.214, rel=1e-5) == INERTIA  # 1e-44 kg m² in u Å²


SYMMETRIES = {
    "H2O": 2,
    "NH3": 3,
    "CH4": 12,
    "C6H6": 12,
    "C2H4": 4,
    "C2H6": 6,
    "CO2": 2,
    "C2H2": 2,
    "HCN": 1,
    "CH3CH2OH": 1,
    "O2": 2,
    "HCl": 1,
    "SF6": 24,
    "BF3": 6,
    "CH3Cl": 3,
    "C3H4_D2d": 4,
    "P4": 12,
    "H": 1,
}


@pytest.mark.parametrize(("name", "order"), SYMMETRIES.items())
def test_symmetry_numbers(name, order):
    if name == "SF6":
        atoms = Atoms("SF6", [[0, 0, 0], *(1.56 * np.concatenate([np.eye(3), -np.eye(3)]))])
    elif name == "P4":
        atoms = Atoms("P4", [[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    elif name == "BF3":
        atoms = molecule("BF3")
    else:
        atoms = molecule(name)
    atoms.rotate(77, (1, 2, 3))
    atoms.rattle(0.003, seed=2)
    assert symmetry_number(atoms.positions, atoms.numbers) == order


def test_isotopes_break_symmetry_and_so_does_a_distortion():
    water = molecule("H2O")
    assert symmetry_number(water.positions, np.array([16, 1, 2])) == 1
    water.positions[1] *= 1.3
    assert symmetry_number(water.positions, water.numbers) == 1
    sixty = molecule("C60")
    assert symmetry_number(sixty.positions, sixty.numbers) == 60


@pytest.fixture(scope="module")
def water():
    atoms = molecule("H2O")
    return vibrations(network(atoms), atoms)


def test_the_gas_of_a_molecule_is_made_from_its_vibrations(water):
    gas = ideal_gas(water)
    assert (gas.symmetry, gas.multiplicity, len(gas.moments)) == (2, 1, 3)
    assert gas.wavenumbers == pytest.approx(water.wavenumbers)
    assert gas.zero_point_energy == pytest.approx(water.zero_point_energy)
    assert ideal_gas(water, symmetry=1).at(300).entropy - gas.at(300).entropy == pytest.approx(KELVIN * np.log(2))
    triplet = ideal_gas(water, multiplicity=3).at(300).entropies["electrons"]
    assert triplet == pytest.approx(KELVIN * np.log(3))
    carbon_dioxide = molecule("C2H2")
    linear = vibrations(network(carbon_dioxide), carbon_dioxide)
    with pytest.raises(ValueError, match="wavenumbers above 0"):
        ideal_gas(linear)  # springs do not keep it from bending
    hydroxyl = Atoms("OH", [[0, 0, 0], [0, 0, 0.97]])
    assert ideal_gas(vibrations(network(hydroxyl), hydroxyl)).multiplicity == 2


def test_saddles_are_refused_unless_one_is_meant(water):
    from dataclasses import replace

    saddle = replace(water, wavenumbers=np.array([-500.0, *water.wavenumbers[1:]]))
    with pytest.raises(ValueError, match=r"without imaginary modes, got 1 \(500\.0i 1/cm\).*saddle"):
        ideal_gas(saddle)
    assert ideal_gas(saddle, saddle=True).wavenumbers == pytest.approx(water.wavenumbers[1:])
    with pytest.raises(ValueError, match="one imaginary mode"):
        ideal_gas(water, saddle=True)


def test_what_is_no_gas_is_refused(water):
    argon = bulk("Ar", "fcc", 5.26, cubic=True)
    from eukrates.physics.lennard_jones import LennardJones

    with pytest.raises(ValueError, match="periodic or has fixed atoms"):
        ideal_gas(vibrations(LennardJones({"Ar": 0.0104}, {"Ar": 3.4}, cutoff=8.0, on=7.0), argon))
    held = molecule("H2O")
    held.set_constraint(FixAtoms([0]))
    with pytest.raises(ValueError, match="periodic or has fixed atoms"):
        ideal_gas(vibrations(network(held), held))
    for wrong in ({"temperature_kelvin": 0.0}, {"temperature_kelvin": 300.0, "pressure_bar": 0.0}):
        with pytest.raises(ValueError, match="above 0"):
            ideal_gas(water).at(**wrong)
    for wrong in ({"symmetry": 0}, {"multiplicity": 0}, {"moments": (1.0,)}, {"mass": 0.0}, {"soft": 0.0}):
        with pytest.raises(ValueError, match="Expected"):
            IdealGas(**{"energy": 0.0, "wavenumbers": (), "moments": (), "mass": 1.0} | wrong)


def test_the_pressure_of_the_volume_is_the_one_given():
    gas = IdealGas(0.0, (), (), 40.0)
    gain = gas.at(300, 1.0).entropy - gas.at(300, 10.0).entropy
    assert gain == pytest.approx(KELVIN * np.log(10))
    assert BAR > 0
