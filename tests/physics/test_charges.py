"""Charges that add up to a total charge, and what has none."""

import numpy as np
import pytest

import eukrates
from eukrates.physics.charges import conserved


def test_what_is_missing_is_spread_evenly_over_each_structure():
    one = eukrates.system([8, 1], [[0, 0, 0], [0, 0, 1.0]], charge=-1.0)
    other = eukrates.system([11], [[0, 0, 0]], charge=1.0)
    both = eukrates.matter.batch([eukrates.graph(s, 2.0) for s in (one, other)]).system
    found = conserved(np.array([0.5, 0.1, 7.0]), both)
    np.testing.assert_allclose(found, [-0.3, -0.7, 1.0], atol=1e-6)


def test_a_system_without_a_total_charge_is_refused():
    with pytest.raises(ValueError, match="this system states none"):
        conserved(np.zeros(2), eukrates.system([8, 1], [[0, 0, 0], [0, 0, 1.0]]))
