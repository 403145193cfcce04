"""g(r) against gases and crystals, where it is known."""

import numpy as np
import pytest
from ase.build import bulk

from eukrates.analysis import radial_distribution
from eukrates.data.atoms import to_system
from eukrates.matter import system

SKEWED = np.array([[6.0, 0.0, 0.0], [2.5, 5.5, 0.0], [-1.5, 2.0, 5.0]])


def gas(atoms, frames, cell, seed=0):
    return np.random.default_rng(seed).random((frames, atoms, 3)) @ cell


@pytest.mark.parametrize("cell", [6.0 * np.eye(3), SKEWED])
def test_an_ideal_gas_has_no_structure_even_beyond_half_the_cell(cell):
    """A around B exactly 1; A around A 1 - 1/N below the shortest lattice vector."""
    numbers = np.array([8] * 12 + [10] * 8)
    positions = gas(20, 200, cell)
    here = system(numbers, positions[0], cell)
    found = radial_distribution(here, positions, 8.0, ("O", "Ne"), bins=16)
    far = found.radius > 1.0
    pull = (found.g - 1)[far] / found.error[far]
    assert np.sqrt(np.mean(pull**2)) < 1.6
    assert np.abs(pull).max() < 4
    assert found.error[far].max() < 0.1
    same = radial_distribution(here, positions, 4.0, ("O", "O"), bins=8)
    assert np.mean(same.g[3:]) == pytest.approx(1 - 1 / 12, abs=4 * np.mean(same.error[3:]))


def test_g_times_density_is_the_coordination():
    """∫ 4πr² ρ_B g dr = n(r), whatever the structure."""
    positions = gas(20, 5, SKEWED)
    here = system(np.array([8] * 12 + [10] * 8), positions[0], SKEWED)
    found = radial_distribution(here, positions, 7.0, ("O", "Ne"), bins=70)
    shells = 4 * np.pi / 3 * np.diff(found.edges**3)
    n = np.cumsum(8 / np.linalg.det(SKEWED) * found.g * shells)
    np.testing.assert_allclose(found.coordination, n, rtol=1e-10)
    assert found.neighbours_within(7.0) == pytest.approx(n[-1])


@pytest.mark.parametrize(
    ("kind", "shells"),
    [
        ("fcc", {np.sqrt(1 / 2): 12, 1.0: 6, np.sqrt(3 / 2): 24, np.sqrt(2): 12, np.sqrt(5 / 2): 24}),
        ("bcc", {np.sqrt(3) / 2: 8, 1.0: 6, np.sqrt(2): 12, np.sqrt(11) / 2: 24}),
    ],
)
def test_shells_of_crystals_are_counted_exactly_from_one_atom(kind, shells):
    """The primitive cell holds one atom: all its neighbours are its own images."""
    a = 3.6
    primitive = to_system(bulk("Cu", kind, a=a))
    assert primitive.atoms == 1
    for here in (primitive, to_system(bulk("Cu", kind, a=a, cubic=True) * (2, 1, 1))):
        found = radial_distribution(here, here.positions[None], 1.68 * a, bins=500)
        expected = 0
        for distance, count in shells.items():
            expected += count
            assert found.neighbours_within((distance + 0.02) * a) == pytest.approx(expected)
        assert np.isnan(found.error).all()


def test_pairs_of_rock_salt():
    salt = to_system(bulk("NaCl", "rocksalt", a=5.64))
    unlike = radial_distribution(salt, salt.positions[None], 5.7, ("Na", "Cl"), bins=300)
    like = radial_distribution(salt, salt.positions[None], 5.7, ("Cl", "Cl"), bins=300)
    everyone = radial_distribution(salt, salt.positions[None], 5.7, bins=300)
    assert [unlike.neighbours_within(r) for r in (3.0, 5.0)] == [6.0, 14.0]
    assert [like.neighbours_within(r) for r in (3.0, 5.0)] == [0.0, 12.0]
    np.testing.assert_allclose(everyone.coordination, unlike.coordination + like.coordination)


def test_positions_that_left_the_cell_and_cells_that_breathe():
    rng = np.random.default_rng(3)
    fractional = rng.random((6, 10, 3))
    cells = (1 + 0.05 * rng.normal(size=(6, 1, 1))) * SKEWED
    here = system([18] * 10, fractional[0] @ cells[0], cells[0])
    inside = radial_distribution(here, fractional @ cells, 6.0, bins=30, cells=cells)
    away = (fractional + rng.integers(-9, 9, (6, 10, 3))) @ cells
    np.testing.assert_allclose(radial_distribution(here, away, 6.0, bins=30, cells=cells).g, inside.g, atol=1e-12)
    one_by_one = [
        radial_distribution(system([18] * 10, f @ h, h), (f @ h)[None], 6.0, bins=30).g
        for f, h in zip(fractional, cells, strict=True)
    ]
    np.testing.assert_allclose(inside.g, np.mean(one_by_one, axis=0), atol=1e-12)


def test_what_has_no_density_is_refused():
    slab = system([6, 6], [[0, 0, 0], [1.4, 0, 0]], np.diag([3.0, 3.0, 0.0]))
    with pytest.raises(ValueError, match="periodic along all three axes"):
        radial_distribution(slab, slab.positions[None], 3.0)
    salt = to_system(bulk("NaCl", "rocksalt", a=5.64))
    with pytest.raises(ValueError, match=r"Na, Cl.*got O and Cl"):
        radial_distribution(salt, salt.positions[None], 3.0, ("O", "Cl"))
    with pytest.raises(ValueError, match="radius_max above 0"):
        radial_distribution(salt, salt.positions[None], 0.0)
    with pytest.raises(ValueError, match="raise radius_max"):
        radial_distribution(salt, salt.positions[None], 3.0).neighbours_within(4.0)
