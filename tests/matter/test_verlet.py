"""A neighbour list with a skin is complete for as long as it says so: compared with fresh lists."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eukrates.matter import graph, system
from eukrates.matter.verlet import displacement, verlet

CUTOFF, SKIN = 3.0, 0.6


def pairs_within(listed, cutoff):
    """The pairs of a graph closer than `cutoff`, as a set."""
    e = listed.near
    distance = np.linalg.norm(np.asarray(listed.vectors(e)), axis=1)
    keep = np.asarray(e.real) & (distance < cutoff)
    return {(int(i), int(j), *map(int, n)) for i, j, n in zip(e.i[keep], e.j[keep], e.image[keep], strict=True)}


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 30), st.booleans(), st.floats(0.01, 1.0))
def test_no_pair_is_missing_while_the_list_serves(seed, atoms, periodic, amplitude):
    rng = np.random.default_rng(seed)
    width = 2.2 * atoms ** (1 / 3)
    cell = width * (np.eye(3) + 0.2 * rng.uniform(-1, 1, (3, 3))) if periodic else None
    structure = system(np.ones(atoms, int), rng.uniform(0, width, (atoms, 3)), cell)
    kept = verlet(structure, CUTOFF, skin=SKIN)
    if rng.integers(2):
        kept = kept.padded()
    common = rng.normal(size=3)  # a drift of everything together does not count
    direction = rng.normal(size=(atoms, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    moved = structure.positions + common + amplitude * rng.uniform(0, 1, (atoms, 1)) * direction
    later = system(structure.numbers, moved, cell)
    if kept.serves(later):
        assert pairs_within(kept.at(later), CUTOFF) == pairs_within(graph(later, CUTOFF), CUTOFF)
    else:
        most = displacement(moved, structure.positions)
        assert kept.reach < most


def test_small_and_compact_structures_get_all_pairs_and_keep_them():
    few = system([1, 1, 8], [[0, 0, 0], [0, 0, 9.0], [5, 0, 0]])
    kept = verlet(few, CUTOFF, 10.0)
    assert kept.reach == math.inf
    assert kept.graph.near.i.size == kept.graph.far.i.size == 6
    assert kept.serves(system([1, 1, 8], [[0, 0, 0], [0, 0, 90.0], [5, 0, 0]]))
    chain = system(np.ones(40, int), np.arange(40)[:, None] * [[1.0, 0, 0]])
    assert verlet(chain, CUTOFF).reach == 0.25
    assert verlet(system(few.numbers, few.positions, np.eye(3) * 20), CUTOFF).reach == 0.25  # periodic: images


def test_other_atoms_or_another_cell_are_not_served():
    crystal = system([6, 6], [[0, 0, 0], [1, 1, 1.0]], np.eye(3) * 4)
    kept = verlet(crystal, CUTOFF)
    assert kept.serves(crystal)
    assert not kept.serves(system([6, 8], crystal.positions, np.eye(3) * 4))
    assert not kept.serves(system([6, 6], crystal.positions, np.eye(3) * 4.01))
    assert not kept.serves(system([6], crystal.positions[:1], np.eye(3) * 4))


def test_positions_that_are_not_numbers_are_never_served():
    assert np.isnan(displacement(np.array([[np.nan, 0, 0], [0, 0, 0.0]]), np.zeros((2, 3))))


def test_a_skin_must_be_positive():
    with pytest.raises(ValueError, match="positive, finite skin"):
        verlet(system([1], np.zeros((1, 3))), CUTOFF, skin=0.0)
