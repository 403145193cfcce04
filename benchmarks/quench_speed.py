"""Quenches per hour: our batches beside ASE's optimisers on our calculator, from the same structures.

    python benchmarks/quench_speed.py MODEL STRUCTURE [--count 32] [--ase 8] [--force 0.01] [--threads 1] [--repeats 3]

MODEL is the file that `eukrates convert so3lr` writes, STRUCTURE a molecule, such as docosahexaenoic acid. The starts
are frames of its dynamics at 500 K, 2 ps apart. Float32, charge 0, closed shell; all go down to the same largest force.
ASE quenches the first of the starts one after the other; where both end in the same minimum is told, too. Programs
take turns, `repeats` times; medians are printed, compilation is not counted.
"""

import argparse
import os
import statistics
import time
from pathlib import Path


def arguments():
    """Of the command line; the threads are set before JAX is imported."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("structure", type=Path)
    parser.add_argument("--count", type=int, default=32)
    parser.add_argument("--ase", type=int, default=8)
    parser.add_argument("--force", type=float, default=0.01)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    told = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: told.threads])
    return told


def starts(potential, atoms, count):
    """Frames of dynamics at 500 K, 2 ps apart, of four replicas."""
    from eukrates.dynamics import Langevin, Record, run_many

    replicas, found = [atoms] * 4, []
    while len(found) < count:
        bath, record = [Langevin(500.0, 5.0)] * 4, Record(every=4000, what=())
        replicas = [one.final for one in run_many(potential, replicas, bath, 4000, 0.5, [*range(4)], record=record)]
        found += [one.copy() for one in replicas]
    for one in found:
        one.set_momenta(None)
    return found[:count]


def by_ase(optimiser, model, structures, force):
    """Energies in eV, evaluations and seconds, the calculator warm."""
    from eukrates.interfaces.ase import Calculator

    calculator, energies, steps, seconds = Calculator(model, precision="float32"), [], [], 0.0
    for n, atoms in enumerate([structures[0], *structures]):  # the first one warms
        walker = atoms.copy()
        walker.calc = calculator
        clock = time.perf_counter()
        search = optimiser(walker, logfile=None)
        search.run(fmax=force, steps=20 if n == 0 else 3000)
        if n:
            seconds += time.perf_counter() - clock
            steps.append(search.get_number_of_steps() + 1)
            energies.append(walker.get_potential_energy())
    return energies, steps, seconds


def main():
    """Print a table."""
    told = arguments()
    import ase.io
    from ase.optimize import LBFGS as AseLBFGS

    from eukrates.landscape import Target, relax
    from eukrates.models import load

    atoms = ase.io.read(told.structure)
    atoms.pbc, atoms.cell, atoms.calc, atoms.info = False, None, None, {"charge": 0, "spin": 0}
    potential = load(told.model)
    structures = starts(potential, atoms, told.count)
    target = Target(force=told.force, steps=3000)
    relax(potential, structures, target)  # compiles
    ours, theirs = [], []
    for _ in range(told.repeats):
        clock = time.perf_counter()
        found = relax(potential, structures, target)
        ours.append((time.perf_counter() - clock) / len(found))
        energies, steps, seconds = by_ase(AseLBFGS, told.model, structures[: told.ase], told.force)
        theirs.append(seconds / told.ase)
    mine, his = statistics.median(ours), statistics.median(theirs)
    rest = sum(one.converged for one in found)
    steps = statistics.mean(one.steps for one in found), statistics.mean(steps)
    lower = [one.energy - energy for one, energy in zip(found, energies, strict=False)]
    same = sum(abs(one) < 2e-3 for one in lower)
    below = -1e3 * statistics.mean(lower)
    print(f"{len(atoms)} atoms, largest force {told.force} eV/Å, {told.threads} threads, load {os.getloadavg()[0]:.1f}")
    print(f"ours: {3600 / mine:.0f} quenches an hour, {mine:.2f} s and {steps[0]:.0f} evaluations each")
    print(f"ASE's L-BFGS: {3600 / his:.0f} an hour, {his:.2f} s and {steps[1]:.0f} evaluations each")
    print(f"ratio {his / mine:.1f}; {rest} of {len(found)} of ours are at rest")
    print(f"the same minimum from {same} of {told.ase} starts; ours lower by {below:.0f} meV in the mean")


if __name__ == "__main__":
    main()
