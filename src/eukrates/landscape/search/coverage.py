"""How much of a landscape a search has probably seen, from how often each minimum was found.

Found f₁ minima once and f₂ twice among S different ones in n quenches, there are probably at least

    S + (n-1)/n f₁ (f₁ - 1) / (2 (f₂ + 1))                                                                      (1)

(Chao, Scand. J. Stat. 11, 265 (1984); bias-corrected), and the next quench ends in a known one with the probability

    1 - f₁/n                                                                                                    (2)

(Good, Biometrika 40, 237 (1953), doi:10.1093/biomet/40.3-4.237). Both take quenches for independent draws, each from
the same distribution. Random torsions nearly are; dynamics and hopping stay where they are for a while, and see less
than they say.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Coverage:
    """What counts say."""

    minima: int  # different ones
    quenches: int  # that ended in them
    once: int  # minima found once
    unseen: float  # at least so many, probably: the second term of (1)
    known: float  # (2), that the next quench finds a known minimum; 0 before the first


def coverage(counts: Sequence[int]) -> Coverage:
    """(1) and (2).

    Args:
        counts: how often each minimum was found, each at least once.

    Raises:
        ValueError: a count below 1.
    """
    if min(counts, default=1) < 1:
        raise ValueError(f"Expected minima found at least once, got a count of {min(counts)}.")
    quenches, once, twice = sum(counts), sum(n == 1 for n in counts), sum(n == 2 for n in counts)
    unseen = (quenches - 1) / quenches * once * (once - 1) / (2 * (twice + 1)) if quenches else 0.0  # (1)
    return Coverage(len(counts), quenches, once, unseen, 1 - once / quenches if quenches else 0.0)
