"""What a set of errors comes to: mean, mean absolute, root mean square, largest, and R².

With e = predicted - reference over n numbers:

    bias = Σ e / n,  MAE = Σ |e| / n,  RMSE = √(Σ e² / n),  R² = 1 - Σ e² / Σ (reference - mean reference)²
"""

from dataclasses import asdict, dataclass

import numpy as np


@dataclass(frozen=True)
class Errors:
    """Errors in the unit of what was compared; None where there is nothing to average."""

    count: int
    mae: float | None
    rmse: float | None
    max: float | None
    bias: float | None
    r2: float | None  # None too where all reference values are the same

    def times(self, factor: float) -> "Errors":
        """The same errors in another unit."""
        scaled = {k: None if v is None else v * factor for k, v in asdict(self).items() if k not in ("count", "r2")}
        return Errors(count=self.count, r2=self.r2, **scaled)


def errors(predicted, reference) -> Errors:
    """Errors of arrays of one shape, every number counting once.

    Raises:
        ValueError: the shapes differ.
    """
    predicted, reference = np.asarray(predicted, np.float64), np.asarray(reference, np.float64)
    if predicted.shape != reference.shape:
        raise ValueError(f"Expected arrays of one shape, got {predicted.shape} and {reference.shape}.")
    if predicted.size == 0:
        return Errors(0, None, None, None, None, None)
    e = (predicted - reference).ravel()
    spread = float(np.sum((reference - reference.mean()) ** 2))
    # a spread that is only rounding of the mean explains nothing
    varied = spread > 1e-24 * reference.size * max(1.0, float(np.max(np.abs(reference)))) ** 2
    return Errors(
        count=int(e.size),
        mae=float(np.mean(np.abs(e))),
        rmse=float(np.sqrt(np.mean(e**2))),
        max=float(np.max(np.abs(e))),
        bias=float(np.mean(e)),
        r2=1 - float(np.sum(e**2)) / spread if varied else None,
    )
