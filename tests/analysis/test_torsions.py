"""Torsions of molecules whose shape is known."""

import numpy as np
import pytest
from ase.build import molecule

from eukrates.analysis import (
    find_bonds,
    proper_torsions,
    rotatable_torsions,
    torsion_angles,
    torsion_distribution,
)
from eukrates.data.atoms import to_system
from eukrates.matter import system


def chain(degrees):
    """Four atoms; seen along the middle bond (towards +z), the far one is turned clockwise by `degrees` > 0."""
    turn = np.radians(degrees)
    far = [np.cos(turn), np.sin(turn), 2.0]  # clockwise for an eye below that looks up with x up and y to its right
    return np.array([[1.0, 0, 0], [0, 0, 0.5], [0, 0, 1.5], far])


FOUR = np.array([[0, 1, 2, 3]])


def test_angles_with_the_sign_of_iupac():
    """Viewed along +z with x upward, y points right: from x to y is clockwise, a positive angle."""
    eye, up = np.array([0.0, 0, 1]), np.array([1.0, 0, 0])
    np.testing.assert_allclose(np.cross(eye, up), [0, 1, 0])  # right = looking direction × up
    degrees = [0.0, 60.0, -60.0, 120.0, -179.0, 180.0]
    positions = np.array([chain(d) for d in degrees])
    here = system([6] * 4, positions[0])
    np.testing.assert_allclose(torsion_angles(here, positions, FOUR)[:, 0], degrees, atol=1e-9)
    np.testing.assert_allclose(torsion_angles(here, positions, FOUR[:, ::-1])[:, 0], degrees, atol=1e-9)
    mirrored = torsion_angles(here, positions * [1, -1, 1], FOUR)[:, 0]
    np.testing.assert_allclose(mirrored[:5], np.negative(degrees[:5]), atol=1e-9)


def test_angles_equal_those_of_ase_and_turning_sets_them():
    atoms = molecule("trans-butane")
    here = to_system(atoms)
    torsions = proper_torsions(find_bonds(here))
    ours = torsion_angles(here, here.positions[None], torsions)[0]
    theirs = np.array([atoms.get_dihedral(*t) for t in torsions])
    np.testing.assert_allclose((ours - theirs + 180) % 360 - 180, 0, atol=1e-8)


def test_butane_has_27_torsions_and_one_of_them_turns():
    for name, expected in (("trans-butane", 180.0), ("isobutane", None)):
        here = to_system(molecule(name))
        bonds = find_bonds(here)
        assert len(proper_torsions(bonds)) == 27
        turning = rotatable_torsions(here, bonds)
        if expected is None:
            assert turning.shape == (0, 4)
        else:
            assert turning.shape == (1, 4)
            assert np.all(here.numbers[turning] == 6)
            assert abs(torsion_angles(here, here.positions[None], turning)[0, 0]) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize(
    ("name", "torsions", "turning"),
    [
        ("C6H6", 24, 0),  # a ring does not turn
        ("trans-butane", 27, 1),
        ("CH3CH2OCH3", 15, 1),
        ("butadiene", 12, 1),  # C=C does not turn, C-C does
        ("2-butyne", 7, 0),
        ("cyclobutane", 36, 0),
    ],
)
def test_torsions_of_molecules(name, torsions, turning):
    here = to_system(molecule(name))
    bonds = find_bonds(here)
    assert len(proper_torsions(bonds)) == torsions
    assert len(rotatable_torsions(here, bonds)) == turning
    chains = proper_torsions(bonds)
    assert len({tuple(min(c, c[::-1])) for c in chains.tolist()}) == len(chains)


def test_nothing_turns_around_a_straight_chain():
    r = [[1.4, 0, -2.0], [0, 0, -1.46], [0, 0, 0], [0, 0, 1.2], [0, 0, 2.66], [1.4, 0, 3.2]]  # C-C-C≡C-C-C
    here = system([6] * 6, np.array(r))
    bonds = find_bonds(here)
    assert len(bonds) == 5
    assert len(proper_torsions(bonds)) == 3
    assert rotatable_torsions(here, bonds).shape == (0, 4)


def test_a_chain_across_the_boundary_of_a_breathing_cell():
    positions = np.array([chain(75.0), chain(-30.0)]) + 0.2
    cells = np.array([7 * np.eye(3), 8 * np.eye(3)])
    shifts = np.array([[0, 0, 0], [1, 0, 0], [0, -1, 0], [0, 0, 2]])
    here = system([6] * 4, positions[0], cells[0])
    moved = positions + shifts @ cells
    np.testing.assert_allclose(torsion_angles(here, moved, FOUR, cells)[:, 0], [75.0, -30.0], atol=1e-9)


def test_collinear_atoms_have_no_torsion():
    straight = np.array([[[0.0, 0, 0], [0, 0, 1], [0, 0, 2], [1, 0, 3]]])
    angles = torsion_angles(system([6] * 4, straight[0]), straight, FOUR)
    assert np.isnan(angles).all()
    with pytest.raises(ValueError, match=r"NaN in torsions \[0\]"):
        torsion_distribution(angles)


def test_the_distribution_is_periodic_and_a_density():
    rng = np.random.default_rng(0)
    wide = rng.vonmises(np.pi, 20.0, (4000, 3))  # one peak at ±180°
    centres, density, error = torsion_distribution(np.degrees(wide), bins=60)
    assert np.sum(density) * 6.0 == pytest.approx(1.0)
    assert centres[np.argmax(density)] == -180.0
    x = np.radians(centres)
    exact = np.exp(20.0 * np.cos(x - np.pi)) / (2 * np.pi * np.i0(20.0)) * np.pi / 180
    seen = exact * 12000 * 6 > 20
    assert np.all(np.abs(density - exact)[seen] < 4.5 * error[seen] + 0.01 * exact.max())
    turned = torsion_distribution((np.degrees(wide) + 360 + 30) % 360 - 180, bins=60)[1]
    np.testing.assert_allclose(turned, np.roll(density, 5 - 30), atol=0.05 * density.max())
    assert np.isnan(torsion_distribution(np.degrees(wide[:1]))[2]).all()


@pytest.mark.parametrize(
    ("name", "turning"),
    [("CH3CH2OH", (0, 1, 1, 2)), ("H2O2", (0, 1, 1, 1)), ("H3CNH2", (0, 0, 0, 1)), ("H2O", (0, 0, 0, 0))],
)
def test_groups_of_so_many_hydrogens_turn(name, turning):
    here = to_system(molecule(name))
    bonds = find_bonds(here)
    assert tuple(len(rotatable_torsions(here, bonds, hydrogens=most)) for most in range(4)) == turning
