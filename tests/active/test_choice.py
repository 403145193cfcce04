"""What is labelled: what is unsure, and unlike what is labelled."""

import numpy as np
import pytest
from ase import Atoms

from eukrates.active import Policy
from eukrates.active.choice import chosen, doubts, temperatures
from eukrates.active.environments import environments
from eukrates.potential import Prediction
from eukrates.units import KELVIN


def pair(length, numbers=(1, 8)):
    return Atoms(numbers, [[0, 0, 0], [0, 0, length]])


def unsure(*variances):
    return [np.full(2, v) for v in variances]


def test_environments_see_what_a_label_depends_on_and_nothing_else():
    rng = np.random.default_rng(0)
    one = Atoms("OH2C", rng.normal(size=(4, 3)) * 1.5)
    turned = one.copy()
    turned.rotate(40, (1, 2, 3))
    turned.positions += [3.0, -2.0, 1.0]
    moved = one.copy()
    moved.positions[0] += 0.3
    other = Atoms("OH2N", one.positions)
    rows, owner = environments([one, turned[[2, 0, 3, 1]], moved, other], [1, 6, 7, 8])
    np.testing.assert_array_equal(owner, np.repeat(np.arange(4), 4))
    rows = rows.reshape(4, 4, -1)
    np.testing.assert_allclose(rows[1], rows[0][[2, 0, 3, 1]], atol=1e-12)
    assert np.linalg.norm(rows[2] - rows[0]) > 0.05
    assert np.linalg.norm(rows[3] - rows[0]) > 0.05


def test_doubts_are_the_variance_of_forces_of_members():
    forces = np.random.default_rng(0).normal(size=(5, 3, 3))
    found = doubts(Prediction(energy=np.zeros(1), terms={}, forces_by_member=forces))
    mean = forces.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(found, np.sum((forces - mean) ** 2, axis=(1, 2)) / 2)


def test_the_unsure_are_chosen_but_not_what_labels_of_others_make_sure():
    policy, rng = Policy(), np.random.default_rng(0)
    apart = [pair(r) for r in (1.0, 1.5, 2.0)]
    assert chosen(apart, unsure(9.0, 0.1, 5.0), [pair(1.0)], policy, 3, rng) == [2, 1]  # 0 is known
    close = [pair(r) for r in (2.0, 2.01, 3.5)]
    assert chosen(close, unsure(5.0, 4.9, 1.0), [pair(1.0)], policy, 3, rng) == [0, 2, 1]
    assert chosen(close, unsure(4.9, 5.0, 9.0), [pair(1.0)], policy, 2, rng) == [2, 1]
    assert chosen([], [], [pair(1.0)], policy, 2, rng) == []


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


@pytest.mark.parametrize("choose", ["uncertain", "random"])
@pytest.mark.parametrize("variance", [1.0, 0.0])
def test_nothing_is_taken_twice_nor_what_is_known(choose, variance):
    copies = [pair(1.0), pair(2.0), pair(2.0), pair(1.0), pair(1.5)]
    picks = chosen(copies, unsure(*[variance] * 5), [pair(1.0)], Policy(choose=choose), 5, np.random.default_rng(0))
    assert sorted(copies[n].get_distance(0, 1) for n in picks) == [1.5, 2.0]


def test_random_choice_does_not_look_at_variances():
    candidates, variances = [pair(1.1 + 0.1 * n) for n in range(10)], unsure(*np.arange(10.0))
    policy = Policy(choose="random")
    counts = np.zeros(10)
    for seed in range(200):
        picks = chosen(candidates, variances, [pair(1.0)], policy, 3, np.random.default_rng(seed))
        assert len(set(picks)) == 3
        counts[picks] += 1
    assert counts.min() > 30


def test_a_policy_that_cannot_be_is_refused():
    for wrong in ({"rho": 0.0}, {"labels": 0}, {"batch": 0}, {"hottest_kelvin": 0.0}, {"seed": -1}):
        with pytest.raises(ValueError, match="above 0"):
            Policy(**wrong)
