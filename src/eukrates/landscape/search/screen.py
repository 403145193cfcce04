"""`Screen`: whether what came to rest is a minimum of the molecule that is searched for, or of something else."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import cdist, pdist

from eukrates.elements import COVALENT_RADII
from eukrates.landscape.bond_graph import BondGraph, changed_bonds
from eukrates.landscape.relax import Relaxed
from eukrates.landscape.stereochemistry import Configuration

CONTACT = 0.4  # sums of covalent radii; what is closer is in a hole of the potential


@dataclass(frozen=True, eq=False)
class Screen:
    """What a structure must be to count.

    Args:
        graph: the bonds that it must have.
        configuration: that it must have; None: any.
        gap: Å, the widest between its molecules (or atoms without bonds) for it to count as one cluster.
    """

    graph: BondGraph
    configuration: Configuration | None
    gap: float

    def objection(self, found: Relaxed) -> str | None:
        """Why a structure is set aside; None: it is not."""
        if not found.converged:
            return f"not at rest: {found.ending.name.lower().replace('_', ' ')}, {found.force:.2g} eV/Å"
        positions = np.asarray(found.structure.positions, np.float64)
        if (closest := self._closest(positions)) < CONTACT:
            return f"two atoms on top of each other: {closest:.2f} sums of covalent radii apart"
        if changes := changed_bonds(self.graph, positions):
            return str(changes)
        if self.configuration is not None and (changed := self.configuration.changed(positions)):
            return str(changed)
        if (widest := self.widest_gap(positions)) > self.gap:
            return f"fallen apart: a gap of {widest:.1f} Å"
        return None

    def _closest(self, positions: np.ndarray) -> float:
        """The least distance of two atoms in sums of their covalent radii."""
        radii = COVALENT_RADII[self.graph.numbers]
        i, j = np.triu_indices(len(radii), 1)
        return float(np.min(pdist(positions) / (radii[i] + radii[j]), initial=np.inf))

    def widest_gap(self, positions: Float[np.ndarray, "atoms 3"]) -> float:
        """Å, the widest that must be crossed to get everywhere; 0 for one molecule."""
        molecules = self.graph.molecules
        count = int(molecules.max()) + 1
        if count == 1:
            return 0.0
        apart = cdist(positions, positions)
        between = np.full((count, count), np.inf)
        np.minimum.at(between, (molecules[:, None], molecules[None]), apart)
        np.fill_diagonal(between, 0.0)
        return float(minimum_spanning_tree(between).toarray().max())
