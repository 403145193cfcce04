"""`conformation_map`: minima as points in a plane, near each other if their shapes are alike."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from eukrates.landscape.bond_graph import BondGraph
from eukrates.landscape.invariants import Invariants


class ConformationMap(NamedTuple):
    """Principal components of what tells minima apart."""

    points: Float[np.ndarray, "minima 2"]  # Å
    explained: tuple[float, float]  # shares of the variance
    features: str  # in words


def conformation_map(graph: BondGraph, positions: Float[np.ndarray, "minima atoms 3"]) -> ConformationMap:
    """The first two principal components of interatomic distances, in order of size among like pairs.

    These are the same however atoms that are alike are numbered (torsions are not), and so are those of mirror images,
    which lie on one point. Points are no farther apart than √2 times the RMSD of their structures, see `Invariants`.

    Args:
        graph: the bonds of all.
        positions: Å, of at least one minimum.
    """
    invariants = Invariants(graph)
    rows = np.stack([invariants.of(one) for one in positions])
    u, s, _ = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    points = np.pad(u * s, ((0, 0), (0, 2)))[:, :2]
    shares = np.pad(s**2 / max(np.sum(s**2), 1e-300), (0, 2))[:2]
    features = "distances between atoms, in which mirror images coincide"
    return ConformationMap(points, (float(shares[0]), float(shares[1])), features)
