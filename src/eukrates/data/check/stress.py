"""Sign and unit of stress, from strained frames, or from a model that learned from forces.

    E_2 - E_1 + ½ (F_1 + F_2) · Δr' = s V/2 (σ_1 + σ_2) : ε                                          (1)

for two frames of the same atoms in different cells: cell_2 = cell_1 (1 + ε), Δr' what the strain leaves of the steps.
s = 1 for σ = ∂E/∂ε / V, positive under tension. Where cells do not differ, labels are compared with ∂S/∂ε / V of a
model S that learned from the forces of the other half of the data (`surrogate`).
"""

from dataclasses import dataclass, field

import numpy as np

from eukrates.data.advice import say_units
from eukrates.data.check.consistency import robust_line
from eukrates.data.check.declaration import declared
from eukrates.data.check.finding import Finding
from eukrates.data.check.fingerprint import near_pairs
from eukrates.data.check.subject import Subject, spread
from eukrates.data.check.surrogate import Ruler
from eukrates.data.declared import Units


@dataclass(frozen=True, eq=False)
class Measured:
    """Labels over what physics says, and what is needed to judge single frames."""

    factors: tuple["Factor", ...] = ()
    said: np.ndarray = field(default_factory=lambda: np.zeros((0, 6)))  # stress of models, differences, eV/Å³
    labelled: np.ndarray = field(default_factory=lambda: np.zeros((0, 6)))
    middle: np.ndarray = field(default_factory=lambda: np.zeros((0, 6)))
    members: tuple[int, ...] = ()

    @property
    def worst(self) -> "Factor | None":
        """The first factor that is far from 1, else the first."""
        return next((f for f in self.factors if not 1 / f.far < abs(f.value) < f.far), *self.factors[:1] or (None,))


@dataclass(frozen=True)
class Factor:
    """Label / truth over all frames."""

    value: float
    correlation: float
    by: str
    far: float  # forces in one cell leave the scale of the stress half open

    @property
    def words(self) -> str:
        """The factor in words."""
        return (
            f"labels of stress are {self.value:.4g} times what {self.by} say "
            f"(correlation {abs(self.correlation):.2f}); expected 1"
        )


def measure_stress(
    subject: Subject, rulers: list[Ruler], prints: dict[int, np.ndarray], slope: float = 1.0
) -> Measured | None:
    """Factors from strained cells and from models; None without stress. `slope`: energies over work of forces."""
    frames = [n for n in subject.good if subject.samples[n].stress is not None]
    if not frames:
        return None
    said, labelled, middle, members = _from_rulers(subject, rulers)
    said = slope * said  # in the unit and with the sign of the energies
    truth, labels = _from_strain(subject, frames, prints)
    strained = _factor(labels, truth, "energies of strained frames", 2.0)
    taught = _factor(labelled.ravel(), said.ravel(), "a model that learned from the forces", 5.0)
    factors = tuple(f for f in (strained, taught) if f is not None)
    return Measured(factors, said, labelled, middle, tuple(members))


def stress_faults(subject: Subject, measured: Measured, closed: bool = False) -> list[Finding]:
    """The sign of all, then frames that oppose the rest; the unit is for `judge_stress`."""
    for factor in measured.factors:
        if factor.value < 0:
            fix, declare = _turned(subject.units, closed)
            return [Finding("stress sign", "error", "stress with the wrong sign", (), factor.words, fix, declare)]
    worst = measured.worst
    if not measured.members or (worst is not None and not 1 / worst.far < worst.value < worst.far):
        return []
    said, labelled, middle = measured.said, measured.labelled, measured.middle
    line = robust_line(said.ravel(), labelled.ravel())[0]
    return _odd(subject, line * said + middle, labelled + middle, list(measured.members))


def _from_strain(subject: Subject, frames: list[int], prints) -> tuple[np.ndarray, np.ndarray]:
    """Left side and right side (s = 1) of (1) for pairs of frames with different cells."""
    right, left = [], []
    for pair in near_pairs(subject, frames, prints, count=6):
        a, b = subject.samples[pair.first], subject.samples[pair.second]
        if a.energy is None or b.energy is None or a.stress is None or b.stress is None:
            continue
        if not np.array_equal(a.numbers, b.numbers):
            continue
        first, second = np.asarray(a.system.cell[0]), np.asarray(b.system.cell[0])
        deform = np.linalg.solve(first, second)
        strain = (deform + deform.T) / 2 - np.eye(3)
        if not 1e-4 < np.abs(strain).max() < 0.05 or np.abs(deform - deform.T).max() > 0.02:
            continue
        step = np.linalg.solve(second.T, np.asarray(b.system.positions).T).T
        step = step - np.linalg.solve(first.T, np.asarray(a.system.positions).T).T
        step = (step - np.round(step)) @ (first + second) / 2
        work, doubt = 0.0, 0.0
        if a.forces is not None and b.forces is not None:
            work = 0.5 * float(np.sum((a.forces + b.forces) * (step - step.mean(axis=0))))
            doubt = float(np.sum(np.linalg.norm(b.forces - a.forces, axis=1) * np.linalg.norm(step, axis=1)))
        volume = (abs(np.linalg.det(first)) + abs(np.linalg.det(second))) / 2
        value = volume / 2 * float(np.sum((a.stress + b.stress) * strain))
        if doubt < 0.3 * abs(b.energy - a.energy + work):
            right.append(value)
            left.append(b.energy - a.energy + work)
    return np.array(left), np.array(right)


def _from_rulers(subject: Subject, rulers: list[Ruler]):
    """Stress of the models and labels less their medians over frames of one composition, the medians of the labels,
    each [frames, 6]; and the frames."""
    said, labelled, middle, members = [], [], [], []
    upper = np.triu_indices(3)
    for ruler in rulers:
        rows = {int(n): k for k, n in enumerate(ruler.frames)}
        mine = [n for n in rows if n not in subject.spoilt and subject.samples[n].stress is not None]
        for group in subject.alike(mine) if ruler.quality > 0.7 else []:
            if len(group) < 5:
                continue
            volume = np.array([abs(np.linalg.det(subject.samples[n].system.cell[0])) for n in group])
            model = np.array([ruler.strain[rows[n]] for n in group])[:, *upper] / volume[:, None]
            label = np.array([subject.samples[n].stress for n in group])[:, *upper]
            said.append(model - np.median(model, axis=0))
            labelled.append(label - np.median(label, axis=0))
            middle.append(np.median(label, axis=0) + np.zeros_like(label))
            members += [int(n) for n in group]
    empty = np.zeros((0, 6))
    return (*(np.concatenate(rows) if rows else empty for rows in (said, labelled, middle)), members)


def _turned(units: Units, closed: bool) -> tuple[str, dict[str, str] | None]:
    """The fix for the other sign of all stress, and the declaration where there is one."""
    if closed or units.stress == "virial":
        return "Multiply stress by -1: it is positive under tension, a virial under compression.", None
    compressed = units.stress_positive == "compression"
    sign, who = ("tension", "as ASE has it") if compressed else ("compression", "as VASP prints it")
    declare = {**declared(units), "stress_positive": sign}
    return f"Declare {say_units(dict(declare))}, {who}, or multiply stress by -1.", declare


def _factor(labels: np.ndarray, truth: np.ndarray, by: str, far: float) -> Factor | None:
    """Robust ratio of labels and truth; None for few values or no correlation."""
    if len(labels) < 8 or not np.any(truth) or not np.any(labels):
        return None
    if by.startswith("a model"):
        slope, correlation = robust_line(truth, labels)
    else:
        slope, correlation = robust_line(labels, truth)
        slope = 1 / slope if slope else np.inf
    return Factor(slope, correlation, by, far) if abs(correlation) >= 0.6 and np.isfinite(slope) and slope else None


def _odd(subject: Subject, said: np.ndarray, labelled: np.ndarray, members: list[int]) -> list[Finding]:
    """Frames whose stress opposes the model while the others agree with it."""
    error = np.sqrt(np.mean((labelled - said) ** 2, axis=1))
    turned = np.sqrt(np.mean((labelled + said) ** 2, axis=1))
    typical = spread(error)[0]
    flipped = [
        n for n, wrong, right in zip(members, error, turned, strict=True) if wrong > 4 * typical and right < wrong / 2
    ]
    far = [n for n, wrong in zip(members, error, strict=True) if wrong > 20 * typical and n not in flipped]
    findings = []
    if flipped:
        evidence = f"they oppose what the forces of the other frames teach (typical error {typical:.2g} eV/Å³)"
        fix = "Multiply the stress of these frames by -1, or leave them out."
        fault = "stress with the wrong sign on some frames"
        findings.append(Finding("stress sign", "error", fault, subject.names(flipped), evidence, fix))
    if far:
        evidence = (
            f"up to {error.max():.3g} eV/Å³ from what the forces of the other frames teach; typical {typical:.2g}"
        )
        fix = "Look for another unit (GPa, kbar, virial) or an unconverged calculation in these frames."
        fault = "stress far from what the forces say"
        findings.append(Finding("stress", "error", fault, subject.names(far), evidence, fix))
    return findings
