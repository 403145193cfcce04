"""A barrier by our bands beside ASE's on our calculator, both timed in one run: the proton of malonaldehyde.

    python benchmarks/barrier.py MODEL [--images 9] [--force 0.02] [--repeats 5] [--threads 1]

MODEL is the file that `eukrates convert so3lr` writes. Both begin with IDPP paths between the same relaxed ends, with
the same springs, improved tangents and a climbing image, and end at the same largest force; ASE with FIRE, BFGS, and
with its own NEB optimiser. Then our saddle point is refined, and both ways down are followed. Programs take turns;
medians are told, compilation is not counted.
"""

import argparse
import os
import statistics
import time
from pathlib import Path


def malonaldehyde():
    """The cis enol, near its minimum: O-C-C-C-O in a ring with the proton, in a plane."""
    import ase

    places = (
        ("O", -1.20, -1.10), ("C", -1.25, 0.20), ("C", 0.00, 0.95), ("C", 1.20, 0.28), ("O", 1.30, -1.00),
        ("H", 0.45, -1.42), ("H", -2.23, 0.72), ("H", 0.00, 2.03), ("H", 2.15, 0.83),
    )  # fmt: skip
    return ase.Atoms([p[0] for p in places], [[x, y, 0.0] for _, x, y in places], info={"charge": 0, "spin": 0})


MIRROR = [4, 3, 2, 1, 0, 5, 8, 7, 6]  # what a reflection along x exchanges


def by_ase(optimiser, model, ends, images, force):
    """Energies of the band, force calls and seconds, the calculator warm."""
    from ase.mep import NEB

    from eukrates.data.atoms import to_atoms
    from eukrates.interfaces.ase import Calculator

    calculator = Calculator(model, precision="float32")
    band = [to_atoms(ends[0]) for _ in range(images - 1)] + [to_atoms(ends[1])]
    for atoms in band:
        atoms.calc = calculator
    band[0].get_forces()
    clock = time.perf_counter()
    neb = NEB(band, k=0.1, climb=True, method="improvedtangent", allow_shared_calculator=True)
    neb.interpolate("idpp")
    search = optimiser(neb, logfile=None)
    rests = search.run(fmax=force, steps=1000)
    seconds = time.perf_counter() - clock
    return [atoms.get_potential_energy() for atoms in band], search.get_number_of_steps() + 1, seconds, rests


def main():
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--images", type=int, default=9)
    parser.add_argument("--force", type=float, default=0.02)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    told = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: told.threads])
    from dataclasses import replace

    from ase.mep.neb import NEBOptimizer
    from ase.optimize import BFGS, FIRE

    from eukrates.landscape import Target, relax
    from eukrates.landscape.paths import Stretch, climbing_direction, nudge, refine_saddle, sides
    from eukrates.matter.superposition import superposed
    from eukrates.models import load

    potential = load(told.model)
    fast = potential.for_inference()  # once, as ASE's calculator does
    (start,) = relax(potential, [malonaldehyde()], Target(force=1e-3))
    r = start.structure.positions
    other = superposed((r * [-1, 1, 1])[MIRROR], r)
    ends = start.structure, replace(start.structure, positions=other)
    stretch = Stretch(told.images, told.force)
    nudge(fast, [ends], stretch)  # compiles
    seconds, theirs = [], {FIRE: [], BFGS: [], NEBOptimizer: []}
    for _ in range(told.repeats):
        clock = time.perf_counter()
        (band,) = nudge(fast, [ends], stretch)
        seconds.append(time.perf_counter() - clock)
        for optimiser, some in theirs.items():
            some.append(by_ase(optimiser, told.model, ends, told.images, told.force))
    mine = statistics.median(seconds)
    print(f"malonaldehyde, {told.images} images, largest pull {told.force} eV/Å, {told.threads} threads")
    print(f"ours: {1e3 * mine:.0f} ms, {band.steps} evaluations of the band, barrier {1e3 * band.barrier:.2f} meV")
    for optimiser, some in theirs.items():
        energies, steps, _, rests = some[-1]
        his = statistics.median(one[2] for one in some)
        barrier = max(energies) - energies[0]
        print(
            f"ASE, {optimiser.__name__}: {1e3 * his:.0f} ms, {steps} evaluations, barrier {1e3 * barrier:.2f} meV"
            f"{'' if rests else ' (did not come to rest)'}; ratio {his / mine:.1f}"
        )
    clock = time.perf_counter()
    saddle = refine_saddle(potential, band.structures[band.top], climbing_direction(band))
    modes = saddle.vibrations.wavenumbers if saddle.vibrations else []
    print(
        f"saddle point: {1e3 * (saddle.energy - band.energies[0]):.3f} meV after {saddle.steps} Hessians "
        f"({time.perf_counter() - clock:.0f} s with compiling), largest force {saddle.force:.1e} eV/Å, lowest modes "
        f"{', '.join(f'{nu:.1f}' for nu in modes[:3])} 1/cm"
    )
    if saddle.true:
        ((one, two),) = sides(potential, [saddle], Target(force=1e-3))
        for name, side in (("one", one), ("the other", two)):
            apart = [abs(superposed(side.structure.positions, e.positions) - e.positions).max() for e in ends]
            print(
                f"down {name} side: {1e3 * (side.energy - start.energy):.3f} meV from the first end, its atoms within "
                f"{apart[0]:.3f} Å of the first and {apart[1]:.3f} Å of the second"
            )


if __name__ == "__main__":
    main()
