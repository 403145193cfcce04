"""How well a run conserves what it should."""

import numpy as np
from jaxtyping import Float

from eukrates.analysis.statistics import mean_and_error


def drift(
    time_fs: Float[np.ndarray, " frames"], conserved_energy: Float[np.ndarray, " frames"], atoms: int
) -> tuple[float, float]:
    """Slope of the conserved energy and its standard error, in meV per atom and ps.

    The slope of the least-squares line; its error from the scatter of the slope's terms, correlation in time included
    (block averages). A drift within two errors of zero is no drift.

    Raises:
        ValueError: fewer than three frames, or no time passes between them.
    """
    t, e = np.asarray(time_fs, np.float64) / 1000, 1000 * np.asarray(conserved_energy, np.float64) / atoms
    if t.size < 3 or not np.ptp(t) > 0:
        raise ValueError(f"Expected at least three frames at different times, got {t.size}.")
    centred = t - t.mean()
    spread = np.mean(centred**2)
    slope = float(np.mean(centred * (e - e.mean())) / spread)
    left = e - e.mean() - slope * centred
    _, error = mean_and_error(centred * left / spread)
    return slope, error
