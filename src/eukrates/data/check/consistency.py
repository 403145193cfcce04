"""Do the energies belong to the forces? Energy differences of near frames against the work of the forces between them.

    W = ΔS - ½ (ΔF_1 + ΔF_2) · Δr,   ΔF = F - F_S                                                            (1)
    E_2 - E_1 = s W                                                                                          (2)

S is the energy and F_S the force of a model that learned from forces alone (`surrogate`; zero where there is none, then
(1) is the trapezoidal rule). s = 1 if forces are the negative gradient of the energy in the same units, -1 if their
sign is wrong, 23.06 if energies are in kcal/mol and forces in eV/Å, and so on.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np

from eukrates.data.advice import say_keys
from eukrates.data.check.finding import Finding
from eukrates.data.check.fingerprint import Pair, near_pairs
from eukrates.data.check.subject import Subject, spread
from eukrates.data.check.surrogate import TRUST, Ruler

GRAVE = 0.1  # eV per atom: an energy this far off is a fault, a smaller one may be a rare event of nature
NEAR = 0.25  # Å, root mean square: how far apart frames may be for the trapezoidal rule alone


@dataclass(frozen=True, eq=False)
class Line:
    """Equation (2) over many pairs: the robust slope, the correlation of the pairs that keep their weight."""

    pairs: list[Pair]
    work: np.ndarray  # W, eV
    difference: np.ndarray  # E_2 - E_1, eV
    doubt: np.ndarray  # how far (1) may be wrong, eV: ½ Σ |ΔF_2 - ΔF_1| |Δr|
    slope: float
    correlation: float

    @property
    def clear(self) -> bool:
        """True if the slope means something."""
        return abs(self.correlation) > 0.6

    @property
    def residual(self) -> np.ndarray:
        """E_2 - E_1 - s W, eV."""
        return self.difference - self.slope * self.work


def line(subject: Subject, rulers: list[Ruler], prints: dict[int, np.ndarray]) -> Line | None:
    """Equation (2) fitted; None with fewer than eight pairs."""
    measured = _measured(rulers)
    frames = [n for n in subject.good if {"energy", "forces"} <= set(subject.samples[n].labels)]
    pairs, work, difference, doubt = [], [], [], []
    for pair in near_pairs(subject, frames, prints):
        value = _work(subject, pair, measured)
        if value is not None:
            pairs.append(pair)
            work.append(value[0])
            doubt.append(value[1])
            first, second = (cast(float, subject.samples[n].energy) for n in (pair.first, pair.second))
            difference.append(second - first)
    if len(pairs) < 8:
        return None
    work, difference = np.array(work), np.array(difference)
    return Line(pairs, work, difference, np.array(doubt), *robust_line(work, difference))


def _measured(rulers: list[Ruler]) -> dict:
    """frame → ruler, which of its models measured, energy, forces."""
    found = {}
    for ruler in rulers:
        if ruler.quality >= TRUST:
            rows = zip(ruler.frames, ruler.half, ruler.energy, ruler.forces, strict=True)
            found |= {int(n): (ruler, int(half), energy, forces) for n, half, energy, forces in rows}
    return found


def _disagreement(subject: Subject, pair: Pair, ruler: Ruler) -> float:
    """How far the two models of a ruler disagree about W of a pair, eV: large outside what they have learned."""
    works = []
    for model in ruler.models:
        (e1, f1, _), (e2, f2, _) = (model(subject.samples[n]) for n in (pair.first, pair.second))
        rest = 0.0
        if pair.step is not None and pair.rms <= 2 * NEAR:
            rest = 0.5 * float(np.sum((f1 + f2 @ pair.turn) * pair.step))
        works.append(e2 - e1 + rest)
    return abs(works[0] - works[1])


def _work(subject: Subject, pair: Pair, measured: dict) -> tuple[float, float] | None:
    """Equation (1) of one pair and its doubt, or None where it cannot be trusted."""
    first, second = (np.asarray(subject.samples[n].forces) for n in (pair.first, pair.second))
    one, other = measured.get(pair.first), measured.get(pair.second)
    if one is None or other is None:
        if pair.step is None or pair.rms > NEAR:
            return None
        return _trapezoid(first, second @ pair.turn, pair.step)
    (ruler, half, energy, force), (_, other_half, other_energy, other_force) = one, other
    if half != other_half:  # measured by two models: let the first measure both
        other_energy, other_force, _ = ruler.models[half](subject.samples[pair.second])
    gain = other_energy - energy
    if pair.step is None or pair.rms > 2 * NEAR:
        return float(gain), 0.05 * len(first)
    work, doubt = _trapezoid(first - force, (second - other_force) @ pair.turn, pair.step)
    return float(gain) + work, doubt


def _trapezoid(first: np.ndarray, second: np.ndarray, step: np.ndarray) -> tuple[float, float]:
    """-½ (F_1 + F_2) · Δr, and a bound of what the change of the force on the way may add."""
    bend = np.linalg.norm(second - first, axis=1) * np.linalg.norm(step, axis=1)
    return -0.5 * float(np.sum((first + second) * step)), 0.5 * float(np.sum(bend))


def robust_line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope of y = s x where pairs far from the line lose their weight, and the correlation of the rest."""
    weights = 1 / (1 + (y / (3 * spread(y)[1] + 1e-12)) ** 4) / (1 + (x / (3 * spread(x)[1] + 1e-12)) ** 4)
    slope = 0.0
    for _ in range(20):
        slope = float(np.sum(weights * x * y) / (np.sum(weights * x * x) + 1e-300))
        rest = y - slope * x
        weights = 1 / (1 + (rest / (3 * spread(rest)[1] + 1e-12)) ** 4)
    cross = np.sum(weights * x * y) / np.sqrt(np.sum(weights * x * x) * np.sum(weights * y * y) + 1e-300)
    return slope, float(cross)


def say_line(found: Line) -> str:
    """The slope in words."""
    return (
        f"between near frames energies change {found.slope:.4g} times as much as forces say; expected 1 "
        f"({len(found.pairs)} pairs, correlation {found.correlation:.2f})"
    )


def line_sign(found: Line) -> list[Finding]:
    """What the sign of the slope of (2) says; its size is evidence about units (`declaration`)."""
    if not found.clear or found.slope > 0:
        return []
    fix = "Multiply the forces by -1: the file holds gradients instead of forces."
    return [Finding("force sign", "error", "forces with the wrong sign", (), say_line(found), fix)]


def odd_energies(subject: Subject, found: Line, rulers: list[Ruler]) -> list[Finding]:
    """Frames whose energy is off the line with all their neighbours, and pairs that lie on two energy surfaces."""
    if not found.clear:
        return []
    limit = max(15 * spread(found.residual)[1], 0.02)
    rest = {k: abs(float(r)) - float(found.doubt[k]) for k, r in enumerate(found.residual)}
    measured = _measured(rulers)
    for k in [k for k, r in rest.items() if r > limit]:
        pair = found.pairs[k]
        if pair.first in measured and pair.second in measured:
            rest[k] -= 3 * _disagreement(subject, pair, measured[pair.first][0])
    odd: list[tuple[int, float]] = []
    for _ in range(len(subject.samples)):
        of: dict[int, list[float]] = {}
        for k, r in rest.items():
            for n in (found.pairs[k].first, found.pairs[k].second):
                of.setdefault(n, []).append(r)
        worst = max(of, key=lambda n: (np.median(of[n]) > limit, len(of[n]) > 1, np.median(of[n])), default=None)
        if worst is None or np.median(of[worst]) <= limit or len(of[worst]) < 2:
            break
        odd.append((worst, float(np.median(of[worst]))))
        rest = {k: r for k, r in rest.items() if worst not in (found.pairs[k].first, found.pairs[k].second)}
        if len(odd) > 0.2 * len(of):
            return _two_surfaces(subject, found, limit)
    if not odd:
        return []
    subject.spoilt.update(n for n, _ in odd)
    grave = any(r > GRAVE * subject.samples[n].system.atoms for n, r in odd)
    evidence = (
        f"off by up to {max(r for _, r in odd):.3g} eV from what near frames and forces say (limit {limit:.2g} eV)"
    )
    fix = "Look for another electronic state, unit or method in these frames; compute them again, or leave them out."
    fault = "energies that do not belong to their forces"
    return [
        Finding("energies", "error" if grave else "warning", fault, subject.names(n for n, _ in odd), evidence, fix)
    ]


def _two_surfaces(subject: Subject, found: Line, limit: float) -> list[Finding]:
    many = [k for k, r in enumerate(found.residual) if abs(r) > limit]
    frames = sorted({n for k in many for n in (found.pairs[k].first, found.pairs[k].second)})
    silent = [what for what in ("charge", "spin") if getattr(subject.samples[frames[0]].system, what) is None]
    evidence = (
        f"{len(many)} of {len(found.pairs)} pairs of near frames differ in energy by up to "
        f"{np.abs(found.residual).max():.3g} eV more than forces explain"
    )
    state = " and ".join(silent) or "electronic state"
    fix = f"State {state} of every frame" if silent else "Keep one electronic state and one method"
    return [
        Finding(
            "charge and spin" if silent else "energies",
            "error",
            f"several energies for one geometry: {state} {'is missing' if silent else 'or method is mixed'}",
            subject.names(frames),
            evidence,
            f"{fix}, in the file or with {say_keys({'charge': '…'})}, or separate the data.",
        )
    ]
