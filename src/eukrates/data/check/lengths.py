"""The unit of lengths, from the distances of nearest neighbours: in Å they are about the sum of two covalent radii.

    x_i = min_j |r_j - r_i| / (R_i + R_j)          0.75 to 1.3 from hydrogen to metals, in molecules and crystals    (1)

Bohr taken for Å gives 1.9 times as much, Å taken for Bohr half. Noble gases, which bind nothing, are left out.
"""

import dataclasses
from dataclasses import dataclass
from math import log

import numpy as np
from scipy.spatial.distance import cdist

from eukrates.data.check.subject import Subject
from eukrates.data.sample import Sample
from eukrates.elements import COVALENT_RADII
from eukrates.matter import neighbours
from eukrates.matter.neighbours import pair_vectors
from eukrates.units import LENGTH, length_unit

NOBLE = (2, 10, 18, 36, 54, 86)
USUAL, LEAST, MOST = 0.98, 0.75, 1.3  # of (1); the extremes hold for medians over frames
LADDER = (0.25, 0.75, 1.5, 3.0, 12.0)  # sums of radii, where to look for neighbours in periodic systems
FRAMES, FEWEST = 100, 10  # frames at most, distances at least


@dataclass(frozen=True)
class Lengths:
    """The unit that lengths seem to have, and the median of (1) as they were read."""

    unit: str
    median: float


def lengths(subject: Subject) -> Lengths | None:
    """The unit of lengths where (1) says clearly that it is not the declared one, else None."""
    chosen = np.random.default_rng(0).permutation(np.array(subject.structures, int))[:FRAMES]
    ratios = [_nearest(subject.samples[n]) for n in chosen]
    found = np.concatenate(ratios) if ratios else np.zeros(0)
    if len(found) < FEWEST or not np.isfinite(np.median(found)):
        return None
    least, low, median, high, most = np.quantile(found, [0.01, 0.05, 0.5, 0.95, 0.99], method="nearest")
    if low <= 0 or high / low > 1.7:  # dissociation curves, gases: nothing to go by
        return None
    if not ((median > 1.5 and least > MOST) or (median < 0.65 and most < 0.9)):
        return None
    options = {name: median * length_unit(name) / subject.units.length_factor for name in LENGTH}
    best = min(options, key=lambda name: abs(log(options[name] / USUAL)))
    return Lengths(best, float(median)) if LEAST < options[best] < MOST else None


def rescaled(subject: Subject, factor: float) -> Subject:
    """The subject with positions and cells times `factor`."""

    def larger(sample: Sample) -> Sample:
        s = sample.system
        return sample.but(system=dataclasses.replace(s, positions=s.positions * factor, cell=s.cell * factor))

    return Subject([larger(sample) for sample in subject.samples], subject.parts, subject.sources)


def _nearest(sample: Sample) -> np.ndarray:
    """(1) of the atoms that are no noble gas; infinite where nothing is near."""
    keep = ~np.isin(sample.numbers, NOBLE)
    if sample.system.atoms < 2 or not keep.any():
        return np.zeros(0)
    radii, r = COVALENT_RADII[sample.numbers], np.asarray(sample.system.positions)
    if not np.any(sample.system.cell):
        ratio = cdist(r, r) / (radii[:, None] + radii)
        np.fill_diagonal(ratio, np.inf)
        return ratio.min(axis=1)[keep]
    nearest = np.full(len(r), np.inf)
    for reach in LADDER:
        edges = neighbours(sample.system, 2 * reach * float(radii.max()))
        ratio = np.linalg.norm(pair_vectors(sample.system, edges), axis=1) / (radii[edges.i] + radii[edges.j])
        np.minimum.at(nearest, edges.i, ratio)
        np.minimum.at(nearest, edges.j, ratio)
        if np.mean(np.isfinite(nearest)) > 0.9:
            break
    return nearest[keep]
