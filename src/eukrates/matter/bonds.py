"""Covalent bonds by distance."""

import numpy as np
from jaxtyping import Int

from eukrates.elements import COVALENT_RADII
from eukrates.matter.neighbours import neighbours, pair_vectors
from eukrates.matter.system import System

STRETCH = 1.25  # times the sum of covalent radii, up to which atoms count as bonded


def find_bonds(structure: System) -> Int[np.ndarray, "bonds 2"]:
    """Pairs of atoms of one structure i < j closer than 1.25 times the sum of their covalent radii (one image each)."""
    radii = COVALENT_RADII[np.asarray(structure.numbers)]
    edges = neighbours(structure, 2 * STRETCH * float(radii.max()))
    h = edges.half
    i, j = edges.i[:h], edges.j[:h]
    bonded = np.linalg.norm(pair_vectors(structure, edges)[:h], axis=1) < STRETCH * (radii[i] + radii[j])
    pairs = np.sort(np.stack([i, j], axis=1)[bonded], axis=1)
    return np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)
