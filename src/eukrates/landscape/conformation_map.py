"""`conformation_map`: minima as points in a plane, near each other if their shapes are alike."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from eukrates.analysis.torsions import rotatable_torsions, torsion_angles
from eukrates.landscape.bond_graph import BondGraph
from eukrates.landscape.invariants import Invariants
from eukrates.matter import System


class ConformationMap(NamedTuple):
    """Principal components of what tells minima apart."""

    points: Float[np.ndarray, "minima 2"]
    explained: tuple[float, float]  # shares of the variance
    features: str  # in words


def conformation_map(
    reference: System, graph: BondGraph, positions: Float[np.ndarray, "minima atoms 3"]
) -> ConformationMap:
    """The first two principal components of cosines and sines of the torsions about bonds that can turn.

    Of structures without two such bonds, and of several molecules, those of interatomic distances instead, in order of
    size among like pairs.

    Args:
        reference: a relaxed structure that says which bonds can turn.
        graph: its bonds.
        positions: Å, of at least one minimum.
    """
    torsions = rotatable_torsions(reference, graph.bonds, hydrogens=2)
    if len(torsions) >= 2 and graph.molecules.max() == 0:
        angles = np.radians(np.nan_to_num(torsion_angles(reference, positions, torsions)))
        rows = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
        features = f"cosines and sines of {len(torsions)} torsions"
    else:
        rows = np.stack([Invariants(graph).of(one) for one in positions])
        features = "distances between atoms"
    centred = rows - rows.mean(axis=0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    points = np.pad(u * s, ((0, 0), (0, 2)))[:, :2]
    shares = np.pad(s**2 / max(np.sum(s**2), 1e-300), (0, 2))[:2]
    return ConformationMap(points, (float(shares[0]), float(shares[1])), features)
