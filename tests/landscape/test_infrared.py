"""Infrared intensities: charges on a spring, symmetry, and dipoles that follow the geometry."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from harmonic_toys import network

from eukrates.data import to_system
from eukrates.landscape import infrared_intensities, polar_tensor, vibrations
from eukrates.units import DEBYE


def test_two_charges_on_a_spring_absorb_as_the_equation_says():
    atoms = Atoms("HCl", [[0, 0, 0], [0.0, 0.8, 1.0]])
    toy = network(atoms, charges=(("H", 0.2), ("Cl", -0.2)))
    found = vibrations(toy, atoms)
    h, cl = atoms.get_masses()
    slope = 0.2 / np.sqrt(h * cl / (h + cl)) / DEBYE  # |∂μ/∂Q| in D/(Å √u)
    assert infrared_intensities(toy, found) == pytest.approx([42.2561 * slope**2], rel=1e-5)
    np.testing.assert_allclose(polar_tensor(toy, to_system(atoms)), [0.2 * np.eye(3), -0.2 * np.eye(3)], atol=1e-14)


def test_modes_that_keep_the_centre_of_charges_are_dark():
    atoms = molecule("C2H2")
    toy = network(atoms, charges=(("H", 0.2), ("C", -0.2)))
    found = vibrations(toy, atoms)
    light = infrared_intensities(toy, found)
    stretches = light[found.wavenumbers > 100]
    assert np.count_nonzero(stretches > 1.0) == 1  # the antisymmetric one
    assert np.count_nonzero(stretches < 1e-12) == 2


def test_intensities_without_charges_or_with_a_lattice_are_refused():
    atoms = Atoms("HCl", [[0, 0, 0], [0, 0, 1.3]])
    with pytest.raises(ValueError, match="neither a dipole nor charges"):
        polar_tensor(network(atoms), to_system(atoms))
    with pytest.raises(ValueError, match="periodic structure"):
        polar_tensor(network(atoms), to_system(bulk("NaCl", "rocksalt", 5.6)))
