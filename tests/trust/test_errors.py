"""Errors against numbers worked out by hand."""

import numpy as np
import pytest

from eukrates.trust.errors import errors
from eukrates.trust.table import Table, show


def test_errors_of_four_numbers_by_hand():
    found = errors(np.array([1.0, 2.0, 3.0, 8.0]), np.array([0.0, 2.0, 4.0, 6.0]))
    # errors 1, 0, -1, 2: bias 0.5, MAE 1, RMSE √(6/4), largest 2; spread about the mean 3: 9+1+1+9 = 20
    assert found.count == 4
    assert found.bias == pytest.approx(0.5)
    assert found.mae == pytest.approx(1.0)
    assert found.rmse == pytest.approx(np.sqrt(1.5))
    assert found.max == pytest.approx(2.0)
    assert found.r2 == pytest.approx(1 - 6 / 20)
    assert found.times(1000.0).mae == pytest.approx(1000.0)
    assert found.times(1000.0).r2 == found.r2


def test_nothing_to_average_is_none_and_not_zero():
    assert errors(np.zeros((0, 3)), np.zeros((0, 3))).mae is None
    assert errors([1.0, 2.0], [5.0, 5.0]).r2 is None  # a constant has no spread to explain


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="one shape"):
        errors(np.zeros(3), np.zeros((3, 1)))


def test_table_shows_unknown_as_a_dash_and_keeps_four_digits():
    text = Table("T", ("what", "value"), [("a", 0.00123456), ("b", None), ("c", 1234567.0), ("d", float("nan"))]).text()
    assert [line.split()[-1] for line in text.splitlines()[2:]] == ["0.001235", "–", "1.23e+06", "–"]
    assert show(3) == "3"
    with pytest.raises(ValueError, match="cells a row"):
        Table("T", ("one",), [(1, 2)])
