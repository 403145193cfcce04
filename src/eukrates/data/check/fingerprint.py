"""A few numbers that do not change when a structure is turned, moved or renumbered; and nearest frames by them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from eukrates.data.check.descriptors import pair_kind, radial
from eukrates.data.check.subject import Subject
from eukrates.data.sample import Sample
from eukrates.matter import neighbours
from eukrates.matter.superposition import turns_onto

CUTOFF, FUNCTIONS = 6.0, 8


def fingerprint(sample: Sample) -> np.ndarray:
    """Sums over pairs of smooth functions of the distance, for each pair of elements, divided by √atoms."""
    edges = neighbours(sample.system, CUTOFF)
    h, r = edges.half, np.asarray(sample.system.positions)
    i, j = edges.i[:h], edges.j[:h]
    vectors = r[j] - r[i] + edges.image[:h] @ np.asarray(sample.system.cell[0])
    elements, species = np.unique(sample.numbers, return_inverse=True)
    count = len(elements)
    sums = np.zeros((count * (count + 1) // 2, FUNCTIONS))
    np.add.at(
        sums, pair_kind(species[i], species[j], count), radial(np.linalg.norm(vectors, axis=1), FUNCTIONS, CUTOFF)[0]
    )
    return sums.ravel() / np.sqrt(len(r))


@dataclass(frozen=True, eq=False)
class Pair:
    """Two frames of one composition, and the way from the first to the second."""

    first: int
    second: int
    step: np.ndarray | None  # r_second (turned onto the first) - r_first, [atoms, 3] Å; None if there is no such way
    turn: np.ndarray  # [3, 3]: vectors of the second frame times this are vectors beside the first

    @property
    def rms(self) -> float:
        """Root mean square of the steps of the atoms, Å."""
        return np.inf if self.step is None else float(np.sqrt(np.mean(np.sum(self.step**2, axis=1))))


def near_pairs(subject: Subject, frames: Sequence[int], prints: dict[int, np.ndarray], count: int = 3) -> list[Pair]:
    """Every frame with the `count` frames of its composition, charge and spin that resemble it most."""
    found = []
    for group in subject.alike(frames):
        if len(group) < 2:
            continue
        points = np.array([prints[int(n)] for n in group])
        _, near = KDTree(points).query(points, k=min(count + 1, len(group)))
        seen = set()
        for a, row in enumerate(np.asarray(near)):
            for b in row:
                if a != b and (a, b) not in seen and (b, a) not in seen:
                    seen.add((a, b))
                    found.append(pair(subject.samples, int(group[a]), int(group[b])))
    return found


def pair(samples: Sequence[Sample], first: int, second: int) -> Pair:
    """The pair of two frames: aligned if open, by nearest images if periodic in one cell."""
    a, b = samples[first], samples[second]
    step, turn = None, np.eye(3)
    if np.array_equal(a.numbers, b.numbers):
        if not np.any(a.system.cell) and not np.any(b.system.cell):
            step, turn = _aligned(np.asarray(a.system.positions), np.asarray(b.system.positions))
        elif np.allclose(a.system.cell, b.system.cell, atol=1e-8):
            step = _nearest(np.asarray(b.system.positions - a.system.positions), np.asarray(a.system.cell[0]))
    return Pair(first, second, step, turn)


def _aligned(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The way from a to b turned onto it, and that turn."""
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    turn = turns_onto(b, a)
    return b @ turn - a, turn


def _nearest(step: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """Steps to the nearest image, without the common drift."""
    inverse = np.linalg.pinv(cell)
    step = step - np.round(step @ inverse) @ cell
    return step - step.mean(axis=0)
