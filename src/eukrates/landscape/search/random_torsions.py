"""Candidates by turning bonds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eukrates.landscape.search.explorer import Memory, Rest, Scene
from eukrates.landscape.search.moves import turned


@dataclass(frozen=True)
class RandomTorsions:
    """All bonds that can turn, those to methyl groups too, turned at random: of minima drawn at random, whose rings may
    differ.

    Which bonds can turn: see `eukrates.analysis.torsions.rotatable_torsions`.

    Args:
        count: candidates in a round, of which those in which atoms always collide are left out.
    """

    count: int = 32

    def __post_init__(self):
        if self.count < 1:
            raise ValueError(f"Expected a count of at least 1, got {self.count}.")

    @property
    def name(self) -> str:
        """See `Explorer`."""
        return "torsions"

    def propose(
        self, scene: Scene, memory: Memory, rng: np.random.Generator
    ) -> tuple[list[Float[np.ndarray, "atoms 3"]], Memory]:
        """See `Explorer`."""
        if not len(scene.torsions):
            raise ValueError("The molecule has no bond that can turn: explore it by hopping or by dynamics.")
        every = scene.all_torsions
        starts = [scene.minima[n].positions for n in rng.integers(len(scene.minima), size=self.count)]
        found = [turned(scene.graph, every, start, len(every), rng) for start in starts]
        return [one for one in found if one is not None], {}

    def learn(self, memory: Memory, found: Sequence[Rest | None], rng: np.random.Generator) -> Memory:
        """See `Explorer`."""
        return {}
