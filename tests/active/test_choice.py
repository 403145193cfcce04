"""What is labelled: the unsure, far from each other and from what is known."""

import numpy as np
import pytest
from ase import Atoms

from eukrates.active import Policy
from eukrates.active.choice import chosen, fingerprints, temperatures
from eukrates.units import KELVIN


def pair(length, numbers=(1, 8)):
    return Atoms(numbers, [[0, 0, 0], [0, 0, length]])


def test_fingerprints_see_what_a_label_depends_on_and_nothing_else():
    rng = np.random.default_rng(0)
    one = Atoms("OH2C", rng.normal(size=(4, 3)) * 1.5)
    turned = one.copy()
    turned.rotate(40, (1, 2, 3))
    turned.positions += [3.0, -2.0, 1.0]
    shuffled = turned[[2, 0, 3, 1]]
    moved = one.copy()
    moved.positions[0] += 0.3
    other = Atoms("OH2N", one.positions)
    rows = fingerprints([one, shuffled, moved, other])
    np.testing.assert_allclose(rows[1], rows[0], atol=1e-12)
    assert np.linalg.norm(rows[2] - rows[0]) > 0.05
    assert np.linalg.norm(rows[3] - rows[0]) > 0.05


def test_only_what_is_above_rho_is_chosen_and_the_farthest_first():
    policy = Policy(rho=0.01)
    candidates = [pair(r) for r in (1.0, 1.01, 1.02, 3.0, 2.0)]
    rhos = np.array([0.05, 0.06, 0.07, 0.02, 0.001])
    rng = np.random.default_rng(0)
    picks = chosen(candidates, rhos, [pair(1.0)], policy, 2, rng)
    assert picks[0] == 3  # far from what is known; 4 is as far, but sure
    assert picks[1] == 2
    assert chosen(candidates, rhos, [pair(1.0)], policy, 10, rng) == [3, 2, 1]  # 0 is known
    assert chosen(candidates, np.full(5, 0.009), [pair(1.0)], policy, 2, rng) == []
    assert len(set(chosen(candidates, rhos, [], policy, 4, rng))) == 4


def test_temperatures_are_equation_2_above_the_lowest_of_the_same_formula():
    water = Atoms("OH2", np.eye(3))
    found = temperatures(
        [water, water, pair(1.0)], np.array([-9.7, -9.9, 1.0]), [water, pair(1.0)], np.array([-10.0, 2.0])
    )
    assert found == pytest.approx(np.array([0.3 / 3, 0.1 / 3, -1.0]) * 2 / KELVIN)
    hole = temperatures([water, water], np.array([-50.0, np.nan]), [water], np.array([-10.0]))
    assert hole[0] < 0  # what is known is the measure
    assert np.isinf(hole[1])
    alone = temperatures([water, water], np.array([0.3, 0.0]), [], np.zeros(0))
    assert alone == pytest.approx(np.array([0.3, 0.0]) * 2 / 3 / KELVIN)


def test_nothing_is_taken_twice_nor_what_is_known():
    copies = [pair(1.0), pair(2.0), pair(2.0), pair(1.0), pair(1.5)]
    for choose in ("uncertain", "random"):
        picks = chosen(copies, np.ones(5), [pair(1.0)], Policy(choose=choose), 5, np.random.default_rng(0))
        assert sorted(copies[n].get_distance(0, 1) for n in picks) == [1.5, 2.0]


def test_random_choice_does_not_look_at_rho():
    candidates, rhos = [pair(1.0 + 0.1 * n) for n in range(10)], np.arange(10.0)
    policy = Policy(choose="random")
    counts = np.zeros(10)
    for seed in range(200):
        picks = chosen(candidates, rhos, [], policy, 3, np.random.default_rng(seed))
        assert len(set(picks)) == 3
        counts[picks] += 1
    assert counts.min() > 30


def test_a_policy_that_cannot_be_is_refused():
    for wrong in ({"rho": 0.0}, {"labels": 0}, {"batch": 0}, {"hottest_kelvin": 0.0}, {"seed": -1}):
        with pytest.raises(ValueError, match="above 0"):
            Policy(**wrong)
