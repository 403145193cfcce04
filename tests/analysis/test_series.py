"""Means and fluctuations of series whose distribution is known, correlated in time."""

import numpy as np
import pytest
from scipy.signal import lfilter

from eukrates.analysis import compressibility_per_gpa, log_statistics, series_statistics
from eukrates.units import GPA, KELVIN


def correlated(length, memory, seed):
    """A stationary normal series of variance 1 with correlation exp(-k / memory)."""
    a = np.exp(-1 / memory)
    noise = np.random.default_rng(seed).normal(size=length) * np.sqrt(1 - a * a)
    noise[0] /= np.sqrt(1 - a * a)
    return lfilter([1.0], [1.0, -a], noise)


@pytest.mark.parametrize("memory", [0.01, 8.0])
def test_mean_and_deviation_with_honest_errors(memory):
    found = [series_statistics(5.0 + 2.0 * correlated(8192, memory, seed)) for seed in range(40)]
    for value, error, exact in (("mean", "error", 5.0), ("deviation", "deviation_error", 2.0)):
        values = np.array([getattr(f, value) for f in found])
        errors = np.array([getattr(f, error) for f in found])
        assert np.mean(values) == pytest.approx(exact, abs=4 * np.std(values) / np.sqrt(40))
        assert 0.75 < np.mean(errors) / np.std(values, ddof=1) < 1.5


def test_few_values_have_the_unbiased_variance():
    values = np.array([1.0, 2.0, 4.0, 9.0])
    assert series_statistics(values).deviation == pytest.approx(np.std(values, ddof=1))
    constant = series_statistics(np.full(10, 3.0))
    assert (constant.mean, constant.error, constant.deviation, constant.deviation_error) == (3.0, 0.0, 0.0, 0.0)


def test_a_log_is_summarised_by_name_and_a_bad_column_is_named():
    rows = np.random.default_rng(0).normal(size=(2, 500))
    found = log_statistics({"potential_energy": -100 + 0.1 * rows[0], "pressure_gpa": rows[1]})
    assert found["potential_energy"].mean == pytest.approx(-100, abs=0.05)
    assert found["pressure_gpa"] == series_statistics(rows[1])
    with pytest.raises(ValueError, match=r"density: Expected at least two values, all finite.*Leave this series out"):
        log_statistics({"density": np.array([1.0, np.nan])})


@pytest.mark.parametrize("memory", [0.01, 8.0])
def test_compressibility_of_volumes_with_a_known_spread(memory):
    """Water: 0.45 /GPa. A normal volume with variance κ kT V."""
    kappa, mean, kelvin = 0.45, 1900.0, 300.0
    sigma = np.sqrt(kappa / GPA * KELVIN * kelvin * mean)
    found = np.array([compressibility_per_gpa(mean + sigma * correlated(8192, memory, s), kelvin) for s in range(40)])
    spread = np.std(found[:, 0], ddof=1)
    assert np.mean(found[:, 0]) == pytest.approx(kappa, abs=4 * spread / np.sqrt(40))
    assert 0.75 < np.mean(found[:, 1]) / spread < 1.5


@pytest.mark.parametrize("atoms", [2, 50])
def test_compressibility_of_an_ideal_gas_is_one_over_its_pressure(atoms):
    """At constant pressure V is Gamma-distributed: shape N + 1, scale kT/P, so var(V) / (kT ⟨V⟩) = 1/P."""
    pressure, kelvin = 0.1, 300.0
    scale = KELVIN * kelvin / (pressure * GPA)
    draw = lambda seed: np.random.default_rng(seed).gamma(atoms + 1, scale, 4000)
    found = np.array([compressibility_per_gpa(draw(seed), kelvin) for seed in range(80)])
    spread = np.std(found[:, 0], ddof=1)
    assert np.mean(found[:, 0]) == pytest.approx(1 / pressure, abs=4 * spread / np.sqrt(80))
    assert 0.9 < np.mean(found[:, 1]) / spread < 1.35  # maxima over blocks lie somewhat above


def test_volumes_and_temperature_must_exist():
    with pytest.raises(ValueError, match="open cell has none"):
        compressibility_per_gpa(np.zeros(10), 300.0)
    with pytest.raises(ValueError, match="above 0 K"):
        compressibility_per_gpa(np.ones(10), 0.0)
