"""Lennard-Jones clusters by basin hopping: quenches until the lowest known minimum is found.

    python benchmarks/clusters.py [--atoms 38] [--runs 3] [--walkers 16] [--quenches 30000]

Energies are those of Wales & Doye, J. Phys. Chem. A 101, 5111 (1997), doi:10.1021/jp970984n. Their temperature
(0.8 ε/k) and their step (up to 0.36 σ along each axis); starts are drawn at random in a sphere. LJ38 is the two-funnel
case: the truncated octahedron hides behind many icosahedral minima.
"""

import argparse
import time

import numpy as np
from ase import Atoms

from eukrates.landscape.search import BasinHopping, Budget, Rules, Search
from eukrates.physics.lennard_jones import LennardJones
from eukrates.units import KELVIN

LOWEST = {7: -16.505384, 13: -44.326801, 19: -72.659782, 31: -133.586422, 38: -173.928427, 55: -279.248470}
CLUSTER = LennardJones({"Ar": 1.0}, {"Ar": 1.0}, cutoff=60.0, on=50.0)


def gas(atoms, rng):
    """Atoms in a sphere, none nearer than 0.8 σ to another."""
    radius, found = 0.9 * atoms ** (1 / 3), []
    while len(found) < atoms:
        place = rng.uniform(-radius, radius, 3)
        if np.linalg.norm(place) < radius and all(np.linalg.norm(place - other) > 0.8 for other in found):
            found.append(place)
    return Atoms(f"Ar{atoms}", np.array(found))


def main():
    """Print a line for every run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--atoms", type=int, default=38)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--walkers", type=int, default=16)
    parser.add_argument("--quenches", type=int, default=30000)
    told = parser.parse_args()
    wanted, needed = LOWEST[told.atoms], []
    for run in range(told.runs):
        rules = Rules(force=1e-3, steps=3000, window=1e-4, mirror="merged", gap=2.0, seed=run)
        hopping = BasinHopping(told.walkers, 0.8 / KELVIN, 0.36)
        starts = [gas(told.atoms, np.random.default_rng([run, n])) for n in range(told.walkers)]
        search, clock = Search(CLUSTER, starts, [hopping], None, rules), time.perf_counter()
        quenches = 0
        while not search.standings or (search.standings[-1].lowest > wanted + 1e-3 and quenches < told.quenches):
            search(Budget(quenches=quenches + 1))
            quenches = search.standings[-1].quenches
        last = search.standings[-1]
        needed.append(quenches if last.lowest < wanted + 1e-3 else np.inf)
        print(
            f"LJ{told.atoms}, run {run}: {last.lowest:.6f} (known: {wanted:.6f}) after {quenches} quenches and "
            f"{time.perf_counter() - clock:.0f} s; {last.minima} minima, {last.aside} set aside",
            flush=True,
        )
    print(f"quenches until the lowest: median {np.median(needed):.0f}, most {max(needed):.0f}")


if __name__ == "__main__":
    main()
