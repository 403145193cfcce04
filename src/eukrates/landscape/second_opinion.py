"""What another level of theory says of the order of minima."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import kendalltau, spearmanr


@dataclass(frozen=True, eq=False)
class SecondOpinion:
    """Energies of the same minima by two levels, each from its own mean over those that both know."""

    level: str
    known: Int[np.ndarray, " minima"]  # which of the minima: their ranks
    own: Float[np.ndarray, " minima"]  # eV
    other: Float[np.ndarray, " minima"]  # eV
    spearman: float  # rank correlation; NaN of fewer than three
    kendall: float
    mae: float  # eV
    rmse: float  # eV
    largest: float  # eV
    exchanged: tuple[tuple[int, int], ...]  # ranks of pairs of which the other level has the second one lower
    lowest: int  # the rank of the lowest one by the other level


def second_opinion(own: Sequence[float], other: Sequence[float | None], level: str) -> SecondOpinion:
    """How far two levels agree about minima, given in the order of the first.

    Args:
        own: eV, ascending.
        other: eV; None where the other level has none.
        level: what the other one is called.

    Raises:
        ValueError: fewer than two minima that both know, or energies of their own that do not ascend.
    """
    known = np.array([n for n, energy in enumerate(other) if energy is not None], int)
    if len(own) != len(other) or len(known) < 2 or np.any(np.diff(own) < 0):
        raise ValueError(
            f"Expected ascending energies and as many of {level}, of which at least two are known, got {len(own)} and "
            f"{len(other)}, {len(known)} of them known."
        )
    a = np.asarray(own, np.float64)[known]
    b = np.array([energy for energy in other if energy is not None], np.float64)
    error = (b - b.mean()) - (a - a.mean())
    many = len(known) > 2
    pairs = [(i, j) for i in range(len(known)) for j in range(i + 1, len(known)) if b[j] < b[i]]
    return SecondOpinion(
        level=level,
        known=known,
        own=a - a.mean(),
        other=b - b.mean(),
        spearman=_correlation(spearmanr(a, b)) if many else float("nan"),
        kendall=_correlation(kendalltau(a, b)) if many else float("nan"),
        mae=float(np.mean(np.abs(error))),
        rmse=float(np.sqrt(np.mean(error**2))),
        largest=float(np.max(np.abs(error))),
        exchanged=tuple((int(known[i]), int(known[j])) for i, j in pairs),
        lowest=int(known[np.argmin(b)]),
    )


def _correlation(found: Any) -> float:
    """Of what SciPy returns, whose types it does not tell."""
    return float(found.statistic)
