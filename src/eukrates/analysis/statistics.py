"""Means of correlated series with honest errors."""

import numpy as np
from jaxtyping import Float

FEWEST_BLOCKS = 16  # with fewer, the error of an error exceeds 18 %


def mean_and_error(series: Float[np.ndarray, " frames"]) -> tuple[float, float]:
    """The mean of a series and its standard error, correlation in time included, by block averaging.

    error = max over block lengths b of √(var(block means) / (n_b - 1)),   b = 1, 2, 4, … with n_b ≥ 16 blocks      (1)

    Once blocks are longer than the correlation time, the estimate no longer grows: the maximum is the plateau, or a
    lower bound of the error if the series is too short to reach it (Flyvbjerg & Petersen, J. Chem. Phys. 91, 461
    (1989), doi:10.1063/1.457480).

    Raises:
        ValueError: fewer than two values, or values that are not finite.
    """
    values = np.asarray(series, np.float64)
    if values.size < 2 or not np.all(np.isfinite(values)):
        finite = np.isfinite(values).sum()
        raise ValueError(f"Expected at least two values, all finite; got {values.size}, of which {finite} finite.")
    errors, blocks = [], values
    while True:
        errors.append(np.sqrt(np.var(blocks) / (blocks.size - 1)))  # (1)
        if blocks.size // 2 < FEWEST_BLOCKS:
            return float(values.mean()), float(max(errors))
        blocks = blocks[: blocks.size // 2 * 2].reshape(-1, 2).mean(axis=1)
