"""Stability of made-up runs that break at a known frame."""

import numpy as np
import pytest
from ase.build import molecule

from eukrates.analysis import find_bonds, stability
from eukrates.data.atoms import to_system
from eukrates.matter import system

ETHANOL = to_system(molecule("CH3CH2OH"))
BONDS = find_bonds(ETHANOL)
OH = next(pair for pair in BONDS.tolist() if sorted(ETHANOL.numbers[pair]) == [1, 8])


def shaken(frames=600, seed=0):
    return ETHANOL.positions + np.random.default_rng(seed).normal(0, 0.03, (frames, 9, 3))


def torn(frame, stretch):
    """From `frame` on, O-H is longer by `stretch` Å."""
    r = np.tile(ETHANOL.positions, (600, 1, 1))
    o, h = sorted(OH, key=lambda a: -ETHANOL.numbers[a])
    along = ETHANOL.positions[h] - ETHANOL.positions[o]
    r[frame:, h] += stretch * along / np.linalg.norm(along)
    return r


def test_a_calm_run_is_stable():
    found = stability(ETHANOL, shaken(), BONDS)
    assert (found.coefficient, found.first_unphysical, found.reason) == (1.0, None, "")
    assert found.coefficient_of(1000) == 0.6  # the run was stopped
    with pytest.raises(ValueError, match="at least the 600 frames"):
        found.coefficient_of(599)


@pytest.mark.parametrize("frame", [0, 1, 255, 256, 450, 599])
def test_a_bond_breaks_at_a_known_frame(frame):
    found = stability(ETHANOL, torn(frame, 0.51), BONDS)
    assert found.first_unphysical == frame
    assert found.coefficient == frame / 600
    assert f"bond {OH[0]}-{OH[1]} is" in found.reason
    assert stability(ETHANOL, torn(frame, 0.49), BONDS).coefficient == 1.0
    assert stability(ETHANOL, torn(frame, 0.49), BONDS, threshold=0.4).first_unphysical == frame
    assert stability(ETHANOL, torn(frame, -0.51), BONDS).first_unphysical == frame  # too short is unphysical too


def test_lengths_at_rest_may_come_from_elsewhere():
    from_elsewhere = np.linalg.norm(ETHANOL.positions[BONDS[:, 0]] - ETHANOL.positions[BONDS[:, 1]], axis=1)
    r = torn(100, 0.3)
    assert stability(ETHANOL, r, BONDS, lengths=from_elsewhere).coefficient == 1.0
    assert stability(ETHANOL, r, BONDS, lengths=from_elsewhere - 0.25).first_unphysical == 100


def test_heat_and_what_is_not_a_number():
    hot = np.full(600, 300.0)
    hot[321] = 3000.0
    assert stability(ETHANOL, shaken(), BONDS, temperature_kelvin=hot).coefficient == 1.0
    found = stability(ETHANOL, shaken(), BONDS, temperature_kelvin=hot, hottest_kelvin=2000.0)
    assert found.first_unphysical == 321
    assert "3000 K, above 2000 K" in found.reason
    r = shaken()
    r[77:, 4, 1] = np.nan
    found = stability(ETHANOL, r, BONDS)
    assert found.first_unphysical == 77
    assert "not finite" in found.reason


def test_bonds_across_a_breathing_boundary_are_not_broken():
    cell = 6 * np.eye(3)
    pair = system([6, 6], [[0.2, 3, 3], [5.0, 3, 3]], cell)  # 1.2 Å through the wall
    cells = np.array([6.0, 6.6])[:, None, None] * np.eye(3)
    r = np.array([pair.positions, [[0.2, 3, 3], [5.6, 3, 3]]])
    assert stability(pair, r, np.array([[0, 1]]), cells=cells).coefficient == 1.0
    assert stability(pair, r, np.array([[0, 1]])).first_unphysical == 1  # taken with the old cell: 0.6 Å


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(ValueError, match="one frame and one bond"):
        stability(ETHANOL, shaken(), BONDS[:0])
    with pytest.raises(ValueError, match="give both"):
        stability(ETHANOL, shaken(), BONDS, hottest_kelvin=1000.0)
    with pytest.raises(ValueError, match="bounds above 0"):
        stability(ETHANOL, shaken(), BONDS, threshold=0.0)
