"""Power spectra of series by averaged windows, over wavenumbers."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eukrates.units import FS, WAVENUMBER

HANN_WIDTH = 1.44  # full width at half maximum of the Hann window's power, in 1 / duration (Harris 1978, table I)
PER_FS = 2 * np.pi * WAVENUMBER / FS  # 1/cm of one oscillation per fs
AT_ONCE = 192  # series transformed together


@dataclass(frozen=True)
class Spectrum:
    """A density over wavenumbers. `np.sum(density) * spacing` over a band is what the band holds."""

    wavenumber: np.ndarray  # 1/cm, from 0 to `nyquist`, [bins]
    density: np.ndarray  # [bins], unit × cm
    error: np.ndarray  # standard error from the segments, [bins]; NaN if the run was one segment long
    resolution: float  # 1/cm, full width at half maximum that a sharp line gets
    segments: int

    @property
    def spacing(self) -> float:
        """1/cm between points; smaller than the resolution."""
        return float(self.wavenumber[1])

    @property
    def nyquist(self) -> float:
        """1/cm; what vibrates faster is folded back to 2 nyquist - wavenumber, where it does not belong."""
        return float(self.wavenumber[-1])

    def within(self, low: float, high: float) -> float:
        """What the band from `low` to `high` (1/cm) holds."""
        chosen = (self.wavenumber >= low) & (self.wavenumber <= high)
        return float(np.sum(self.density[chosen]) * self.spacing)


def power_spectrum(
    spacing_fs: float,
    series: Float[np.ndarray, "frames columns"],
    weights: Float[np.ndarray, " columns"],
    resolution: float,
) -> Spectrum:
    """Σ weight × one-sided power density of the columns of `series`; its integral is Σ weight × ⟨series²⟩.

    The mean over half-overlapping Hann windows, just long enough for the `resolution` (1/cm): Welch, IEEE Trans. Audio
    Electroacoust. 15, 70 (1967), doi:10.1109/TAU.1967.1161901.

    Raises:
        ValueError: a resolution that is not positive, or a run too short for it.
    """
    if not resolution > 0:
        raise ValueError(f"Expected a resolution above 0 1/cm, got {resolution!r}.")
    per_step = PER_FS / spacing_fs  # 1/cm of one oscillation per step
    length = max(2 * int(np.ceil(HANN_WIDTH * per_step / resolution / 2)), 4)
    if len(series) < length:
        best = 1.01 * HANN_WIDTH * per_step / max(len(series), 1)
        raise ValueError(
            f"A resolution of {resolution:g} 1/cm needs {length} steps of {spacing_fs:g} fs, the run has "
            f"{len(series)}. Run longer, or ask for {best:.3g} 1/cm or coarser."
        )
    window = np.hanning(length + 1)[:-1]
    width = per_step / length  # 1/cm between points
    sides = np.full(length // 2 + 1, 2.0)
    sides[[0, -1]] = 1.0
    rows = []
    for start in range(0, len(series) - length + 1, length // 2):
        row = np.zeros(sides.size)
        for first in range(0, weights.size, AT_ONCE):
            part = np.asarray(series[start : start + length, first : first + AT_ONCE], np.float64)
            waves = np.fft.rfft(window[:, None] * part, axis=0)
            row += (waves.real**2 + waves.imag**2) @ weights[first : first + AT_ONCE]
        rows.append(sides * row / (length * np.sum(window**2) * width))
    n = len(rows)
    error = np.full(sides.size, np.nan)
    if n > 1:  # halves of Hann windows share 1/36 of their variance with each neighbour
        error = np.std(rows, axis=0, ddof=1) * np.sqrt((1 + 2 / 36 * (1 - 1 / n)) / n)
    return Spectrum(width * np.arange(sides.size), np.mean(rows, axis=0), error, HANN_WIDTH * width, n)
