"""How sure an ensemble is: scale, bins and ranks against numbers worked out by hand and against drawn errors."""

import jax
import numpy as np
import pytest
from scipy.stats import spearmanr

from eukrates.data.sample import Sample
from eukrates.matter import system
from eukrates.models import ANI
from eukrates.plots.reliability import reliability
from eukrates.potential import deviation, predict
from eukrates.trust import Calibration, evaluate


def test_the_scale_is_equation_1():
    found = Calibration(np.array([1.0, 2.0, 4.0]), np.array([2.0, -2.0, 4.0]))
    assert found.scale == pytest.approx(((4 + 1 + 1) / 3) ** 0.5)
    assert found.within(1.0) == pytest.approx(2 / 3)
    expected, rmse = found.bins()
    assert expected == pytest.approx(found.scale * np.sqrt([7.0]))
    assert rmse == pytest.approx(np.sqrt([8.0]))


def test_errors_drawn_from_the_deviations_are_found_to_be_calibrated():
    rng = np.random.default_rng(0)
    sigma = rng.lognormal(sigma=0.8, size=4000)
    found = Calibration(sigma, 3.0 * sigma * rng.normal(size=4000))
    assert found.scale == pytest.approx(3.0, rel=0.05)
    assert found.within(1.0) == pytest.approx(0.683, abs=0.02)
    assert found.within(2.0) == pytest.approx(0.954, abs=0.01)
    assert found.ence < 0.08
    assert len(found.bins()[0]) == 10
    shuffled = Calibration(rng.permutation(sigma), found.errors)
    assert shuffled.ence > 5 * found.ence
    assert abs(shuffled.rank_correlation) < 0.05 < found.rank_correlation


def test_ranks_are_spearmans_with_ties():
    sigma, errors = np.array([1.0, 2.0, 2.0, 5.0, 3.0]), np.array([0.1, -0.4, 0.2, -0.4, 0.3])
    assert Calibration(sigma, errors).rank_correlation == pytest.approx(spearmanr(sigma, np.abs(errors)).statistic)
    assert Calibration(np.ones(5), errors).rank_correlation is None


def test_what_cannot_be_calibrated_is_refused():
    with pytest.raises(ValueError, match="two or more"):
        Calibration(np.ones(1), np.ones(1))
    with pytest.raises(ValueError, match="above 0"):
        Calibration(np.zeros(3), np.ones(3))


def test_an_evaluation_of_an_ensemble_has_its_calibration_and_of_one_potential_none():
    options = {"radial": {"cutoff": 4.0, "eta": 8.0, "shifts": [1.0, 2.0]}, "hidden": (4,)}
    options["angular"] = {"cutoff": 3.0, "eta": 8.0, "zeta": 8.0, "shifts": [1.5], "sections": [0.5, 1.5]}
    water = np.array([[0.0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]])
    systems = [system([8, 1, 1], water * (0.9 + 0.02 * n)) for n in range(12)]
    samples = [Sample(s, energy=-1.0, name=f"{n}") for n, s in enumerate(systems)]
    model = ANI(["H", "C", "O"], **options, members=3, key=jax.random.key(0))
    found = evaluate(model, samples)
    sigma = [float(deviation(predict(model, model.graph(s.system)))[0]) for s in samples]
    np.testing.assert_allclose(found.calibration.deviations, sigma, rtol=1e-5)
    assert found.as_dict()["calibration"]["structures"] == 12
    assert "How sure the ensemble is" in found.text()
    assert len(reliability(found.calibration).axes) == 2
    assert evaluate(model.apart()[0], samples).calibration is None
