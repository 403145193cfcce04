"""How far atoms go: mean-square displacements and diffusion coefficients."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from eukrates.analysis.frame_spacing import frame_spacing_fs
from eukrates.elements import MASSES
from eukrates.matter import System

A2_PER_PS_IN_CM2_PER_S = 1e-4  # 1e-16 cm² / 1e-12 s
SEGMENTS = 5
WINDOW = (0.1, 0.5)  # of the duration of a segment, where its slope is taken
AT_ONCE = 64  # atoms transformed together


@dataclass(frozen=True)
class Diffusion:
    """A diffusion coefficient with the standard error of its mean over independent segments of the run."""

    a2_per_ps: float
    error_a2_per_ps: float
    window_ps: tuple[float, float]  # lags between which the slope was taken
    exponent: float  # of MSD ∝ t^α in the window: 1 is diffusion, 2 free flight, 0 a cage; only with 1 is D one

    @property
    def cm2_per_s(self) -> float:
        return self.a2_per_ps * A2_PER_PS_IN_CM2_PER_S

    @property
    def error_cm2_per_s(self) -> float:
        return self.error_a2_per_ps * A2_PER_PS_IN_CM2_PER_S


def without_drift(
    structure: System, positions: Float[np.ndarray, "frames atoms 3"], masses: Float[np.ndarray, " atoms"] | None = None
) -> Float[np.ndarray, "frames atoms 3"]:
    """Positions (Å) with the centre of mass held where the first frame has it; standard atomic weights (u) if None."""
    r = np.asarray(positions, np.float64)
    weights = MASSES[np.asarray(structure.numbers)] if masses is None else np.asarray(masses, np.float64)
    centre = np.einsum("a,fax->fx", weights / weights.sum(), r)
    return r - (centre - centre[0])[:, None]


def mean_square_displacement(
    structure: System,
    time_fs: Float[np.ndarray, " frames"],
    positions: Float[np.ndarray, "frames atoms 3"],
    atoms: Int[np.ndarray, " some"] | None = None,
    remove_drift: bool | None = None,
    masses: Float[np.ndarray, " atoms"] | None = None,
) -> tuple[Float[np.ndarray, " frames"], Float[np.ndarray, " frames"]]:
    """Lags in ps and mean-square displacements in Å², averaged over atoms and over all time origins.

    MSD(m) = ⟨ |r(k+m) - r(k)|² ⟩_k = S(m) - 2 C(m),   C the autocorrelation of r by FFT                        (1)
    S(m)   = Σ_{k < n-m} (|r(k+m)|² + |r(k)|²) / (n - m)                                                        (2)

    (Calandrini et al., Collection SFN 12, 201 (2011), sec. 4.2.1, doi:10.1051/sfn/201112010). Long lags average few
    origins: the last lag has one.

    Args:
        time_fs: equally spaced.
        positions: Å, never wrapped into the cell, as trajectories of this package are.
        atoms: whose displacement; all if None.
        remove_drift: hold the centre of mass of the whole structure; None: yes if it is periodic. N equal atoms that
            move independently then have (1 - 1/N) of their displacement.
        masses: u, for the centre of mass; standard atomic weights if None.

    Raises:
        ValueError: fewer than two frames, or frames not equally spaced.
    """
    spacing = frame_spacing_fs(time_fs, len(positions))
    r = _selected(structure, positions, atoms, remove_drift, masses)
    return spacing / 1000 * np.arange(len(r)), _displacements(r)


def diffusion_coefficient(
    structure: System,
    time_fs: Float[np.ndarray, " frames"],
    positions: Float[np.ndarray, "frames atoms 3"],
    atoms: Int[np.ndarray, " some"] | None = None,
    remove_drift: bool | None = None,
    masses: Float[np.ndarray, " atoms"] | None = None,
    window_ps: tuple[float, float] | None = None,
) -> Diffusion:
    """D from the slope of the mean-square displacement in three dimensions, MSD = 6 D t + c (Einstein).

    The run is cut into five segments; each gives a slope (least squares over the lags of the window), and the scatter
    of the five gives the error. It is honest if a segment is longer than the motion remembers. Not corrected for the
    size of the cell (Yeh & Hummer, J. Phys. Chem. B 108, 15873 (2004), doi:10.1021/jp0477147): in a cubic cell of
    edge L add 2.837 kT / (6π η L).

    Args:
        window_ps: lags between which the slope is taken; from 10 to 50 % of a segment if None. See
            `mean_square_displacement` for the others.

    Raises:
        ValueError: too few frames for five segments, frames not equally spaced, or a window with fewer than three lags
            of a segment.
    """
    spacing = frame_spacing_fs(time_fs, len(positions), fewest=10 * SEGMENTS) / 1000
    r = _selected(structure, positions, atoms, remove_drift, masses)
    size = len(r) // SEGMENTS
    lags = spacing * np.arange(size)
    low, high = window_ps if window_ps is not None else (WINDOW[0] * lags[-1], WINDOW[1] * lags[-1])
    inside = (lags >= low) & (lags <= high) & (lags > 0)
    if inside.sum() < 3 or high > lags[-1]:
        raise ValueError(
            f"Expected a window with at least three lags inside a segment (every {spacing:g} ps up to {lags[-1]:g} "
            f"ps), got {low:g} to {high:g} ps. Choose another window, record more often or run longer."
        )
    curves = np.array([_displacements(r[n * size : (n + 1) * size])[inside] for n in range(SEGMENTS)])
    slopes = np.polynomial.polynomial.polyfit(lags[inside], curves.T, 1)[1] / 6
    mean_curve = curves.mean(axis=0)
    exponent = float(np.polyfit(np.log(lags[inside]), np.log(mean_curve), 1)[0]) if np.all(mean_curve > 0) else 0.0
    error = float(np.std(slopes, ddof=1) / np.sqrt(SEGMENTS))
    return Diffusion(float(slopes.mean()), error, (float(low), float(high)), exponent)


def _selected(structure, positions, atoms, remove_drift, masses) -> np.ndarray:
    held = bool(np.any(structure.cell != 0)) if remove_drift is None else remove_drift
    r = without_drift(structure, positions, masses) if held else np.asarray(positions, np.float64)
    return r if atoms is None else r[:, atoms]


def _displacements(r: np.ndarray) -> np.ndarray:
    """Mean over atoms of (1), [frames]."""
    n, atoms = r.shape[:2]
    r = r - r.mean(axis=0)  # a large common offset would cost digits
    overlap = np.zeros(n)
    for start in range(0, atoms, AT_ONCE):
        waves = np.fft.rfft(r[:, start : start + AT_ONCE], 2 * n, axis=0)
        power = np.sum(waves.real**2 + waves.imag**2, axis=(1, 2))
        overlap += np.fft.irfft(power, 2 * n)[:n]
    squares = np.sum(r**2, axis=(1, 2))
    ahead, behind = np.cumsum(squares[::-1])[::-1], np.cumsum(squares)[::-1]
    msd = (ahead + behind - 2 * overlap) / (np.arange(n, 0, -1) * atoms)  # (1), (2)
    return np.concatenate([[0.0], np.maximum(msd[1:], 0.0)])
