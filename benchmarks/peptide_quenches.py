"""64 quenches of Ac-Ala15-NHMe from dynamics at 500 K in one batch: what comes to rest, how much of the helix is left.

    python benchmarks/peptide_quenches.py MODEL STRUCTURE OUT [--count 64] [--every-ps 2] [--kelvin 500] [--force 0.01]

MODEL is the file that `eukrates convert so3lr` writes, STRUCTURE the peptide. Frames are taken from four replicas of
Langevin dynamics. Helix content: the share of the residues with φ in -100 … -30° and ψ in -80 … -5°, and the number of
hydrogen bonds C=O(i) … H-N(i+4) shorter than 2.5 Å. Structures are written to OUT as extended XYZ.
"""

import argparse
import time
from pathlib import Path

import ase.io
import numpy as np

from eukrates.analysis.torsions import torsion_angles
from eukrates.data import to_system
from eukrates.data.atoms import to_atoms
from eukrates.dynamics import Langevin, Record, run_many
from eukrates.landscape import Target, bond_graph, changed_bonds, configuration, relax
from eukrates.models import load


class Backbone:
    """Torsions and hydrogen bonds of a peptide, found from its bonds."""

    def __init__(self, atoms):
        graph = bond_graph(to_system(atoms))
        z, around = atoms.numbers, graph.around
        carbonyls = [
            c for c in range(len(z)) if z[c] == 6 and any(z[n] == 8 and len(around[n]) == 1 for n in around[c])
        ]
        amides = {c: next(n for n in around[c] if z[n] == 7) for c in carbonyls}
        alphas = {n: [a for a in around[n] if z[a] == 6 and a not in carbonyls] for n in amides.values()}
        self.phi, self.psi, self.oxygen, self.hydrogen = [], [], [], []
        chain = [c for c in carbonyls if not any(z[a] == 7 for n in around[c] if z[n] == 6 for a in around[n])]
        carbon = chain[0]  # of the acetyl group
        while carbon is not None:
            nitrogen = amides[carbon]
            self.oxygen.append(next(n for n in around[carbon] if z[n] == 8))
            self.hydrogen.append(next(n for n in around[nitrogen] if z[n] == 1))
            alpha = alphas[nitrogen][0]
            following = [c for c in around[alpha] if c in carbonyls]
            if following:
                self.phi.append((carbon, nitrogen, alpha, following[0]))
                self.psi.append((nitrogen, alpha, following[0], amides[following[0]]))
            carbon = following[0] if following else None
        self.structure = to_system(atoms)

    def helix(self, positions):
        """Share of helical residues, and hydrogen bonds i … i+4, of frames."""
        phi = torsion_angles(self.structure, positions, np.array(self.phi))
        psi = torsion_angles(self.structure, positions, np.array(self.psi))
        inside = (phi > -100) & (phi < -30) & (psi > -80) & (psi < -5)
        pairs = np.array(list(zip(self.oxygen, self.hydrogen[3:], strict=False)))
        lengths = np.linalg.norm(positions[:, pairs[:, 0]] - positions[:, pairs[:, 1]], axis=2)
        return inside.mean(axis=1), (lengths < 2.5).sum(axis=1), len(pairs)


def main():
    """Print a line for every structure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("structure", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--every-ps", type=float, default=2.0)
    parser.add_argument("--kelvin", type=float, default=500.0)
    parser.add_argument("--force", type=float, default=0.01)
    told = parser.parse_args()
    potential, atoms = load(told.model), ase.io.read(told.structure)
    atoms.pbc, atoms.cell, atoms.calc, atoms.info = False, None, None, {"charge": 0, "spin": 0}
    clock, steps, replicas, starts = time.perf_counter(), round(told.every_ps * 1000), [atoms] * 4, []
    while len(starts) < told.count:
        record = Record(every=steps, what=())
        runs = run_many(potential, replicas, [Langevin(told.kelvin, 5.0)] * 4, steps, 1.0, [*range(4)], record)
        assert all(one.stopped is None for one in runs), [one.stopped for one in runs]
        replicas = [one.final for one in runs]
        starts += [one.copy() for one in replicas]
        print(f"{len(starts)} frames after {time.perf_counter() - clock:.0f} s", flush=True)
    starts = starts[: told.count]
    for one in starts:
        one.set_momenta(None)
    clock = time.perf_counter()
    show = lambda done, of: print(f"{done} of {of} after {time.perf_counter() - clock:.0f} s", flush=True)
    found = relax(potential, starts, Target(force=told.force, steps=3000), progress=show)
    seconds = time.perf_counter() - clock
    backbone, graph = Backbone(atoms), bond_graph(to_system(atoms))
    hand = configuration(graph, to_system(atoms).positions)
    places = np.stack([one.structure.positions for one in found])
    (first,), (hbonds,), most = backbone.helix(atoms.positions[None])
    shares, bonds, _ = backbone.helix(places)
    kept = [not changed_bonds(graph, r) and not hand.changed(r) for r in places]
    print(f"the structure itself: {first:.0%} helical, {hbonds} of {most} hydrogen bonds")
    lowest = min(one.energy for one in found)
    for n, (one, share, count) in enumerate(zip(found, shares, bonds, strict=True)):
        print(
            f"{n:3d} {one.ending.name.lower()} {one.steps:4d} evaluations, {one.force:.4f} eV/Å, "
            f"{one.energy - lowest:8.3f} eV, {share:4.0%} helical, {count:2d} hydrogen bonds"
        )
    print(
        f"{sum(one.converged for one in found)} of {len(found)} at rest, {sum(kept)} with all bonds and centres, in "
        f"{seconds:.0f} s ({np.mean([one.steps for one in found]):.0f} evaluations each); helical {shares.mean():.0%} "
        f"in the mean ({shares.min():.0%} to {shares.max():.0%})"
    )
    told.out.mkdir(exist_ok=True)
    ase.io.write(told.out / "quenched.extxyz", [to_atoms(one.structure) for one in found], format="extxyz")


if __name__ == "__main__":
    main()
