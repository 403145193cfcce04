"""Candidates from hot molecular dynamics."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eukrates.data.atoms import to_atoms
from eukrates.dynamics import Langevin, Record, Watch, run_many
from eukrates.landscape.search.explorer import Memory, Rest, Scene


@dataclass(frozen=True)
class HotDynamics:
    """Replicas of Langevin dynamics, a frame of each quenched at intervals. The frames of all rounds are one run.

    A replica whose bonds break sets out again from a minimum drawn at random.

    Args:
        replicas: that run together; each gives a candidate in a round.
        temperatures_kelvin: K, of the replicas in turn.
        interval_fs: fs between quenches.
        timestep_fs: fs.
        friction_per_ps: 1/ps.
    """

    replicas: int = 16
    temperatures_kelvin: tuple[float, ...] = (500.0, 800.0)
    interval_fs: float = 500.0
    timestep_fs: float = 1.0
    friction_per_ps: float = 5.0

    def __post_init__(self):
        object.__setattr__(self, "temperatures_kelvin", tuple(float(t) for t in self.temperatures_kelvin))
        positive = (self.replicas, self.interval_fs, self.timestep_fs, self.friction_per_ps, *self.temperatures_kelvin)
        if not self.temperatures_kelvin or not all(value > 0 for value in positive):
            raise ValueError(f"Expected temperatures, and numbers above 0, got {self}.")

    @property
    def name(self) -> str:
        """See `Explorer`."""
        return "dynamics"

    def propose(
        self, scene: Scene, memory: Memory, rng: np.random.Generator
    ) -> tuple[list[Float[np.ndarray, "atoms 3"]], Memory]:
        """See `Explorer`."""
        starts, known = [], len(scene.minima)
        for n in range(self.replicas):
            goes_on = bool(memory) and np.isfinite(memory["momenta"][n]).all()
            where = memory["positions"][n] if goes_on else scene.minima[int(rng.integers(known))].positions
            atoms = to_atoms(scene.at(where))
            if goes_on:
                atoms.set_momenta(memory["momenta"][n])
            starts.append(atoms)
        kelvin = [self.temperatures_kelvin[n % len(self.temperatures_kelvin)] for n in range(self.replicas)]
        ensembles = [Langevin(t, self.friction_per_ps) for t in kelvin]
        steps = max(1, round(self.interval_fs / self.timestep_fs))
        record, seeds = Record(every=steps, what=(), watch=Watch()), rng.integers(2**31, size=self.replicas).tolist()
        runs = run_many(scene.potential, starts, ensembles, steps, self.timestep_fs, seeds, record)
        positions = np.stack([one.final.positions for one in runs])
        momenta = np.stack([one.final.get_momenta() for one in runs])
        momenta[[one.stopped is not None for one in runs]] = np.nan
        return list(positions), {"positions": positions, "momenta": momenta}

    def learn(self, memory: Memory, found: Sequence[Rest | None], rng: np.random.Generator) -> Memory:
        """Replicas whose frame was set aside set out anew: they have become something else."""
        momenta = memory["momenta"].copy()
        momenta[[rest is None for rest in found]] = np.nan
        return dict(memory) | {"momenta": momenta}
