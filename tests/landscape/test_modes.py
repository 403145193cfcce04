"""Normal modes: oscillators that are known, rigid motions that are exact, refusals."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.constraints import FixAtoms, FixBondLengths
from harmonic_toys import network

from eukrates.landscape import vibrations
from eukrates.matter.rigid_motions import moments_of_inertia, rigid_and_internal
from eukrates.physics.lennard_jones import LennardJones
from eukrates.units import HBAR, WAVENUMBER

ARGON = LennardJones({"Ar": 0.0104}, {"Ar": 3.4}, cutoff=8.0, on=7.0)


def test_a_diatomic_molecule_vibrates_with_its_reduced_mass():
    atoms = Atoms("HCl", [[0, 0, 0], [0.3, 0.4, 1.2]])
    found = vibrations(network(atoms), atoms)
    h, cl = atoms.get_masses()
    reduced = h * cl / (h + cl)
    assert found.wavenumbers == pytest.approx([np.sqrt(30.0 / reduced) * WAVENUMBER])
    assert found.reduced_masses == pytest.approx([h * cl * (h + cl) / (h**2 + cl**2)])
    assert found.zero_point_energy == pytest.approx(HBAR * np.sqrt(30.0 / reduced) / 2)
    (mode,) = found.displacements
    assert np.linalg.norm(mode) == pytest.approx(1)
    np.testing.assert_allclose(h * mode[0], -cl * mode[1], atol=1e-12)
    assert np.abs(np.cross(mode[1] - mode[0], atoms.positions[1])).max() < 1e-12


@pytest.mark.parametrize(
    ("name", "rigid"), [("H2O", 6), ("CO2", 5), ("C2H2", 5), ("H", 3)], ids=["bent", "linear", "longer", "atom"]
)
def test_rigid_motions_cost_nothing_and_are_taken_out(name, rigid):
    atoms = molecule(name)
    atoms.rotate(40, (1, 2, 3))
    found = vibrations(network(atoms), atoms)
    assert found.rigid_wavenumbers.shape == (rigid,)
    assert found.wavenumbers.shape == (3 * len(atoms) - rigid,)
    assert np.abs(found.rigid_wavenumbers).max(initial=0) < 0.01
    gram = np.einsum("kai,lai->kl", found.vectors, found.vectors)
    np.testing.assert_allclose(gram, np.eye(len(gram)), atol=1e-12)


def test_a_crystal_keeps_its_translations_alone_and_a_wire_turns_about_itself():
    crystal = bulk("Ar", "fcc", 5.26, cubic=True)
    found = vibrations(ARGON, crystal)
    assert found.wavenumbers.shape == (9,)
    assert np.abs(found.rigid_wavenumbers).max() < 1e-3
    assert 20 < found.wavenumbers.min() <= found.wavenumbers.max() < 100
    wire = np.diag([0.0, 0.0, 5.0])
    positions = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 2]])
    for cell, rigid in ((np.zeros((3, 3)), 6), (wire, 4), (np.diag([5.0, 5, 0]), 3), (np.eye(3) * 5, 3)):
        motions, internal = rigid_and_internal(positions, np.ones(3), cell)
        assert motions.shape == (9, rigid)
        assert internal.shape == (9, 9 - rigid)
        np.testing.assert_allclose(motions.T @ internal, 0, atol=1e-12)


@pytest.mark.parametrize(("fixed", "rigid"), [([0], 3), ([0, 1], 1), ([0, 1, 2], 0)])
def test_fixed_atoms_do_not_vibrate_and_the_rest_turns_about_them(fixed, rigid):
    ethanol = molecule("CH3CH2OH")
    ethanol.set_constraint(FixAtoms(fixed))
    found = vibrations(network(ethanol), ethanol)
    assert found.rigid_wavenumbers.shape == (rigid,)
    assert np.abs(found.rigid_wavenumbers).max(initial=0) < 0.01
    assert found.wavenumbers.shape == (3 * (9 - len(fixed)) - rigid,)
    assert found.wavenumbers[0] > 100
    assert np.all(found.vectors[:, fixed] == 0)


def test_isotopes_count():
    light, heavy = molecule("H2O"), molecule("H2O")
    heavy.set_masses([16.0, 2.014, 2.014])
    toy = network(light)
    ratio = vibrations(toy, light).wavenumbers / vibrations(toy, heavy).wavenumbers
    assert np.all((ratio > 1.3) & (ratio < np.sqrt(2)))


def test_a_point_from_which_a_mode_leads_down_has_a_negative_wavenumber():
    square = Atoms("Ar4", 3.8 * np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0.0]]))
    side = np.linspace(3.5, 4.0, 20001)
    force = 2 * _lennard_jones_slope(side) + np.sqrt(2) * _lennard_jones_slope(np.sqrt(2) * side)
    square.positions *= side[np.abs(force).argmin()] / 3.8
    found = vibrations(LennardJones({"Ar": 0.0104}, {"Ar": 3.4}, cutoff=30.0, on=29.0), square)
    assert found.imaginary == 2  # towards a rhombus, and towards a tetrahedron
    assert found.wavenumbers[1] < 0 < found.wavenumbers[2]
    assert found.zero_point_energy == pytest.approx(found.wavenumbers[2:].sum() / 2 * HBAR / WAVENUMBER)


def _lennard_jones_slope(r):
    return 4 * 0.0104 * (-12 * 3.4**12 / r**13 + 6 * 3.4**6 / r**7)


def test_moments_of_inertia_are_those_of_ase():
    ethanol = molecule("CH3CH2OH")
    found = moments_of_inertia(ethanol.positions, ethanol.get_masses())
    np.testing.assert_allclose(found, ethanol.get_moments_of_inertia(), rtol=1e-12)


def test_what_has_no_vibrations_is_refused():
    water = molecule("H2O")
    toy = network(water)
    stretched = water.copy()
    stretched.positions *= 1.01
    with pytest.raises(ValueError, match=r"not stationary: the largest force on an atom is 0\.\d+ eV/Å.*Relax it"):
        vibrations(toy, stretched)
    with pytest.raises(ValueError, match=r"relax --force 0\.0005`.*Target\(force=0\.0005\)"):
        vibrations(toy, stretched)
    assert vibrations(toy, stretched, largest_force=10.0).largest_force > 0.1
    water.set_constraint(FixAtoms([0, 1, 2]))
    with pytest.raises(ValueError, match="All atoms are fixed"):
        vibrations(toy, water)
    water.set_constraint(FixBondLengths([[0, 1]]))
    with pytest.raises(ValueError, match=r"lengths of 1 bonds are held"):
        vibrations(toy, water)
