"""Moves: from one structure to another that is worth a quench."""

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial.distance import cdist
from scipy.spatial.transform import Rotation

from eukrates.analysis.torsions import turned_by
from eukrates.elements import COVALENT_RADII
from eukrates.landscape.bond_graph import BondGraph

CLEAR = 1.3  # sums of covalent radii; atoms without a bond that are closer would form one when quenched
NEARER = 0.9  # times what it was before the move, to which the distance of atoms that touched already may shrink
TRIALS = 200  # of a random move, until no two atoms collide


def turned(
    graph: BondGraph,
    torsions: Int[np.ndarray, "torsions 4"],
    positions: Float[np.ndarray, "atoms 3"],
    least: int,
    rng: np.random.Generator,
    most: int | None = None,
) -> Float[np.ndarray, "atoms 3"] | None:
    """`least` to `most` (all) of the torsions turned by any angles; None: atoms always collided."""
    most = len(torsions) if most is None else min(most, len(torsions))
    for _ in range(TRIALS):
        some = rng.permutation(len(torsions))[: rng.integers(least, most + 1)]
        angles = rng.uniform(-180.0, 180.0, len(some))
        after = turned_by(positions, graph.bonds, torsions[some], angles)
        if not collides(graph, after, positions):
            return after
    return None


def shaken(
    graph: BondGraph, positions: Float[np.ndarray, "atoms 3"], step: float, rng: np.random.Generator
) -> Float[np.ndarray, "atoms 3"]:
    """Every atom displaced by up to `step`, Å, along each axis; of several molecules, every molecule as a whole.

    Molecules are also turned, about any axis by up to 90°.
    """
    molecules, count = graph.molecules, int(graph.molecules.max()) + 1
    if count == 1:
        return positions + rng.uniform(-step, step, positions.shape)
    after = np.array(positions, np.float64)
    for n in range(count):
        own = molecules == n
        centre = after[own].mean(axis=0)
        axis = rng.normal(size=3)
        turn = Rotation.from_rotvec(rng.uniform(0, np.pi / 2) * axis / np.linalg.norm(axis))
        after[own] = centre + rng.uniform(-step, step, 3) + turn.apply(after[own] - centre)
    return after


def collides(graph: BondGraph, positions: Float[np.ndarray, "atoms 3"], before: Float[np.ndarray, "atoms 3"]) -> bool:
    """True where a move brought two atoms that are neither bonded nor bonded to one atom too close.

    That is nearer than 1.3 sums of covalent radii, and nearer than 0.9 times their distance before: metals have no
    bonds here and touch what coordinates them, strong hydrogen bonds and small rings are close too. These may stay.
    """
    radii, bonded = COVALENT_RADII[graph.numbers], graph.adjacent
    near = bonded | (bonded.astype(int) @ bonded > 0) | np.eye(graph.atoms, dtype=bool)
    least = np.minimum(CLEAR * (radii[:, None] + radii), NEARER * cdist(before, before))
    return bool(np.any((cdist(positions, positions) < least) & ~near))
