"""Atoms too close to be real."""

import numpy as np

from eukrates.data.check.finding import Finding
from eukrates.data.check.subject import Subject
from eukrates.elements import COVALENT_RADII, SYMBOLS
from eukrates.matter import neighbours

CLOSE = 0.55  # of the sum of covalent radii; the shortest bonds of nature (H2, C≡C, N≡N) are above 0.75


def distances(subject: Subject) -> list[Finding]:
    """Pairs nearer than `CLOSE` times the sum of their covalent radii."""
    found: list[tuple[int, float, str]] = []
    for n, sample in enumerate(subject.samples):
        radii = COVALENT_RADII[sample.numbers]
        edges = neighbours(sample.system, 2 * CLOSE * float(radii.max()) + 0.1)
        i, j = edges.i[: edges.half], edges.j[: edges.half]
        r, cell = np.asarray(sample.system.positions), np.asarray(sample.system.cell[0])
        length = np.linalg.norm(r[j] - r[i] + edges.image[: edges.half] @ cell, axis=1)
        ratio = length / (radii[i] + radii[j])
        same = _coincident(r) if not np.any(cell) else None  # a distance of exactly zero is in no neighbour list
        if same is not None:
            found.append((n, 0.0, _named(sample, *same)))
        elif ratio.size and ratio.min() < CLOSE:
            k = int(np.argmin(ratio))
            found.append((n, float(length[k]), _named(sample, int(i[k]), int(j[k]))))
    if not found:
        return []
    subject.spoilt.update(n for n, _, _ in found)
    _, length, pair = min(found, key=lambda f: f[1])
    return [
        Finding(
            "distances",
            "error",
            "atoms too close",
            subject.names(n for n, _, _ in found),
            f"shortest: {length:.3f} Å between {pair} (counted from 0), less than {CLOSE} of the covalent radii",
            "Remove these frames, or check the unit of the positions (Å, Bohr) and the cell.",
        )
    ]


def _named(sample, i: int, j: int) -> str:
    return f"{SYMBOLS[int(sample.numbers[i])]}{i}–{SYMBOLS[int(sample.numbers[j])]}{j}"


def _coincident(positions: np.ndarray) -> tuple[int, int] | None:
    _, first, count = np.unique(positions, axis=0, return_index=True, return_counts=True)
    for k in np.flatnonzero(count > 1):
        members = np.flatnonzero((positions == positions[first[k]]).all(axis=1))
        return int(members[0]), int(members[1])
    return None
