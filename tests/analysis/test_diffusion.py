"""Displacements of walkers whose diffusion coefficient is known."""

import numpy as np
import pytest

from eukrates.analysis import diffusion_coefficient, mean_square_displacement, without_drift
from eukrates.matter import system

D = 0.25  # Å²/ps
SPACING = 20.0  # fs


def walk(frames, atoms, seed=0):
    steps = np.random.default_rng(seed).normal(0, np.sqrt(2 * D * SPACING / 1000), (frames, atoms, 3))
    return SPACING * np.arange(frames), np.cumsum(steps, axis=0)


def someones(atoms, cell=None):
    return system([18] * atoms, np.zeros((atoms, 3)), cell)


def test_the_displacement_by_fourier_transform_is_that_by_definition():
    time, r = walk(37, 5)
    lags, msd = mean_square_displacement(someones(5), time, r + 1e3)
    np.testing.assert_allclose(lags, 0.02 * np.arange(37))
    direct = [np.mean(np.sum((r[m:] - r[: 37 - m]) ** 2, axis=-1)) for m in range(37)]
    np.testing.assert_allclose(msd, direct, rtol=1e-9, atol=1e-12)
    _, two = mean_square_displacement(someones(5), time, r, atoms=np.array([1, 3]))
    _, same = mean_square_displacement(someones(2), time, r[:, [1, 3]])
    np.testing.assert_allclose(two, same)


def test_brownian_walkers_have_their_diffusion_coefficient():
    pulls = []
    for seed in range(6):
        time, r = walk(3000, 20, seed)
        found = diffusion_coefficient(someones(20), time, r)
        assert found.a2_per_ps == pytest.approx(D, rel=0.25)
        assert found.exponent == pytest.approx(1.0, abs=0.2)
        assert found.cm2_per_s == pytest.approx(1e-4 * found.a2_per_ps)
        pulls.append((found.a2_per_ps - D) / found.error_a2_per_ps)
    assert np.sqrt(np.mean(np.square(pulls))) < 2.5  # Student's t of four degrees of freedom has 1.4
    short = diffusion_coefficient(someones(20), *walk(3000, 20), window_ps=(0.02, 0.2))
    assert short.a2_per_ps == pytest.approx(D, rel=0.05)  # short lags average more origins
    assert abs(short.a2_per_ps - D) < 4 * short.error_a2_per_ps


def test_free_flight_is_ballistic_and_says_so():
    time = SPACING * np.arange(200)
    velocities = np.random.default_rng(0).normal(0, 0.01, (30, 3))  # Å/fs
    r = time[:, None, None] * velocities
    lags, msd = mean_square_displacement(someones(30), time, r)
    np.testing.assert_allclose(msd, np.mean(np.sum((1000 * velocities) ** 2, axis=1)) * lags**2, rtol=1e-8)
    assert diffusion_coefficient(someones(30), time, r).exponent == pytest.approx(2.0, abs=1e-6)


def test_drift_of_periodic_structures_is_removed_and_of_open_ones_kept():
    time = SPACING * np.arange(100)
    r = np.array([[[0.0, 0, 0], [2.0, 0, 0]]]) + 0.01 * time[:, None, None]
    periodic = someones(2, 8 * np.eye(3))
    moved = 3 * (0.01 * SPACING) ** 2
    assert mean_square_displacement(periodic, time, r)[1][1] == pytest.approx(0.0, abs=1e-9)
    assert mean_square_displacement(periodic, time, r, remove_drift=False)[1][1] == pytest.approx(moved)
    assert mean_square_displacement(someones(2), time, r)[1][1] == pytest.approx(moved)
    heavy = np.array([3.0, 1.0])
    held = without_drift(periodic, r + np.array([[0.0], [1.0]]) * time[:, None, None], heavy)
    np.testing.assert_allclose(np.einsum("a,fax->fx", heavy, held), np.tile([2.0, 0, 0], (100, 1)), atol=1e-9)


def test_frames_must_be_equally_spaced_and_enough():
    time, r = walk(100, 2)
    time[60:] += 5.0
    with pytest.raises(ValueError, match="between frames 59 and 60"):
        mean_square_displacement(someones(2), time, r)
    with pytest.raises(ValueError, match="at least 50 frames, got 40"):
        diffusion_coefficient(someones(2), *walk(40, 2))
    with pytest.raises(ValueError, match="at least three lags"):
        diffusion_coefficient(someones(2), *walk(100, 2), window_ps=(0.1, 5.0))
    assert diffusion_coefficient(someones(2), *walk(100, 2), window_ps=(0.1, 0.3)).window_ps == (0.1, 0.3)
