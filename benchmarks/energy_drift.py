"""Energy conservation of SO3LR: the drift of constant-energy dynamics by precision and time step.

    python benchmarks/energy_drift.py MODEL STRUCTURE [--picoseconds 30] [--kelvin 300] [--seed 0]

MODEL is the file that `eukrates convert so3lr` writes. The structure is settled by a Langevin bath first, and every
run starts where that ended. Drifts are slopes of the conserved energy with errors by block averages.

    float32   positions and momenta rounded to single precision after every step, features in single precision
    mixed     what `eukrates md` does: the state in double precision, features in single
    float64   all in double precision, for a third of the time (no kernels: it is slow)
"""

import argparse

import ase.io
import jax.numpy as jnp

from eukrates.analysis import drift
from eukrates.dynamics import NVE, Langevin, Record, run
from eukrates.dynamics.integrators import spell
from eukrates.models import load
from eukrates.numerics import cast


class Rounded(NVE):
    """Velocity Verlet whose positions and momenta are numbers of single precision."""

    def step(self, letters, freedom):
        """BAB, and rounding."""
        single = lambda x: jnp.asarray(x, jnp.float32).astype(x.dtype)
        rounded = lambda phase, dt: phase.but(positions=single(phase.positions), momenta=single(phase.momenta))
        return spell((super().step(letters, freedom), 1.0), (rounded, 0.0))


def main():
    parser = argparse.ArgumentParser(description="Energy drift of SO3LR.")
    parser.add_argument("model")
    parser.add_argument("structure")
    parser.add_argument("--picoseconds", type=float, default=30.0)
    parser.add_argument("--kelvin", type=float, default=300.0)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    potential, atoms = load(chosen.model), ase.io.read(chosen.structure)
    atoms.info.update(charge=0, spin=0)
    settle = Langevin(chosen.kelvin, friction_per_ps=5.0)
    settled = run(potential, atoms, settle, 10_000, 0.5, chosen.seed, Record(every=1000)).final
    for name, model, ensemble, share in (
        ("mixed", potential, NVE(), 1),
        ("float32", potential, Rounded(), 1),
        ("float64", cast(potential, "float64"), NVE(), 3),
    ):
        for timestep_fs in (0.5, 1.0):
            steps = round(1000 * chosen.picoseconds / timestep_fs / share)
            done = run(model, settled, ensemble, steps, timestep_fs, record=Record(every=20))
            log, stopped = done.log, f"  STOPPED: {done.stopped}" if done.stopped else ""
            slope, error = (1000 * x for x in drift(log["time_fs"], log["conserved_energy"], len(atoms)))
            length, mean = log["time_fs"][-1] / 1000, log["temperature_kelvin"].mean()
            text = f"{name:<8} {timestep_fs:.1f} fs, {length:.0f} ps at {mean:.0f} K"
            print(f"{text}: {slope:+.2f} ± {error:.2f} meV/atom/ns{stopped}", flush=True)


if __name__ == "__main__":
    main()
