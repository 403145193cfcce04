"""`ShortRun`: a short run at constant energy from a structure of the user."""

from dataclasses import dataclass

import numpy as np

from eukrates.elements import MASSES
from eukrates.matter import System
from eukrates.potential import Potential
from eukrates.trust.conservation import Series
from eukrates.trust.evaluator import Evaluator
from eukrates.trust.structures import moved
from eukrates.units import FS, KELVIN


@dataclass(frozen=True)
class ShortRun:
    """How long, how fine, how warm. The same step as in production shows the drift of production."""

    duration_fs: float = 1000.0
    timestep_fs: float = 0.5
    temperature_kelvin: float = 300.0

    def __call__(self, potential: Potential, structure: System, seed: int) -> Series:
        """Velocity Verlet from random velocities of the given temperature."""
        evaluator, rng = Evaluator(potential, batch_size=1), np.random.default_rng(seed)
        mass = MASSES[structure.numbers][:, None]
        p = rng.normal(size=structure.positions.shape) * np.sqrt(mass * KELVIN * self.temperature_kelvin)
        p -= mass * p.sum(axis=0) / mass.sum()
        dt, r = self.timestep_fs * FS, np.array(structure.positions)
        (now,) = evaluator([structure])
        rows = []
        for step in range(round(self.duration_fs / self.timestep_fs)):
            kinetic = float(np.sum(p**2 / mass)) / 2
            rows.append((step * self.timestep_fs, kinetic + float(now.energy[0]), kinetic / (1.5 * len(r) * KELVIN)))
            p = p + dt / 2 * now.forces
            r = r + dt * p / mass
            if not np.all(np.isfinite(r)):
                break
            (now,) = evaluator([moved(structure, r)])
            p = p + dt / 2 * now.forces
        times, total, temperatures = np.array(rows).T
        return Series(times, total, temperatures, len(r), self.timestep_fs, self.temperature_kelvin)
