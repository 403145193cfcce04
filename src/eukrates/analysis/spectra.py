"""Spectra of a run: the vibrational density of states from velocities, infrared absorption from dipoles."""

import numpy as np
from jaxtyping import Float

from eukrates.analysis.frame_spacing import frame_spacing_fs
from eukrates.analysis.power_spectrum import Spectrum, power_spectrum
from eukrates.units import FS, KE, KELVIN, KM_PER_MOL, WAVENUMBER

LIGHT = 1e8 / (2 * np.pi * WAVENUMBER)  # Å per internal time
STRENGTH = np.pi * KE / (3 * LIGHT**2) / KM_PER_MOL  # N_A / (12 ε₀ c²): km/mol of |∂μ/∂Q|² = 1 e²/u; 1/ε₀ = 4π kₑ


def velocity_spectrum(
    time_fs: Float[np.ndarray, " frames"],
    velocities: Float[np.ndarray, "frames atoms 3"],
    masses: Float[np.ndarray, " atoms"],
    degrees_of_freedom: int,
    resolution: float = 10.0,
) -> Spectrum:
    """The mass-weighted power spectrum of the velocities, in K per 1/cm: its integral is the kinetic temperature.

    P(ν̃) = Σᵢ mᵢ |FT[w vᵢ](ν̃)|² / (f k_B) ,   ∫₀ P dν̃ = Σᵢ mᵢ ⟨vᵢ²⟩ / (f k_B) = T                              (1)

    by the mean over half-overlapping Hann windows w (see `power_spectrum`). In a classical run every harmonic mode
    holds T/f, so f/T × density is the vibrational density of states, whose integral is f. Translation and rotation lie
    within a resolution of 0. The integral is that of (1) up to the ends of the run, where windows fade. Frames every
    5 fs reach 3336 1/cm, too few for hydrogen; every 4 fs 4170.

    Args:
        time_fs: equally spaced.
        velocities: Å/fs.
        masses: u.
        degrees_of_freedom: f, less what the ensemble or constraints took.
        resolution: 1/cm; 10 needs segments of 4.8 ps.

    Raises:
        ValueError: frames not equally spaced, a run too short for the resolution, no degree of freedom.
    """
    if degrees_of_freedom < 1:
        raise ValueError(f"Expected at least one degree of freedom, got {degrees_of_freedom}.")
    v = np.asarray(velocities).reshape(len(velocities), -1)
    weights = np.repeat(np.asarray(masses, np.float64), 3) / (FS**2 * KELVIN * degrees_of_freedom)
    return power_spectrum(frame_spacing_fs(time_fs, len(v)), v, weights, resolution)  # (1)


def infrared_spectrum(
    time_fs: Float[np.ndarray, " frames"],
    dipoles: Float[np.ndarray, "frames 3"],
    temperature_kelvin: float,
    resolution: float = 10.0,
) -> Spectrum:
    """Infrared absorption of the whole structure, in km/mol per 1/cm: the integral of a band is its intensity.

    A(ν̃) = N_A / (12 ε₀ c² k_B T) · P(ν̃) ,   ∫₀ P dν̃ = ⟨|dμ/dt|²⟩                                               (2)

    (linear response of classical nuclei, which with the harmonic quantum correction is the same expression; Thomas et
    al., Phys. Chem. Chem. Phys. 15, 6608 (2013), doi:10.1039/c3cp44302g). A mode with dipole derivative 1 D/(Å √u)
    has 42.26 km/mol at any temperature. The refractive index is taken as 1. dμ/dt comes from differences of
    consecutive frames, corrected so that every frequency below Nyquist is exact:

    |dμ/dt|² = |Δμ/Δt|² (x / sin x)² ,   x = π/2 · ν̃/nyquist                                                     (3)

    Args:
        time_fs: equally spaced.
        dipoles: e Å. Continuous in time: dipoles of periodic structures that jump when an atom crosses the boundary
            make noise everywhere. Of a charged molecule, relative to its centre of mass.
        temperature_kelvin: of the run.
        resolution: 1/cm; 10 needs segments of 4.8 ps.

    Raises:
        ValueError: frames not equally spaced, a run too short for the resolution, no temperature.
    """
    if not temperature_kelvin > 0:
        raise ValueError(f"Expected a temperature above 0 K, got {temperature_kelvin!r}.")
    spacing = frame_spacing_fs(time_fs, len(dipoles), fewest=3)
    rates = np.diff(np.asarray(dipoles, np.float64), axis=0) / (spacing * FS)
    strength = STRENGTH / (KELVIN * temperature_kelvin)  # (2)
    found = power_spectrum(spacing, rates, np.full(3, strength), resolution)
    exact = 1 / np.sinc(found.wavenumber / (2 * found.nyquist)) ** 2  # (3)
    return Spectrum(found.wavenumber, found.density * exact, found.error * exact, found.resolution, found.segments)
