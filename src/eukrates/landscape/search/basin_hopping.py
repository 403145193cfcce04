"""Basin hopping: Monte Carlo from minimum to minimum."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eukrates.landscape.search.explorer import Memory, Rest, Scene
from eukrates.landscape.search.moves import shaken, turned
from eukrates.units import KELVIN


@dataclass(frozen=True)
class BasinHopping:
    """Walkers that step from minimum to minimum, each by itself: a move, a quench, and the new minimum is taken if it
    is lower, or with the probability exp(-ΔE / k_B T).

    Wales & Doye, J. Phys. Chem. A 101, 5111 (1997), doi:10.1021/jp970984n. Moves are torsional, one to `bonds` bonds
    turned by any angle, or Cartesian: all atoms displaced, of several molecules the molecules displaced and turned.
    What has no bonds that can turn has Cartesian moves only.

    Args:
        walkers: candidates in a round.
        temperature_kelvin: K; high, as it is for differences of minima, not for barriers.
        step_angstrom: Å, of Cartesian moves, along each axis at most.
        torsional: the share of torsional moves.
        bonds: that a torsional move turns, at most.
    """

    walkers: int = 32
    temperature_kelvin: float = 1500.0
    step_angstrom: float = 0.4
    torsional: float = 0.8
    bonds: int = 3

    def __post_init__(self):
        positive = (self.walkers, self.temperature_kelvin, self.step_angstrom, self.bonds)
        if not (all(value > 0 for value in positive) and 0 <= self.torsional <= 1):
            raise ValueError(f"Expected numbers above 0 and a share of torsional moves from 0 to 1, got {self}.")

    @property
    def name(self) -> str:
        """See `Explorer`."""
        return "hopping"

    def propose(
        self, scene: Scene, memory: Memory, rng: np.random.Generator
    ) -> tuple[list[Float[np.ndarray, "atoms 3"]], Memory]:
        """See `Explorer`."""
        if not memory:  # walkers set out from the minima of the starts
            first = [scene.minima[n % len(scene.minima)] for n in range(self.walkers)]
            memory = {
                "positions": np.stack([one.positions for one in first]),
                "energies": np.array([one.energy for one in first]),
            }
        return [self._moved(scene, start, rng) for start in memory["positions"]], memory

    def learn(self, memory: Memory, found: Sequence[Rest | None], rng: np.random.Generator) -> Memory:
        """See `Explorer`."""
        positions, energies = memory["positions"].copy(), memory["energies"].copy()
        for n, rest in enumerate(found):
            chance = -np.log(rng.uniform()) * KELVIN * self.temperature_kelvin
            if rest is not None and rest.energy - energies[n] < chance:
                positions[n], energies[n] = rest.positions, rest.energy
        return {"positions": positions, "energies": energies}

    def _moved(self, scene: Scene, start: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        torsional = rng.uniform() < self.torsional and len(scene.torsions) > 0
        after = turned(scene.graph, scene.torsions, start, 1, rng, self.bonds) if torsional else None
        return shaken(scene.graph, start, self.step_angstrom, rng) if after is None else after
