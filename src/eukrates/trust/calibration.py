"""How sure an ensemble is, and how sure it should be: its deviations beside its errors.

    s = √⟨ε²/σ²⟩                                                                       (1)
    ENCE = ⟨|RMSE_b - s RMS(σ)_b| / (s RMS(σ)_b)⟩ over bins b of σ                     (2)

ε is the error of an energy and σ the standard deviation of the members. With errors that are normal with deviation s σ
the scale (1) is the most likely one. Levi et al., Sensors 22, 5540 (2022), doi:10.3390/s22155540: temperature scaling
for regression, and the expected normalised calibration error.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

FEWEST = 5  # structures that a bin needs
MOST_BINS = 10


@dataclass(frozen=True, eq=False)
class Calibration:
    """Deviations of an ensemble and its errors on structures it was not trained on.

    Args:
        deviations: σ, eV, of each structure.
        errors: ε, predicted - reference, eV.

    Raises:
        ValueError: fewer than two structures, arrays that do not fit, or deviations that are not above 0.
    """

    deviations: Float[np.ndarray, " structures"]
    errors: Float[np.ndarray, " structures"]

    def __post_init__(self):
        if self.deviations.shape != self.errors.shape or self.deviations.size < 2:
            raise ValueError(
                f"Expected two or more errors with a deviation each, got {self.errors.size} and {self.deviations.size}."
            )
        if not np.all(self.deviations > 0):
            raise ValueError("Expected deviations above 0: members that agree to the bit say nothing of the error.")

    @property
    def scale(self) -> float:
        """(1): what deviations have to be multiplied by to be errors that one must expect."""
        return float(np.sqrt(np.mean((self.errors / self.deviations) ** 2)))

    @property
    def rank_correlation(self) -> float | None:
        """Spearman's, of deviations and the size of errors: 1 where one orders structures like the other; None where
        either is the same for all."""
        ranks = [_ranks(self.deviations), _ranks(np.abs(self.errors))]
        if any(np.ptp(one) == 0 for one in ranks):
            return None
        return float(np.corrcoef(np.stack(ranks))[0, 1])

    def within(self, widths: float) -> float:
        """The share of errors within so many calibrated deviations; of normal errors 0.683 within one, 0.954 in two."""
        return float(np.mean(np.abs(self.errors) <= widths * self.scale * self.deviations))

    def bins(self) -> tuple[Float[np.ndarray, " bins"], Float[np.ndarray, " bins"]]:
        """The reliability diagram: s RMS(σ) and RMSE, eV, of bins of as many structures each, in the order of σ."""
        order = np.argsort(self.deviations, kind="stable")
        count = int(np.clip(order.size // FEWEST, 1, MOST_BINS))
        rms = lambda values: np.array([np.sqrt(np.mean(values[b] ** 2)) for b in np.array_split(order, count)])
        return self.scale * rms(self.deviations), rms(self.errors)

    @property
    def ence(self) -> float:
        """(2): how far the bins are from what they should be, relative; 0 is perfect."""
        expected, found = self.bins()
        return float(np.mean(np.abs(found - expected) / expected))

    def as_dict(self) -> dict:
        """Numbers for JSON."""
        expected, found = self.bins()
        return {
            "scale": self.scale,
            "structures": int(self.errors.size),
            "rank_correlation": self.rank_correlation,
            "within_one": self.within(1.0),
            "within_two": self.within(2.0),
            "ence": self.ence,
            "bins": {"deviation": expected.tolist(), "rmse": found.tolist()},
        }


def _ranks(values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Ranks from 0, equal values sharing theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts + 1) / 2)[place]
