"""`Screen`: whether what came to rest is a minimum of the molecule that is searched for, or of something else."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import cdist, pdist

from eukrates.elements import COVALENT_RADII, SYMBOLS
from eukrates.landscape.bond_graph import BondGraph, bond_graph, changed_bonds
from eukrates.landscape.relax import Relaxed
from eukrates.landscape.search.plan import Rules
from eukrates.landscape.stereochemistry import Configuration, configuration
from eukrates.matter import System
from eukrates.potential import Potential

CONTACT = 0.4  # sums of covalent radii; what is closer is in a hole of the potential
SHORT = 0.65  # the same of bonds; none is shorter than 0.75 (N2 0.77), see `eukrates.dynamics.Watch`


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

    @classmethod
    def of(cls, reference: System, rules: Rules, potential: Potential) -> "Screen":
        """That of a search whose first structure came to rest as the reference."""
        graph = bond_graph(reference)
        wanted = configuration(graph, np.asarray(reference.positions, np.float64)) if rules.configuration else None
        return cls(graph, wanted, potential.cutoff if rules.gap is None else rules.gap)

    def objection(self, found: Relaxed) -> str | None:
        """Why a structure is set aside; None: it is not."""
        if not found.converged:
            return f"not at rest: {found.ending.words}, {found.force:.2g} eV/Å"
        positions = np.asarray(found.structure.positions, np.float64)
        if (closest := self._closest(positions)) < CONTACT:
            return f"two atoms on top of each other: {closest:.2f} sums of covalent radii apart"
        if changes := changed_bonds(self.graph, positions):
            return str(changes)
        if collapsed := self._collapsed(positions):
            return collapsed
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

    def _collapsed(self, positions: np.ndarray) -> str | None:
        """Which bond is shorter than any that there is, of those the one that is shortest for what it is."""
        if not len(self.graph.bonds):
            return None
        i, j = self.graph.bonds.T
        lengths = np.linalg.norm(positions[i] - positions[j], axis=1)
        ratio = lengths / COVALENT_RADII[self.graph.numbers[self.graph.bonds]].sum(axis=1)
        n = int(np.argmin(ratio))
        a, b = (f"{SYMBOLS[self.graph.numbers[atom]]}{atom}" for atom in self.graph.bonds[n])
        told = f"a bond collapsed: {a}-{b} is {lengths[n]:.2f} Å long, {ratio[n]:.2f} sums of covalent radii"
        return told if ratio[n] < SHORT else None

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
