"""Initial momenta and the degrees of freedom that share the heat."""

import jax
import numpy as np
import pytest
from ase.build import molecule

from eukrates.dynamics.begin import initial_momenta, structure_and_masses
from eukrates.dynamics.ensembles import NVE, Langevin
from eukrates.dynamics.momenta import degrees_of_freedom, maxwell_boltzmann, without_drift
from eukrates.units import KELVIN


@pytest.mark.parametrize(
    ("name", "free", "bath"),
    [("H", 0, 3), ("O2", 1, 6), ("CO2", 4, 9), ("H2O", 3, 9), ("CH3CH2OH", 21, 27)],
)
def test_degrees_of_freedom(name, free, bath):
    structure, *_ = structure_and_masses(molecule(name))
    assert degrees_of_freedom(structure, free=True) == free
    assert degrees_of_freedom(structure, free=False) == bath


def test_a_periodic_structure_keeps_its_rotations():
    atoms = molecule("H2O", vacuum=5.0)
    atoms.pbc = (True, False, False)
    assert degrees_of_freedom(structure_and_masses(atoms)[0], free=True) == 6


@pytest.mark.parametrize("name", ["H", "O2", "CO2", "H2O", "CH3CH2OH"])
def test_drift_and_rotation_are_taken_off_and_nothing_else(name):
    structure, masses, _ = structure_and_masses(molecule(name))
    rng = np.random.default_rng(0)
    thrown = masses[:, None] * (rng.normal(size=3) + np.cross(rng.normal(size=3), structure.positions))
    np.testing.assert_allclose(without_drift(structure, masses, thrown), 0, atol=1e-12)
    momenta = rng.normal(size=(masses.size, 3))
    still = without_drift(structure, masses, momenta)
    np.testing.assert_allclose(still.sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(np.cross(structure.positions, still).sum(axis=0), 0, atol=1e-11)
    np.testing.assert_allclose(without_drift(structure, masses, still), still, atol=1e-12)


def test_momenta_have_the_variance_of_their_temperature():
    masses = np.repeat([1.0, 16.0], 20000)
    momenta = maxwell_boltzmann(masses, 300.0, jax.random.key(1))
    temperatures = np.mean(momenta**2, axis=1) / masses / KELVIN
    for group in (temperatures[:20000], temperatures[20000:]):
        assert abs(group.mean() - 300) < 4 * 300 * np.sqrt(2 / 60000)


def test_the_mean_temperature_without_drift_is_right():
    structure, masses, _ = structure_and_masses(molecule("H2O"))
    freedom = degrees_of_freedom(structure, free=True)
    drawn = maxwell_boltzmann(np.tile(masses, 400), 300.0, jax.random.key(0)).reshape(400, 3, 3)
    still = [without_drift(structure, masses, momenta) for momenta in drawn]
    temperature = [np.sum(p**2 / masses[:, None]) / (freedom * KELVIN) for p in still]
    assert abs(np.mean(temperature) - 300) < 4 * 300 * np.sqrt(2 / freedom / 400)


def test_the_source_of_the_momenta_is_told():
    water = molecule("H2O")
    structure, masses, _ = structure_and_masses(water)
    key = jax.random.key(0)
    with pytest.raises(ValueError, match="Nothing says how the atoms move"):
        initial_momenta(water, structure, masses, NVE(), key)
    _, told = initial_momenta(water, structure, masses, Langevin(300.0), key)
    assert "Maxwell-Boltzmann distribution at 300 K." in told
    water.set_momenta(np.ones((3, 3)))
    momenta, told = initial_momenta(water, structure, masses, NVE(), key)
    assert "given structure; the motion of the whole" in told
    np.testing.assert_allclose(momenta.sum(axis=0), 0, atol=1e-12)
    momenta, told = initial_momenta(water, structure, masses, Langevin(300.0), key)
    np.testing.assert_array_equal(momenta, np.ones((3, 3)))
