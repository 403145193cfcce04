"""What another level of theory says of the order of minima.

Differences of energies within a window say nothing of the order: mirror images of one energy, say, come in any. So of
two minima

    s_ij = sign(E_i - E_j) where |E_i - E_j| > window, else 0;    r_i = ½ Σ_j s_ij                               (1)
    τ = Σ s_ij t_ij / √(Σ s_ij² Σ t_ij²),    ρ = Σ r_i q_i / √(Σ r_i² Σ q_i²)                                    (2)

with t and q the same by the other level. Where what is within the window of each other falls into groups, r are ranks
from their mean, equal within a group, τ is Kendall's τ_b and ρ Spearman's coefficient. Both lie between -1 and 1 in any
case, as all coefficients of the form of Daniels, Biometrika 33, 129 (1944), doi:10.1093/biomet/33.2.129.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from eukrates.landscape.bond_graph import changed_bonds
from eukrates.landscape.catalogue import WINDOW, Catalogue
from eukrates.landscape.search.explorer import Rest
from eukrates.landscape.stereochemistry import configuration
from eukrates.matter import System


@dataclass(frozen=True, eq=False)
class SecondOpinion:
    """Energies of the same minima by two levels, each from the lowest one (by the first) that both know."""

    level: str
    own: Float[np.ndarray, " minima"]  # eV, ascending
    other: Float[np.ndarray, " minima"]  # eV; NaN: left out
    wrong: tuple[str, ...]  # why it is left out; "": it is not
    window: float  # eV, within which minima are of one energy
    spearman: float  # ρ of (2); NaN of fewer than three, or where a level has all at one energy
    kendall: float  # τ of (2)
    mae: float  # eV, each level from its mean; NaN of fewer than two, as those below
    rmse: float  # eV
    largest: float  # eV
    exchanged: tuple[tuple[int, int], ...]  # ranks of pairs of which the other level has the second one lower
    lowest: int | None  # the rank of the lowest one by the other level; None: it knows none

    @property
    def known(self) -> Int[np.ndarray, " known"]:
        """Which of the minima both levels know: their ranks."""
        return np.flatnonzero(np.isfinite(self.other))

    @property
    def compared(self) -> bool:
        """Whether there was anything to compare: two minima that both know."""
        return len(self.known) > 1

    @property
    def summary(self) -> str:
        """In a sentence."""
        known, of = len(self.known), len(self.wrong)
        if not self.compared:
            return f"Nothing could be checked by {self.level}: of {of} minima it has something to say about {known}."
        left = f", {of - known} left out" if known < of else ""
        return f"{known} of {of} minima compared with {self.level}{left}: {len(self.exchanged)} pairs in another order."


def second_opinion(
    own: Sequence[float], other: Sequence[float | str], level: str, window: float | int = WINDOW
) -> SecondOpinion:
    """How far two levels agree about minima, given in the order of the first.

    Args:
        own: eV, ascending.
        other: eV; where the other level has none, the reason.
        level: what the other one is called.
        window: eV; smaller differences, by either level, say nothing of the order.

    Raises:
        ValueError: energies of their own that do not ascend, numbers of both that differ, a window below 0.
    """
    if len(own) != len(other) or np.any(np.diff(own) < 0) or not window >= 0:
        raise ValueError(
            f"Expected ascending energies, as many of {level}, and a window of 0 eV or more, got {len(own)} and "
            f"{len(other)}, and {window}."
        )
    told = ["its energy is not finite" if not isinstance(e, str) and not np.isfinite(e) else e for e in other]
    known = [n for n, energy in enumerate(told) if not isinstance(energy, str)]
    mine = np.asarray(own, np.float64)
    theirs = np.array([np.nan if isinstance(energy, str) else energy for energy in told], np.float64)
    first = known[0] if known else 0
    a, b = mine[known], theirs[known]
    kendall, spearman = _rank_correlations(a, b, window) if len(known) > 2 else (float("nan"), float("nan"))
    error = (b - b.mean()) - (a - a.mean()) if len(known) > 1 else np.full(1, np.nan)
    against = np.argwhere(np.triu(_order(a, window) * _order(b, window) < 0))
    return SecondOpinion(
        level=level,
        own=mine - mine[first : first + 1],
        other=theirs - theirs[first : first + 1],
        wrong=tuple(energy if isinstance(energy, str) else "" for energy in told),
        window=float(window),
        spearman=spearman,
        kendall=kendall,
        mae=float(np.mean(np.abs(error))),
        rmse=float(np.sqrt(np.mean(error**2))),
        largest=float(np.max(np.abs(error))),
        exchanged=tuple((known[i], known[j]) for i, j in against.tolist()),
        lowest=known[int(np.argmax(b <= b.min() + window))] if known else None,
    )


def as_they_were(catalogue: Catalogue, minima: Sequence[System], relaxed: Sequence[Rest | str]) -> list[Rest | str]:
    """What another level relaxed, or the reason why it is no longer the minimum that it was, or none of its own.

    Left out are those of which bonds or the configuration changed, and of minima that became one all but the first.

    Args:
        catalogue: with the bonds that minima have, and what makes two of them the same.
        minima: before, ascending in energy.
        relaxed: after; where the other level has none, the reason.
    """
    told = {"mirror": catalogue.mirror, "window": catalogue.window, "tolerance": catalogue.tolerance}
    seen = Catalogue(minima[0], graph=catalogue.graph, **told)
    ranks: list[int] = []  # of those seen
    found: list[Rest | str] = []
    for n, (one, rest) in enumerate(zip(minima, relaxed, strict=True)):
        found.append(rest)
        if isinstance(rest, str):
            continue
        before = np.asarray(one.positions, np.float64)
        bonds = changed_bonds(catalogue.graph, rest.positions)
        changes = bonds or configuration(catalogue.graph, before).changed(rest.positions)
        if changes:
            found[n] = f"became something else: {changes}"
            continue
        (entry,) = seen.add([replace(one, positions=rest.positions)], [rest.energy])
        if entry.new:
            ranks.append(n)
        else:
            found[n] = f"became the same as minimum {ranks[entry.index]}"
    return found


def _order(energies: np.ndarray, window: float) -> np.ndarray:
    """s of (1)."""
    apart = energies[:, None] - energies
    return np.sign(apart) * (np.abs(apart) > window)


def _rank_correlations(a: np.ndarray, b: np.ndarray, window: float) -> tuple[float, float]:
    """τ and ρ of (2)."""
    s, t = _order(a, window), _order(b, window)
    r, q = s.sum(axis=1) / 2, t.sum(axis=1) / 2  # (1)
    return _cosine(s, t), _cosine(r, q)


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    size = np.sqrt(np.sum(one**2) * np.sum(other**2))
    return float(np.sum(one * other) / size) if size else float("nan")
