"""A ruler for forces, energies and stress: a linear model fitted to the forces of one half, laid along the other half.

What it says is held out: no frame is judged by a model that has seen it. The fit is robust (frames that disagree lose
their weight), so a minority of bad frames does not bend the ruler.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eukrates.data.check.descriptors import Basis, basis_for, expand
from eukrates.data.check.linear import LinearModel
from eukrates.data.check.subject import Subject, state
from eukrates.data.sample import Sample
from eukrates.elements import COVALENT_RADII

FIT_ATOMS, MEASURE_ATOMS = 4000, 150_000  # how much data is used at most
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
    """Fit and measure; None where there is too little to learn from."""
    order = np.random.default_rng(seed).permutation(np.asarray(frames))
    sizes = np.cumsum([samples[n].system.atoms for n in order])
    fit = order[: max(FEWEST, int(np.searchsorted(sizes, FIT_ATOMS)))]
    measured = order[: max(FEWEST, int(np.searchsorted(sizes, MEASURE_ATOMS)))]
    elements = tuple(sorted({int(z) for n in measured for z in np.unique(samples[n].numbers)}))
    basis = basis_for(elements, float(2 * COVALENT_RADII[list(elements)].max()))
    halves = (fit[::2], fit[1::2])
    if any(np.any(np.abs(samples[n].forces).max() > 0 for n in half) is False for half in halves):
        return None
    fitted = [_fit([samples[n] for n in half], basis) for half in halves]
    if fitted[0] is None or fitted[1] is None:
        return None
    models = (fitted[0], fitted[1])
    seen_by_first = set(halves[0].tolist())
    half = np.array([1 if int(n) in seen_by_first else 0 for n in measured])
    said = [models[k](samples[n]) for k, n in zip(half, measured, strict=True)]
    ruler_forces = [f for _, f, _ in said]
    return Ruler(
        frames=measured,
        half=half,
        energy=np.array([e for e, _, _ in said]),
        forces=ruler_forces,
        strain=np.array([w for _, _, w in said]),
        models=models,
        quality=float(
            np.median([explained(samples[n].forces, f) for n, f in zip(measured, ruler_forces, strict=True)])
        ),
    )


def explained(forces: np.ndarray, said: np.ndarray) -> float:
    """1 - |F - S|² / |F|²: the share of the squared forces that the ruler gets right."""
    total = float(np.sum(forces**2))
    return 1.0 - float(np.sum((forces - said) ** 2)) / total if total > 0 else 0.0


def _fit(samples: Sequence[Sample], basis: Basis) -> LinearModel | None:
    """Robust ridge regression of forces: minimise Σ_n w_n |F_n + Σ_f c_f ∂B_f/∂r|², w_n from the residuals."""
    size = np.array([np.sqrt(np.mean(np.square(s.forces))) for s in samples])
    typical = float(np.median(size))
    if not typical > 0:
        return None
    designs = [-expand(s, basis).gradients.reshape(basis.size, -1).T for s in samples]
    targets = [np.asarray(s.forces).ravel() for s in samples]
    scale = np.sqrt(np.mean([np.mean(x**2, axis=0) for x in designs], axis=0))
    scale[scale < 1e-10 * scale.max()] = np.inf  # functions of pairs that do not occur
    designs = [x / scale for x in designs]
    weights = 1.0 / (size**2 + typical**2)
    solution = np.zeros(basis.size)
    for _ in range(4):
        normal, right = np.zeros((basis.size, basis.size)), np.zeros(basis.size)
        for x, y, w in zip(designs, targets, weights, strict=True):
            normal += w * (x.T @ x)
            right += w * (x.T @ y)
        ridge = 1e-6 * np.trace(normal) / basis.size
        solution = np.linalg.solve(normal + ridge * np.eye(basis.size), right)
        residual = np.array([np.sqrt(np.mean((y - x @ solution) ** 2)) for x, y in zip(designs, targets, strict=True)])
        weights = 1.0 / (size**2 + typical**2) / (1.0 + (residual / (3 * np.median(residual) + 1e-12)) ** 4)
    return LinearModel(basis, solution / scale)
