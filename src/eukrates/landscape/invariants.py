"""Numbers that rotations and relabellings leave as they are, and how far apart structures are at least by them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float
from scipy.spatial.distance import pdist

from eukrates.landscape.bond_graph import BondGraph

MOST = 1024  # numbers that stand for all distances


@dataclass(frozen=True, eq=False)
class Invariants:
    """Of structures with one bond graph: distances of atoms from their centre and from each other, in order of size.

    For structures x, y laid over each other, with xᵢ - yᵢ = δᵢ, Σ δᵢ = 0 and rmsd² = Σ |δᵢ|² / N,

    Σᵢ (|xᵢ| - |yᵢ|)² ≤ Σᵢ |δᵢ|² = N rmsd²                                                                     (1)
    Σ_{i<j} (|xᵢ - xⱼ| - |yᵢ - yⱼ|)² ≤ Σ_{i<j} |δᵢ - δⱼ|² = N² rmsd²                                           (2)

    Distances of equal classes, or pairs of classes, are sorted, which makes no sum larger whatever the labels were;
    and √n times the mean stands for every n that follow each other in (2), which does not either. So no two structures
    are closer than `least_rmsd`, mirror images included, and none is sorted out by it that an RMSD would take.
    """

    graph: BondGraph

    def of(self, positions: Float[np.ndarray, "atoms 3"]) -> Float[np.ndarray, " invariants"]:
        """Å."""
        r, n = positions - positions.mean(axis=0), len(positions)
        radii, d = np.linalg.norm(r, axis=1), pdist(r)
        atoms, (kind, starts, counts) = self.graph.classes, self._pairs
        radii = radii[np.lexsort((radii, atoms))] / np.sqrt(n)  # (1)
        d = np.add.reduceat(d[np.lexsort((d, kind))], starts) / np.sqrt(counts) / n if len(d) else d  # (2)
        return np.concatenate([radii, d])

    def least_rmsd(
        self, one: Float[np.ndarray, " invariants"], others: Float[np.ndarray, "others invariants"]
    ) -> Float[np.ndarray, " others"]:
        """Å, from one structure to others; the RMSD is not below."""
        squared, n = (others - one) ** 2, self.graph.atoms
        return np.sqrt(np.maximum(squared[:, :n].sum(axis=1), squared[:, n:].sum(axis=1)))

    @cached_property
    def _pairs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The kind of every pair i < j; where the runs that one number stands for begin, and their lengths."""
        classes, (i, j) = self.graph.classes, np.triu_indices(self.graph.atoms, 1)
        low, high = np.minimum(classes[i], classes[j]), np.maximum(classes[i], classes[j])
        starts = np.arange(0, len(i), max(1, -(-len(i) // MOST)))
        return low * (classes.max() + 1) + high, starts, np.diff(np.append(starts, len(i)))
