"""A ruler for forces, energies and stress: a linear model fitted to the forces of one half, laid along the other half.

What it says is held out: no frame is judged by a model that has seen it. The fit is robust (frames that disagree lose
their weight), so a minority of bad frames does not bend the ruler.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eukrates.data.check.descriptors import Basis, basis_for, expand
from eukrates.data.check.linear import LinearModel
from eukrates.data.check.stretch import stretch_correlation
from eukrates.data.check.subject import Subject, state
from eukrates.data.sample import Sample
from eukrates.elements import COVALENT_RADII

FIT_ATOMS, MEASURE_ATOMS = 2500, 100_000  # how much data is used at most
TRUST = 0.6  # share of the squared forces that a ruler must explain before it may judge
FEWEST = 12  # frames; fewer cannot teach anything


@dataclass(frozen=True, eq=False)
class Ruler:
    """Held-out predictions for some frames, learned from forces alone."""

    frames: np.ndarray  # indices into the samples
    half: np.ndarray  # which model measured the frame; energies of two models differ by a constant
    energy: np.ndarray  # eV, up to a constant for each composition and half
    forces: list[np.ndarray]  # eV/Å
    strain: np.ndarray  # ∂E/∂ε, [frames, 3, 3], eV
    models: tuple[LinearModel, LinearModel]
    quality: float  # share of the squared forces that is explained, median over frames; 1 is perfect, 0 nothing


def rulers(subject: Subject, seed: int = 0) -> list[Ruler]:
    """One ruler for all good frames with forces, or one for each charge and spin where a molecule comes in several."""
    frames = [n for n in subject.good if subject.samples[n].forces is not None and subject.samples[n].system.atoms > 1]
    by_state: dict[tuple, list[int]] = {}
    for n in frames:
        by_state.setdefault(state(subject.samples[n]), []).append(n)
    formulas = [{subject.samples[n].formula for n in members} for members in by_state.values()]
    mixed = any(a & b for k, a in enumerate(formulas) for b in formulas[:k])
    chosen = sorted(by_state.values(), key=len, reverse=True)[:6] if mixed else [frames]
    found = [ruler(subject.samples, members, seed) for members in chosen if len(members) >= FEWEST]
    return [one for one in found if one is not None]


def ruler(samples: Sequence[Sample], frames: Sequence[int], seed: int) -> Ruler | None:
    """Fit and measure; None where there is too little to learn from.

    Where one energy does not explain the forces, the frames that do agree with each other are looked for, and the ruler
    is made of these: signs or units are then mixed, and the other frames will stand out.
    """
    order = np.random.default_rng(seed).permutation(np.asarray(frames))
    sizes = np.cumsum([samples[n].system.atoms for n in order])
    fit = order[: max(FEWEST, int(np.searchsorted(sizes, FIT_ATOMS)))]
    measured = order[: max(FEWEST, int(np.searchsorted(sizes, MEASURE_ATOMS)))]
    elements = tuple(sorted({int(z) for n in measured for z in np.unique(samples[n].numbers)}))
    basis = basis_for(elements, float(2 * COVALENT_RADII[list(elements)].max()))
    lessons = [_Lesson(-expand(samples[n], basis).gradients.reshape(basis.size, -1).T, samples[n]) for n in fit]
    if not np.median([lesson.size for lesson in lessons]) > 0:
        return None
    first = _measure(samples, measured, fit, lessons, basis)
    if first.quality >= TRUST:
        return first
    signs = np.where(stretch_correlation([samples[n] for n in fit]) < 0, -1.0, 1.0)
    agreeing = _agreeing(lessons, signs, basis)
    if len(agreeing) < max(FEWEST, 0.2 * len(fit)):
        return first
    second = _measure(samples, measured, fit[agreeing], [lessons[k] for k in agreeing], basis)
    return second if second.quality >= TRUST else first


class _Lesson:
    """One frame as a teacher: -∂B/∂r [3 atoms, functions], forces [3 atoms], their root mean square."""

    def __init__(self, design: np.ndarray, sample: Sample):
        self.design, self.target = design, np.asarray(sample.forces).ravel()
        self.size = float(np.sqrt(np.mean(self.target**2)))


def _measure(samples, measured: np.ndarray, fit: np.ndarray, lessons: list[_Lesson], basis: Basis) -> Ruler:
    """A model from each half of the lessons; every frame measured by the model that has not seen it."""
    models = tuple(LinearModel(basis, _robust(lessons[k::2], basis)) for k in (0, 1))
    seen_by_first, taught = set(fit[::2].tolist()), set(fit.tolist())
    half = np.array([1 if int(n) in seen_by_first else 0 for n in measured])
    said = [models[k](samples[n]) for k, n in zip(half, measured, strict=True)]
    shares = [explained(samples[n].forces, s[1]) for n, s in zip(measured, said, strict=True) if int(n) in taught]
    return Ruler(
        frames=measured,
        half=half,
        energy=np.array([e for e, _, _ in said]),
        forces=[f for _, f, _ in said],
        strain=np.array([w for _, _, w in said]),
        models=(models[0], models[1]),
        quality=float(np.median(shares)),
    )


def explained(forces: np.ndarray, said: np.ndarray) -> float:
    """1 - |F - S|² / |F|²: the share of the squared forces that the ruler gets right."""
    total = float(np.sum(forces**2))
    return 1.0 - float(np.sum((forces - said) ** 2)) / total if total > 0 else 0.0


def _solve(lessons: list[_Lesson], factors: np.ndarray, weights: np.ndarray, basis: Basis) -> np.ndarray:
    """Ridge regression: minimise Σ_n w_n |F_n / a_n + Σ_f c_f ∂B_f/∂r|² with factors a; [functions]."""
    scale = np.sqrt(np.mean([np.mean(lesson.design**2, axis=0) for lesson in lessons], axis=0))
    scale[scale < 1e-10 * scale.max()] = np.inf  # functions of pairs that do not occur
    normal, right = np.zeros((basis.size, basis.size)), np.zeros(basis.size)
    for lesson, a, w in zip(lessons, factors, weights, strict=True):
        x = lesson.design / scale
        normal += w * (x.T @ x)
        right += w / a * (x.T @ lesson.target)
    ridge = 1e-6 * np.trace(normal) / basis.size
    return np.linalg.solve(normal + ridge * np.eye(basis.size), right) / scale


def _robust(lessons: list[_Lesson], basis: Basis) -> np.ndarray:
    """Frames that disagree lose their weight, in four rounds."""
    size = np.array([lesson.size for lesson in lessons])
    start = 1.0 / (size**2 + np.median(size) ** 2 + 1e-300)
    weights, solution = start, np.zeros(basis.size)
    for _ in range(4):
        solution = _solve(lessons, np.ones(len(lessons)), weights, basis)
        rest = np.array([np.sqrt(np.mean((x.target - x.design @ solution) ** 2)) for x in lessons])
        weights = start / (1.0 + (rest / (3 * np.median(rest) + 1e-12)) ** 4)
    return solution


def _agreeing(lessons: list[_Lesson], signs: np.ndarray, basis: Basis) -> np.ndarray:
    """Indices of frames that share sign and scale: each frame gets a factor a_n with F_n ≈ a_n S_n, found in turns;
    `signs` are a first guess."""
    size = np.array([lesson.size for lesson in lessons]) + 1e-300
    factors = signs * size / np.median(size)
    for _ in range(12):
        solution = _solve(lessons, factors, (factors / size) ** 2, basis)
        said = [lesson.design @ solution for lesson in lessons]
        factors = np.array([x.target @ s / (s @ s + 1e-300) for x, s in zip(lessons, said, strict=True)])
        factors = np.where(np.abs(factors) < 1e-6 * size, 1e-6 * size, factors)
    factors = factors * np.sign(np.median(factors))
    reference = np.quantile(factors[factors > 0], 0.3)
    return np.flatnonzero(np.abs(factors / reference - 1) < 0.5)
