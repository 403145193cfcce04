"""Whether a run has the temperature that it should have."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eukrates.analysis.statistics import mean_and_error


@dataclass(frozen=True)
class TemperatureStatistics:
    """Of the instantaneous temperature, in K."""

    mean: float
    error: float  # standard error of the mean, from block averages
    deviation: float  # standard deviation
    canonical_deviation: float  # what the canonical ensemble has at this mean: T √(2/f)


def temperature_statistics(
    temperature_kelvin: Float[np.ndarray, " frames"], degrees_of_freedom: int
) -> TemperatureStatistics:
    """Mean with error, and fluctuation beside that of the canonical ensemble.

    σ_T = T √(2/f),   the kinetic energy being a sum of f squares of normal numbers      (1)

    At constant energy the fluctuation is smaller.
    """
    mean, error = mean_and_error(temperature_kelvin)
    canonical = mean * float(np.sqrt(2 / max(degrees_of_freedom, 1)))  # (1)
    return TemperatureStatistics(mean, error, float(np.std(temperature_kelvin)), canonical)
