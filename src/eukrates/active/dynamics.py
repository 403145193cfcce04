"""Sampling by molecular dynamics, as far as the ensemble knows the way."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from eukrates.active.sampler import copied, crowded, some
from eukrates.dynamics import Langevin, Record, Run, Watch, run_many
from eukrates.potential import Potential

BEYOND = 1.2  # times the threshold at which a run is stopped, so that the frame before is mostly above the threshold


@dataclass(frozen=True)
class Dynamics:
    """Langevin dynamics of several replicas, each stopped in the step in which the ensemble disagrees too much.

    What is harvested is the last frame before it. Replicas that never get there give their last frame, which need not
    be worth a label; those that are beyond from the start give none. Smith et al., J. Chem. Phys.
    148, 241733 (2018), doi:10.1063/1.5023802.

    Args:
        replicas: that run together, from structures drawn at random.
        temperatures_kelvin: K, of the replicas in turn.
        time_ps: ps, the longest that a replica runs.
        every_fs: fs between frames that are harvested on the way.
        timestep_fs: fs.
        friction_per_ps: 1/ps.
    """

    replicas: int = 16
    temperatures_kelvin: tuple[float, ...] = (300.0, 600.0)
    time_ps: float = 5.0
    every_fs: float = 20.0
    timestep_fs: float = 0.5
    friction_per_ps: float = 5.0

    def __post_init__(self):
        object.__setattr__(self, "temperatures_kelvin", tuple(self.temperatures_kelvin))
        positive = (self.replicas, self.time_ps, self.every_fs, self.timestep_fs, self.friction_per_ps)
        positive += self.temperatures_kelvin
        if not self.temperatures_kelvin or not all(value > 0 for value in positive):
            raise ValueError(f"Expected temperatures, and numbers above 0, got {self}.")

    def __call__(
        self, potential: Potential, starts: Sequence[Atoms], rho: float, rng: np.random.Generator
    ) -> list[Atoms]:
        """See `Sampler`."""
        chosen = [copied(atoms, "dynamics") for atoms in some(starts, self.replicas, rng)]
        seeds = rng.integers(2**31, size=self.replicas).tolist()
        kelvin = [self.temperatures_kelvin[n % len(self.temperatures_kelvin)] for n in range(self.replicas)]
        ensembles = [Langevin(float(t), self.friction_per_ps) for t in kelvin]
        steps = max(1, round(1000 * self.time_ps / self.timestep_fs))
        every = max(1, round(self.every_fs / self.timestep_fs))
        record = Record(every=every, what=(), watch=Watch(bonds=2.0, rho=BEYOND * rho))
        runs = run_many(potential, chosen, ensembles, steps, self.timestep_fs, seeds, record)
        found = []
        for start, done, temperature in zip(chosen, runs, kelvin, strict=True):
            if done.steps_done:
                found += self._harvest(start, done, temperature)
        return [atoms for atoms in found if not crowded(atoms)]

    def _harvest(self, start: Atoms, done: Run, temperature: float) -> list[Atoms]:
        """The frames of a replica after its start, and the last of all."""
        frames = done.trajectory.frames
        there = dict(zip(frames.step.tolist(), frames.positions, strict=True)) | {done.steps_done: done.final.positions}
        found = []
        for step, positions in sorted(there.items()):
            if step:
                time = float(step * self.timestep_fs)
                frame = copied(start, "dynamics", temperature_kelvin=temperature, time_fs=time)
                frame.positions = positions
                found.append(frame)
        return found
