"""What a short run at constant energy shows: drift, fluctuation, and whether it stays alive.

The total energy E(t) of an exact integrator is constant. With velocity Verlet and consistent forces it fluctuates
around a constant, by an amount that falls with the square of the time step, and does not drift.

    drift       slope of the least-squares line through E(t) / atoms                               meV/atom/ps
    fluctuation root mean square about that line                                                  meV/atom

Threshold 0.1 meV/atom/ps: a heating of 0.4 K per picosecond (half of 3 k_B T per atom is kinetic), which a thermostat
hides and a run of 100 ps without one does not survive unharmed. Three standard errors say how well the run tells: where
they are larger than the threshold, the run was too short to pass, and fails only if the drift is larger than both
together. Threshold of the fluctuation 5 meV/atom: a fifth of kT at room temperature; more means that the time step is
too long for this potential.

A run has exploded when the dynamics stopped it (something not finite, or hotter than ten times the start and 5000 K)
or when its total energy leaves its first value by 1 eV per atom, which no integrator error of a usable step reaches.
A run that conserves energy but becomes three times as hot as it was started falls from where it was put: the structure,
which is good in the reference, is no place of low energy in this potential.
"""

from dataclasses import dataclass

import numpy as np

from eukrates.analysis import drift
from eukrates.trust.finding import Finding, below

DRIFT = 0.1  # meV/atom/ps
FLUCTUATION = 5.0  # meV/atom
LOST = 1.0  # eV/atom away from the first total energy: the run has exploded
HOT = 3.0  # times the temperature of the start


@dataclass(frozen=True, eq=False)
class Series:
    """A run at constant energy, sampled."""

    times_fs: np.ndarray
    total: np.ndarray  # eV, kinetic + potential
    temperatures: np.ndarray  # K
    atoms: int
    timestep_fs: float
    start_kelvin: float  # temperature of the velocities it was given
    stopped: str | None = None  # why the dynamics ended early

    @property
    def exploded(self) -> str | None:
        """How the run ended before its end, or that its total energy became unbelievable; None if neither."""
        if self.stopped is not None:
            return self.stopped
        lost = np.abs(self.total - self.total[0]) / self.atoms >= LOST
        if not lost.any():
            return None
        when = self.times_fs[int(np.argmax(lost))]
        return f"The total energy left its first value by {LOST:g} eV per atom after {when:g} fs."

    @property
    def temperature(self) -> float:
        """Mean of the second half, K."""
        return float(np.mean(self.temperatures[len(self.temperatures) // 2 :]))

    @property
    def drift(self) -> tuple[float, float]:
        """Slope of the total energy and its standard error, meV/atom/ps."""
        return drift(self.times_fs, self.total, self.atoms)

    @property
    def fluctuation(self) -> float:
        """Root mean square of the total energy about its line, meV/atom."""
        e = 1e3 * self.total / self.atoms
        return float(np.std(e - np.polyval(np.polyfit(self.times_fs, e, 1), self.times_fs)))


def judged(series: Series) -> list[Finding]:
    """Drift and fluctuation of a run as findings; a run that died is one finding."""
    if series.exploded is not None:
        meaning = f"The run exploded. {series.exploded} Find the hole or the missing data before any dynamics."
        return [Finding("drift at constant energy", np.inf, "meV/atom/ps", DRIFT, False, meaning)]
    return [
        _drifting(series),
        below(
            "fluctuation at constant energy",
            series.fluctuation,
            "meV/atom",
            FLUCTUATION,
            f"small against kT with steps of {series.timestep_fs:g} fs",
            f"steps of {series.timestep_fs:g} fs are too long for this potential, or it is rough",
            serious=False,
        ),
        below(
            "temperature of the run",
            series.temperature,
            "K",
            HOT * series.start_kelvin,
            f"below three times the {series.start_kelvin:g} K it was given",
            f"given {series.start_kelvin:g} K it falls downhill: the structure is far from a minimum of this potential",
            serious=False,
        ),
    ]


def _drifting(series: Series) -> Finding:
    """The drift against its threshold and its standard error; not tested where the run cannot tell."""
    name, (drift, error) = "drift at constant energy", series.drift
    lasted = float(np.ptp(series.times_fs))
    told = f"over {lasted:g} fs with steps of {series.timestep_fs:g} fs (standard error {error:.2g})"
    if 3 * error > DRIFT and abs(drift) - 3 * error <= DRIFT:
        longer = 100 * np.ceil(lasted * 3 * error / DRIFT / 100)  # the error falls at least with the time
        why = f"the run is too short to tell, {told}: about {longer:g} fs would"
        return Finding(name, drift, "meV/atom/ps", DRIFT, None, why)
    small = abs(drift) <= DRIFT
    bad = "the energy drifts: forces are noisy or inconsistent, or the step is too long"
    words = "the energy is conserved" if small else bad
    return Finding(name, drift, "meV/atom/ps", DRIFT, small, f"{words}, {told}")
