"""Do energy and forces stay continuous when a pair enters the cutoff?

A pair is carried through the cutoff in four steps of 2 δ. What is left after the slopes on both sides are removed,

    jump = f(δ) - f(-δ) - ½ [f(3δ) - f(δ) + f(-δ) - f(-3δ)],  δ = 10⁻⁵ Å,                       (1)

is a step. Thresholds 0.001 meV and 0.01 meV/Å: far below what training can see, far above rounding. Each crossing of
a step adds or removes energy, and a liquid has thousands of crossings in a picosecond.
"""

from collections.abc import Sequence
from itertools import combinations_with_replacement

import numpy as np

from eukrates.matter import System, neighbours
from eukrates.matter.neighbours import pair_vectors
from eukrates.potential import Potential, Sum
from eukrates.potential.evaluator import Evaluator
from eukrates.trust.finding import Finding, below, untested
from eukrates.trust.structures import moved, neutral

DELTA = 1e-5  # Å
STEPS = (-3, -1, 1, 3)
JUMP = np.array([0.5, -1.5, 1.5, -0.5])  # (1), for f(-3δ), f(-δ), f(δ), f(3δ)
ENERGY_THRESHOLD = 0.001  # meV
FORCE_THRESHOLD = 0.01  # meV/Å
MOST_DIMERS = 200


def smoothness(evaluator: Evaluator, structures: Sequence[System], elements: Sequence[int]) -> list[Finding]:
    """Jumps of energy and forces at the cutoff, for pairs of elements and for one pair of each structure."""
    names = ("energy at the cutoff", "forces at the cutoff")
    potential = evaluator.potential
    paths = [_dimer(potential, a, b, r) for r in cutoffs(potential) for a, b in _pairs(elements)]
    paths += [path for s in structures if (path := _crossing(s, potential.cutoff)) is not None]
    if not paths:
        return [untested(name, "no pair of atoms to carry through the cutoff") for name in names]
    answers = evaluator.ask([path(k * DELTA) for path in paths for k in STEPS])
    energy = np.array([a.energy for a in answers]).reshape(-1, 4)
    jumps = [
        np.einsum("k,kna->na", JUMP, np.stack([a.forces for a in answers[n : n + 4]]))
        for n in range(0, len(answers), 4)
    ]
    worst_energy = 1e3 * _largest(energy @ JUMP)
    worst_force = 1e3 * max(_largest(jump) for jump in jumps)
    good, bad = (
        "no step where a pair enters the cutoff",
        "a step where a pair enters the cutoff: energy is not conserved",
    )
    return [
        below(names[0], worst_energy, "meV", ENERGY_THRESHOLD, good, bad),
        below(names[1], worst_force, "meV/Å", FORCE_THRESHOLD, good, bad),
    ]


def cutoffs(potential: Potential) -> list[float]:
    """The near cutoffs of a potential and of its parts, Å."""
    parts = potential.parts if isinstance(potential, Sum) else ()
    return sorted({potential.cutoff, *(r for part in parts for r in cutoffs(part))})


def _pairs(elements: Sequence[int]) -> list[tuple[int, int]]:
    every = list(combinations_with_replacement(elements, 2))
    return every[:: -(-len(every) // MOST_DIMERS)] if every else []


def _dimer(potential: Potential, a: int, b: int, distance: float):
    return lambda more: neutral(potential, [a, b], np.array([[0.0, 0, 0], [distance + more, 0, 0]]))


def _crossing(structure: System, cutoff: float):
    """The pair whose distance is closest to the cutoff, carried through it by moving one of its atoms."""
    near = neighbours(structure, 1.5 * cutoff)
    different = near.i != near.j
    if not different.any():
        return None
    j, vectors = near.j[different], pair_vectors(structure, near)[different]
    r = np.linalg.norm(vectors, axis=1)
    p = int(np.argmin(np.abs(r - cutoff)))
    unit = vectors[p] / r[p]

    def at(more: float) -> System:
        positions = np.array(structure.positions)
        positions[j[p]] += (cutoff + more - r[p]) * unit
        return moved(structure, positions)

    return at


def _largest(values: np.ndarray) -> float:
    return float(np.max(np.abs(values))) if np.all(np.isfinite(values)) else np.inf
