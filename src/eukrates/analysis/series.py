"""Mean, fluctuation and their errors of any scalar that a log holds: energy, pressure, density, ..."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eukrates.analysis.statistics import mean_and_error


@dataclass(frozen=True)
class SeriesStatistics:
    """Of one series, in its unit."""

    mean: float
    error: float  # standard error of the mean, from block averages
    deviation: float  # standard deviation: how the series fluctuates
    deviation_error: float  # standard error of the deviation, from block averages


def series_statistics(series: Float[np.ndarray, " frames"]) -> SeriesStatistics:
    """Mean and standard deviation with standard errors, correlation in time included.

    σ²    = ⟨(x - x̄)²⟩ + err(x̄)²                                                                                (1)
    err σ = err ⟨(x - x̄)²⟩ / (2σ)                                                                                (2)

    with both errors by `mean_and_error`. The second term of (1) is there because the mean of a finite run follows the
    run; it is the well-known n / (n - 1) where nothing is correlated. Errors are lower bounds if the run is not much
    longer than its correlation.

    Raises:
        ValueError: fewer than two values, or values that are not finite.
    """
    values = np.asarray(series, np.float64)
    mean, error = mean_and_error(values)
    spread, spread_error = mean_and_error((values - mean) ** 2)
    deviation = float(np.sqrt(spread + error**2))  # (1)
    return SeriesStatistics(mean, error, deviation, spread_error / (2 * deviation) if deviation > 0 else 0.0)  # (2)


def log_statistics(observables: Mapping[str, np.ndarray]) -> dict[str, SeriesStatistics]:
    """`series_statistics` of every observable of a trajectory or log, by name.

    Raises:
        ValueError: names the series that has too few values, or values that are not finite.
    """
    found = {}
    for name, series in observables.items():
        try:
            found[name] = series_statistics(np.asarray(series, np.float64))
        except ValueError as error:
            raise ValueError(f"{name}: {error} Leave this series out, or the frames that spoil it.") from error
    return found
