"""Neighbour lists against exhaustive search, for any cell."""

import numpy as np
import pytest
from brute_force import pairs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worlds import reaches, structures

from eukrates.matter import batch, graph, neighbours, system

thorough = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def listed(edges):
    """The pairs of a list in the form of the exhaustive search, each with the number of times it appears."""
    rows = [(int(i), int(j), *map(int, n)) for i, j, n in zip(edges.i, edges.j, edges.image, strict=True)]
    return {row: rows.count(row) for row in rows}


def agree(structure, cutoff):
    surely, perhaps = (set(pairs(structure.positions, structure.cell[0], cutoff + d)) for d in (-1e-9, 1e-9))
    found = listed(neighbours(structure, cutoff))
    assert surely <= set(found), f"missing {surely - set(found)}"
    assert set(found) <= perhaps, f"superfluous {set(found) - perhaps}"
    assert set(found.values()) <= {1}


@thorough
@given(st.data())
def test_every_pair_within_the_cutoff_is_listed_once(data):
    structure = data.draw(structures())
    agree(structure, data.draw(reaches(structure)))


@pytest.mark.parametrize("shift", [-1e3, 1e5])
@pytest.mark.parametrize("periodic", [True, False])
def test_coordinates_far_from_the_origin(shift, periodic):
    rng = np.random.default_rng(0)
    cell = np.array([[4.0, 0.1, 0], [0.3, 5.0, 0.2], [0.0, -1.0, 4.5]]) if periodic else None
    agree(system([6] * 4, rng.uniform(0, 4, (4, 3)) + shift, cell), 4.2)


@pytest.mark.parametrize("images", [-3000, 5, 70000])
def test_atoms_many_cells_away_from_each_other(images):
    cell = np.array([[3.0, 0, 0], [1.0, 3.5, 0], [0.5, 0.4, -4.0]])
    positions = np.array([[0.1, 0.2, 0.3], [1.2, 1.4, 1.1]])
    positions[1] += images * (cell[0] - cell[2])
    agree(system([1, 8], positions, cell), 5.0)


@pytest.mark.parametrize("periodic", [0, 1, 2])
def test_molecules_flown_far_apart_along_open_axes(periodic):
    cell = np.array([[3.0, 0.4, 0.2], [0.5, 3.5, 0.0], [0.0, 0.0, 0.0]])
    cell[periodic:] = 0
    positions = np.random.default_rng(2).uniform(0, 2, (6, 3))
    positions[2:4] += [[0, 0, 1e4], [0, 0, 1e4]] if periodic else [[3e3, 0, 0], [3e3, 0, 0]]
    positions[4:] -= [[0, 0, 5e6], [0, 0, 5e6]] if periodic else [[0, 2e6, 4e3], [0, 2e6, 4e3]]
    agree(system([6] * 6, positions, cell if periodic else None), 5.0)
    assert neighbours(system([6] * 6, positions, cell if periodic else None), 3.0).half >= 3


def test_a_cutoff_of_many_cells():
    structure = system([29], [[0.3, 0.1, 0.0]], [[0, 1.8, 1.8], [1.8, 0, 1.8], [1.8, 1.8, 0]])  # fcc copper
    agree(structure, 9.0)
    shells = [12, 6, 24, 12]
    r = np.sort(np.linalg.norm(neighbours(structure, 5.2).image @ structure.cell[0], axis=1))
    np.testing.assert_allclose(r, np.repeat(3.6 * np.sqrt([0.5, 1, 1.5, 2]), shells), atol=1e-12)


def test_a_needle_of_a_cell():
    cell = np.array([[1.0, 0, 0], [9.7, 0.9, 0], [0.4, 8.0, 30.0]])
    agree(system([1, 1], [[0, 0, 0], [0.2, 0.3, 14.0]], cell), 3.3)


@pytest.mark.parametrize("cell", [None, [[50.0, 0, 0], [0, 50.0, 0], [0, 0, 50.0]]])
def test_atoms_that_see_nobody(cell):
    for count in (1, 3):
        edges = neighbours(system([18] * count, 20.0 * np.eye(3)[:count], cell), 5.0)
        assert edges.i.shape == edges.j.shape == edges.real.shape == (0,)
        assert edges.image.shape == (0, 3)


def test_atoms_on_one_spot_are_not_lost():
    """Two nuclei on one spot are a mistake that a potential should see as a large energy, not miss."""
    structure = system([1, 1, 8], [[0, 0, 0], [0, 0, 0], [1.0, 0, 0]])
    assert set(listed(neighbours(structure, 2.0))) == {(i, j, 0, 0, 0) for i in range(3) for j in range(3) if i != j}


@thorough
@given(st.data())
def test_halves_mirror_each_other(data):
    structure = data.draw(structures())
    edges = neighbours(structure, data.draw(reaches(structure)))
    h = edges.half
    assert edges.i.size == 2 * h
    assert np.array_equal(edges.i[:h], edges.j[h:])
    assert np.array_equal(edges.j[:h], edges.i[h:])
    assert np.array_equal(edges.image[:h], -edges.image[h:])
    assert np.all(np.diff(edges.i[:h]) >= 0)
    assert edges.real.all()
    assert {edges.i.dtype, edges.j.dtype, edges.image.dtype} == {np.dtype(np.int32)}


def test_vectors_point_from_i_to_j_and_turn_round_in_the_second_half():
    cell = np.array([[3.0, 0, 0], [0, 4.0, 0], [0, 0, 5.0]])
    world = graph(system([1, 8], [[0.5, 0, 0], [2.9, 0, 0]], cell), 1.0)
    vectors = np.asarray(world.vectors(world.near))
    np.testing.assert_allclose(vectors, [[-0.6, 0, 0], [0.6, 0, 0]], atol=1e-6)
    assert (world.near.i[0], world.near.j[0], *world.near.image[0]) == (0, 1, -1, 0, 0)


@pytest.mark.parametrize("cutoff", [0.0, -1.0, np.nan])
def test_a_senseless_cutoff_is_refused(cutoff):
    with pytest.raises(ValueError, match="cutoff above 0"):
        neighbours(system([1], [[0.0, 0, 0]]), cutoff)


def test_an_infinite_cutoff_lists_all_pairs_of_an_open_structure_only():
    found = neighbours(system([1, 1, 1], [[0.0, 0, 0], [1, 0, 0], [0, 900, 0]]), np.inf)
    assert set(zip(found.i.tolist(), found.j.tolist(), strict=True)) == {
        (a, b) for a in range(3) for b in range(3) if a != b
    }
    with pytest.raises(ValueError, match="never end"):
        neighbours(system([1], [[0.0, 0, 0]], np.diag([5.0, 0, 0])), np.inf)


def test_many_structures_at_once_are_refused():
    one = graph(system([1], [[0.0, 0, 0]]), 2.0)
    with pytest.raises(ValueError, match="got 2"):
        neighbours(batch([one, one]).system, 2.0)
