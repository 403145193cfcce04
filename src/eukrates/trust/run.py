"""`ShortRun`: a short run at constant energy from a structure of the user."""

import math
from dataclasses import dataclass

from eukrates.dynamics import NVE, Record, run
from eukrates.matter import System
from eukrates.potential import Potential
from eukrates.trust.conservation import Series

FRAMES = 500  # that are looked at


@dataclass(frozen=True)
class ShortRun:
    """How long, how fine, how warm. The same step as in production shows the drift of production."""

    duration_fs: float | int = 1000.0
    timestep_fs: float | int = 0.5
    temperature_kelvin: float | int = 300.0

    def __post_init__(self):
        for name, value in vars(self).items():
            if not math.isfinite(value) or value < 0 or (name == "timestep_fs" and value == 0):
                raise ValueError(f"Expected {name} to be finite and not negative, got {value!r}.")
        if 0 < self.steps < 16:
            raise ValueError(f"Expected at least 16 steps to see a drift, got {self.steps}. 0 fs skips the run.")

    @property
    def steps(self) -> int:
        """How many steps; none skips the run."""
        return round(self.duration_fs / self.timestep_fs)

    def __call__(self, potential: Potential, structure: System, seed: int) -> Series:
        """Velocity Verlet from random velocities of the given temperature."""
        record = Record(every=max(1, self.steps // FRAMES), what=())
        done = run(potential, structure, NVE(self.temperature_kelvin), self.steps, self.timestep_fs, seed, record)
        return Series(
            times_fs=done.log["time_fs"],
            total=done.log["conserved_energy"],
            temperatures=done.log["temperature_kelvin"],
            atoms=structure.atoms,
            timestep_fs=float(self.timestep_fs),
            start_kelvin=float(self.temperature_kelvin),
            stopped=done.stopped,
        )
