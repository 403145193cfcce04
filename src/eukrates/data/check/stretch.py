"""Do stretched bonds pull and short ones push? The sign of the forces of a single frame, without any model.

c = -Σ_b x_b f_b / √(Σ x_b² Σ f_b²),   x_b = r_b - median r of the kind of bond,   f_b = ½ (F_j - F_i) · r̂_b      (1)
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from eukrates.data.check.finding import Finding
from eukrates.data.check.subject import Subject
from eukrates.data.sample import Sample
from eukrates.elements import COVALENT_RADII
from eukrates.matter import neighbours

CLEAR = 0.5  # |c| above this is a clear sign


def stretch_correlation(samples: Sequence[Sample]) -> np.ndarray:
    """c of (1) for each sample; 0 without bonds or forces."""
    bonds = [_bonds(sample) for sample in samples]
    lengths: dict[tuple, list[np.ndarray]] = defaultdict(list)
    for kinds in bonds:
        for kind, rows in kinds.items():
            lengths[kind].append(rows[:, 0])
    usual = {kind: float(np.median(np.concatenate(rows))) for kind, rows in lengths.items()}
    found = np.zeros(len(samples))
    for n, kinds in enumerate(bonds):
        if kinds:
            x, f = np.concatenate([rows - [usual[kind], 0.0] for kind, rows in kinds.items()]).T
            size = np.sqrt(np.sum(x * x) * np.sum(f * f))
            found[n] = -np.sum(x * f) / size if size > 0 else 0.0
    return found


def signs_of_frames(subject: Subject) -> list[Finding]:
    """Frames whose stretched bonds push while those of other frames pull; for data that no model explains."""
    frames = [n for n in subject.good if subject.samples[n].forces is not None]
    c = stretch_correlation([subject.samples[n] for n in frames])
    against = [n for n, one in zip(frames, c, strict=True) if one < -CLEAR]
    if not against or np.mean(np.abs(c) > CLEAR) < 0.7:
        return []
    subject.spoilt.update(against)
    mean = c[c < -CLEAR].mean()
    evidence = f"stretched bonds push apart in {len(against)} of {len(frames)} frames (mean correlation {mean:.2f})"
    fix = "Multiply the forces of these frames by -1 (gradients were stored instead of forces), or leave them out."
    return [Finding("force sign", "error", "forces with the wrong sign", subject.names(against), evidence, fix)]


def _bonds(sample: Sample) -> dict[tuple, np.ndarray]:
    """Kind of bond (elements and numbers of neighbours of both atoms) → rows of length, f of (1)."""
    numbers, forces = sample.numbers, np.asarray(sample.forces)
    radii = COVALENT_RADII[numbers]
    edges = neighbours(sample.system, 2.6 * float(radii.max()))
    h, r = edges.half, np.asarray(sample.system.positions)
    i, j = edges.i[:h], edges.j[:h]
    vectors = r[j] - r[i] + edges.image[:h] @ np.asarray(sample.system.cell[0])
    length = np.linalg.norm(vectors, axis=1)
    bonded = np.flatnonzero(length < 1.3 * (radii[i] + radii[j]))
    degree = np.bincount(np.concatenate([i[bonded], j[bonded]]), minlength=len(numbers))
    pull = np.einsum("pa,pa->p", forces[j] - forces[i], vectors) / (2 * length)
    found: dict[tuple, list] = defaultdict(list)
    for p in bonded:
        ends = sorted([(int(numbers[i[p]]), int(degree[i[p]])), (int(numbers[j[p]]), int(degree[j[p]]))])
        found[tuple(ends)].append((length[p], pull[p]))
    return {kind: np.array(rows) for kind, rows in found.items()}
