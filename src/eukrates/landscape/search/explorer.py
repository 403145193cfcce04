"""What an explorer is: known minima in, structures worth a quench out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from eukrates.analysis.torsions import rotatable_torsions
from eukrates.landscape.bond_graph import BondGraph
from eukrates.landscape.catalogue import Minimum
from eukrates.matter import System
from eukrates.potential import Potential

Memory = Mapping[str, np.ndarray]  # of an explorer, from round to round


@dataclass(frozen=True, eq=False)
class Scene:
    """What explorers see of a search."""

    potential: Potential
    reference: System  # at rest
    graph: BondGraph
    minima: Sequence[Minimum]  # known so far, in the order in which they were found; at least one

    def at(self, positions: Float[np.ndarray, "atoms 3"]) -> System:
        """The reference with other positions."""
        return replace(self.reference, positions=np.asarray(positions, np.float64))

    @cached_property
    def torsions(self) -> Int[np.ndarray, "torsions 4"]:
        """One for each bond that can turn, to hydroxyl and amino groups too."""
        return rotatable_torsions(self.reference, self.graph.bonds, hydrogens=2)

    @cached_property
    def all_torsions(self) -> Int[np.ndarray, "torsions 4"]:
        """Those about bonds to methyl groups too."""
        return rotatable_torsions(self.reference, self.graph.bonds, hydrogens=3)


class Rest(NamedTuple):
    """Where a candidate came to rest."""

    positions: Float[np.ndarray, "atoms 3"]  # Å
    energy: float  # eV


@runtime_checkable
class Explorer(Protocol):
    """Frozen dataclasses: their arguments are all there is to know about them.

    What they do is determined by what they are given, so that a round that was interrupted can be done again.
    """

    @property
    def name(self) -> str:
        """In results and reports."""
        ...

    def propose(
        self, scene: Scene, memory: Memory, rng: np.random.Generator
    ) -> tuple[list[Float[np.ndarray, "atoms 3"]], Memory]:
        """Candidates of a round, and what is to be remembered.

        Args:
            scene: the search.
            memory: what `learn` returned in the round before; nothing in the first.
            rng: all chance there is.

        Raises:
            ValueError: nothing can be proposed for such a structure.
        """
        ...

    def learn(self, memory: Memory, found: Sequence[Rest | None], rng: np.random.Generator) -> Memory:
        """What became of the candidates, in their order; None: it was set aside."""
        ...
