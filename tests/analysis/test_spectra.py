"""Spectra of oscillators whose wavenumbers, temperature and infrared intensity are known."""

import numpy as np
import pytest

from eukrates.analysis import infrared_spectrum, velocity_spectrum
from eukrates.analysis.frame_spacing import frame_spacing_fs
from eukrates.units import DEBYE, FS, KELVIN

C_CM_PER_FS = 2.99792458e-5


def oscillators(wavenumbers, masses, temperature, time, seed=0):
    """Positions (Å) and velocities (Å/fs) of one three-dimensional harmonic oscillator per atom, ⟨m v²⟩ = kT each."""
    rng = np.random.default_rng(seed)
    omega = 2 * np.pi * C_CM_PER_FS * np.asarray(wavenumbers)[:, None]  # 1/fs
    speed = np.sqrt(2 * KELVIN * temperature / np.asarray(masses))[:, None] * FS  # amplitude of each component
    phase = omega * time[:, None, None] + 2 * np.pi * rng.random((len(wavenumbers), 3))
    return speed / omega * np.sin(phase), speed * np.cos(phase)


def test_peaks_stand_where_the_oscillators_vibrate_and_hold_their_share_of_the_temperature():
    wavenumbers, masses = [500.0, 1603.0, 2999.0], np.array([16.0, 12.0, 1.0])
    time = 3.0 * np.arange(8000)
    _, v = oscillators(wavenumbers, masses, 300.0, time)
    found = velocity_spectrum(time, v, masses, degrees_of_freedom=9, resolution=8.0)
    assert found.resolution <= 8.0
    assert found.segments > 5
    assert found.nyquist == pytest.approx(1 / (2 * 3.0 * C_CM_PER_FS))
    for wavenumber in wavenumbers:
        near = np.abs(found.wavenumber - wavenumber) < 50
        assert abs(found.wavenumber[near][np.argmax(found.density[near])] - wavenumber) <= found.resolution / 2
        assert found.within(wavenumber - 50, wavenumber + 50) == pytest.approx(100.0, rel=0.01)  # T · 3 / 9
        half = found.density[near] > found.density[near].max() / 2
        assert half.sum() * found.spacing < 2 * found.resolution
    assert np.sum(found.density) * found.spacing == pytest.approx(300.0, rel=0.01)


def test_white_velocities_have_a_flat_spectrum_with_the_kinetic_temperature():
    pulls, masses = [], np.linspace(1, 16, 20)
    for seed in range(8):
        v = np.random.default_rng(seed).normal(size=(4000, 20, 3)) * np.sqrt(KELVIN * 350.0 / masses)[:, None] * FS
        found = velocity_spectrum(2.0 * np.arange(4000), v, masses, 60, resolution=100.0)
        kinetic = np.mean(np.sum(masses[:, None] * (v / FS) ** 2, axis=(1, 2))) / (60 * KELVIN)
        assert np.sum(found.density) * found.spacing == pytest.approx(kinetic, rel=0.005)
        assert kinetic == pytest.approx(350.0, rel=0.02)
        pulls.append(((found.density - 350.0 / found.nyquist) / found.error)[1:-1])
    assert 0.9 < np.sqrt(np.mean(np.square(pulls))) < 1.15  # errors are honest


def test_infrared_intensity_of_a_mode_is_the_textbook_number():
    """A dipole derivative of 1 D/(Å √u) is 42.2561 km/mol, at any wavenumber and temperature."""
    time = 4.0 * np.arange(6000)
    for wavenumber, temperature in ((1000.0, 300.0), (3700.0, 500.0)):
        x, _ = oscillators([wavenumber], [4.0], temperature, time)
        dipoles = 2 * DEBYE * x[:, 0] * np.array([1.0, 0.0, 0.0]) + 5.0
        found = infrared_spectrum(time, dipoles, temperature, resolution=10.0)
        assert found.within(wavenumber - 40, wavenumber + 40) == pytest.approx(42.2561, rel=0.01)
        assert np.sum(found.density) * found.spacing == pytest.approx(42.2561, rel=0.01)
        assert abs(found.wavenumber[np.argmax(found.density)] - wavenumber) <= found.resolution / 2


def test_what_vibrates_faster_than_nyquist_is_folded_back():
    time = 8.0 * np.arange(4000)
    _, v = oscillators([3000.0], [1.0], 300.0, time)
    found = velocity_spectrum(time, v, np.array([1.0]), 3)
    assert found.nyquist < 3000
    peak = found.wavenumber[np.argmax(found.density)]
    assert peak == pytest.approx(2 * found.nyquist - 3000.0, abs=found.resolution)


def test_one_segment_has_no_error_and_bad_runs_are_refused():
    time = 2.0 * np.arange(1000)
    _, v = oscillators([1000.0], [1.0], 300.0, time)
    mass = np.array([1.0])
    assert np.isnan(velocity_spectrum(time, v, mass, 3, resolution=25.0).error).all()
    with pytest.raises(ValueError, match=r"needs 2402 steps of 2 fs, the run has 1000.*ask for 24\.3 1/cm"):
        velocity_spectrum(time, v, mass, 3)
    uneven = time.copy()
    uneven[500:] += 2.0
    with pytest.raises(ValueError, match=r"equally spaced in time.*between frames 499 and 500"):
        velocity_spectrum(uneven, v, mass, 3, resolution=50.0)
    with pytest.raises(ValueError, match="degree of freedom"):
        velocity_spectrum(time, v, mass, 0, resolution=50.0)
    with pytest.raises(ValueError, match="above 0 K"):
        infrared_spectrum(time, v[:, 0], 0.0, resolution=50.0)
    with pytest.raises(ValueError, match="resolution above 0"):
        infrared_spectrum(time, v[:, 0], 300.0, resolution=0.0)


def test_frames_without_times_are_refused():
    with pytest.raises(ValueError, match="one time for each of 7 frames, got 6"):
        frame_spacing_fs(np.arange(6.0), 7)
    with pytest.raises(ValueError, match="got steps from -2 to -2 fs"):
        frame_spacing_fs(-2 * np.arange(6.0), 6)
    assert frame_spacing_fs(3.0 + 0.1 * np.arange(6.0), 6) == pytest.approx(0.1)
