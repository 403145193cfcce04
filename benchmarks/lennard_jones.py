"""Argon by Lennard-Jones: energies and densities of every ensemble beside the Monte Carlo results of NIST.

    python benchmarks/lennard_jones.py [--steps 15000] [--seed 0]

A liquid of 500 atoms near its triple point, by each bath at constant volume and by each piston at constant pressure;
and a crystal of 108, which also holds a flexible cell, for twice as many steps. In reduced units, with errors by block
averages and, behind the reference, how many errors (both added in squares) lie between. What the cutoff takes away is
added back as `tail` says.

The reference: NIST Standard Reference Simulation Website, https://mmlapps.nist.gov/srs/LJ_PURE/mc.htm, 500 atoms,
cutoff 3 σ and the same correction.
"""

import argparse
import time

import ase.build
import numpy as np

from eukrates.analysis import mean_and_error
from eukrates.dynamics import MTK, NPT, FlexibleNPT, Langevin, NoseHoover, Record, VelocityRescaling, run
from eukrates.physics.lennard_jones import LennardJones, tail
from eukrates.units import GPA, KELVIN

SIGMA, EPSILON = 3.405, 119.8 * KELVIN  # Å, eV: argon
TIMESTEP_FS, EVERY, SETTLED = 10.0, 10, 0.15  # 10 fs are 0.0046 of the reduced unit; the first 15 % are left out
T, DENSITY = 0.90, 0.776  # of the liquid, reduced
ENERGY, PRESSURE = (-5.4689, 0.0004), (0.24056, 0.00274)  # per atom; each with its error
ARGON = LennardJones({"Ar": EPSILON}, {"Ar": SIGMA}, cutoff=3.5 * SIGMA, on=3.0 * SIGMA)


def crystal(cells, density):
    """Face-centred argon at a reduced density."""
    atoms = ase.build.bulk("Ar", "fcc", a=SIGMA * (4 / density) ** (1 / 3), cubic=True).repeat(cells)
    atoms.info.update(charge=0, spin=0)
    return atoms


def liquid(chosen):
    """The crystal at the density of the liquid, melted at four times its temperature and cooled."""
    kelvin, atoms = T * EPSILON / KELVIN, crystal(5, DENSITY)
    for temperature in (4 * kelvin, kelvin):
        bath = Langevin(temperature, friction_per_ps=1.0)
        atoms = run(ARGON, atoms, bath, 2000, TIMESTEP_FS, chosen.seed, Record(every=1000)).final
    return atoms


def averages(atoms, ensemble, chosen):
    """U* per atom and ρ*, each with its error, and the seconds it took."""
    start = time.perf_counter()
    done = run(ARGON, atoms, ensemble, chosen.steps, TIMESTEP_FS, chosen.seed, Record(every=EVERY))
    if done.stopped:
        raise SystemExit(done.stopped)
    n, skipped = len(atoms), round(SETTLED * len(done.log["step"]))
    volume = done.log.get("volume_angstrom3", np.full(len(done.log["step"]), atoms.get_volume()))[skipped:]
    lost = np.array([tail(ARGON, n / v)[0] for v in volume])
    energy = (done.log["potential_energy"][skipped:] / n + lost) / EPSILON
    return mean_and_error(energy), mean_and_error(n / volume * SIGMA**3), time.perf_counter() - start, done


def piston_gpa(pressure, density):
    """What the piston is to hold so that pressure and its tail are the reduced pressure."""
    return (pressure * EPSILON / SIGMA**3 - tail(ARGON, density / SIGMA**3)[1]) / GPA


def away(found, reference):
    """Errors between two means."""
    return abs(found[0] - reference[0]) / np.hypot(found[1], reference[1])


def liquids(chosen):
    """Every bath at constant volume, every piston at constant pressure."""
    kelvin, atoms = T * EPSILON / KELVIN, liquid(chosen)
    for ensemble in (Langevin(kelvin), VelocityRescaling(kelvin), NoseHoover(kelvin, time_fs=300.0)):
        found, _, seconds, _ = averages(atoms, ensemble, chosen)
        told = f"{found[0]:.4f} ± {found[1]:.4f} (NIST {ENERGY[0]:.4f}: {away(found, ENERGY):.1f})"
        print(f"{type(ensemble).__name__:<20} U* {told}  {seconds:.0f} s", flush=True)
    held = {"pressure_gpa": piston_gpa(PRESSURE[0], DENSITY), "piston_fs": 2000.0, "time_fs": 300.0}
    for ensemble in (NPT(kelvin, **held, compressibility_per_gpa=2.0), MTK(kelvin, **held)):
        found, dense, seconds, _ = averages(atoms, ensemble, chosen)
        told = f"{found[0]:.4f} ± {found[1]:.4f}, density {dense[0]:.4f} ± {dense[1]:.4f} (NIST {DENSITY})"
        print(f"{type(ensemble).__name__:<20} U* {told}  {seconds:.0f} s", flush=True)


def crystals(chosen):
    """Three pistons on one crystal, at T* = 0.5 and no pressure; the flexible cell stays a cube on average."""
    kelvin, chosen = 0.5 * EPSILON / KELVIN, argparse.Namespace(steps=2 * chosen.steps, seed=chosen.seed)
    held = {"pressure_gpa": piston_gpa(0.0, 0.96), "piston_fs": 2000.0}
    soft = {"compressibility_per_gpa": 0.5}
    for ensemble in (NPT(kelvin, **held, **soft), MTK(kelvin, **held), FlexibleNPT(kelvin, **held, **soft)):
        found, dense, seconds, done = averages(crystal(3, 1.0), ensemble, chosen)
        text = f"{type(ensemble).__name__}, crystal"
        line = (
            f"{text:<20} U* {found[0]:.4f} ± {found[1]:.4f}, density {dense[0]:.4f} ± {dense[1]:.4f}  {seconds:.0f} s"
        )
        if isinstance(ensemble, FlexibleNPT):
            frames = done.trajectory.frames
            cells = np.asarray(frames.cell)[round(SETTLED * len(frames.step)) :]
            gram = np.einsum("fab,fcb->fac", cells, cells)
            edges = [mean_and_error(np.sqrt(gram[:, a, a])) for a in range(3)]
            cosines = [
                mean_and_error(gram[:, a, b] / np.sqrt(gram[:, a, a] * gram[:, b, b]))
                for a, b in ((0, 1), (0, 2), (1, 2))
            ]
            line += "\n  edges / Å " + ", ".join(f"{m:.3f} ± {e:.3f}" for m, e in edges)
            line += "; cosines " + ", ".join(f"{m:.5f} ± {e:.5f}" for m, e in cosines)
        print(line, flush=True)


def main():
    parser = argparse.ArgumentParser(description="Argon by Lennard-Jones beside NIST's Monte Carlo.")
    parser.add_argument("--steps", type=int, default=15_000)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    liquids(chosen)
    crystals(chosen)


if __name__ == "__main__":
    main()
