"""Conformers found by a search beside those of an exhaustive grid of torsions: butane, ethanediol, alanine dipeptide.

    python benchmarks/conformers.py MODEL OUT [--quenches 600] [--step 30] [--within 20] [--seed 0]

MODEL is the file that `eukrates convert so3lr` writes. Every torsion of the grid goes round in steps of `--step`
degrees, those of amides in steps of 180; each point is quenched, to less force than the search asks for. Then a search
by torsions and hopping begins from one structure. Told are the minima of both within so many kJ/mol of the lowest,
which of the grid the search misses, and how near the two nearest minima of its list are. Stationary points of the grid
with an imaginary mode are no minima. Mirror images of butane and ethanediol are merged.
"""

import argparse
import itertools
import time
from dataclasses import replace
from pathlib import Path

import ase
import numpy as np
from ase.build import molecule

from eukrates.analysis.torsions import rotatable_torsions, turned_by
from eukrates.data import to_system
from eukrates.data.atoms import to_atoms
from eukrates.landscape import Catalogue, Target, bond_graph, configuration, relax, vibrations
from eukrates.landscape.search import BasinHopping, Budget, RandomTorsions, Rules, Search
from eukrates.landscape.search.moves import collides
from eukrates.landscape.search.screen import Screen
from eukrates.models import load
from eukrates.units import KJ_PER_MOL

FORCE, GRID_FORCE = 0.0005, 0.00002  # eV/Å, of the search and of the grid
# element, and its place: bonded to, Å, angle with, degrees, torsion with, degrees
ALANINE_DIPEPTIDE = (
    ("C",),
    ("C", 0, 1.52),
    ("O", 1, 1.23, 0, 121),
    ("N", 1, 1.34, 0, 116, 2, 180),
    ("C", 3, 1.45, 1, 121, 0, 180),
    ("C", 4, 1.52, 3, 111, 1, -80),
    ("O", 5, 1.23, 4, 121, 3, -100),
    ("N", 5, 1.34, 4, 116, 3, 80),
    ("C", 7, 1.45, 5, 121, 4, 180),
    ("C", 4, 1.53, 3, 110, 1, 158),
    ("H", 3, 1.01, 1, 119, 0, 0),
    ("H", 7, 1.01, 5, 119, 4, 0),
    ("H", 4, 1.09, 3, 108, 1, 40),
    *(("H", 0, 1.09, 1, 109.5, 2, t) for t in (0, 120, 240)),
    *(("H", 8, 1.09, 7, 109.5, 5, t) for t in (60, 180, 300)),
    *(("H", 9, 1.09, 4, 109.5, 3, t) for t in (60, 180, 300)),
)
ETHANEDIOL = (
    ("O",),
    ("C", 0, 1.43),
    ("C", 1, 1.52, 0, 108),
    ("O", 2, 1.43, 1, 108, 0, 180),
    ("H", 0, 0.97, 1, 107, 2, 180),
    ("H", 3, 0.97, 2, 107, 1, 180),
    *(("H", 1, 1.09, 0, 110, 2, t) for t in (120, -120)),
    *(("H", 2, 1.09, 3, 110, 1, t) for t in (120, -120)),
)


def built(table):
    """Atoms from a table of internal coordinates."""
    r = np.zeros((len(table), 3))
    for n, (_, *told) in enumerate(table):
        if n == 0:
            continue
        bond, length = told[:2]
        angle_with, angle = told[2:4] if len(told) > 2 else (None, 0.0)
        turn_with, turn = told[4:6] if len(told) > 4 else (None, 0.0)
        axis = np.array([1.0, 0, 0]) if angle_with is None else r[angle_with] - r[bond]
        axis /= np.linalg.norm(axis)
        aside = np.array([0.0, 1.0, 0]) if turn_with is None else r[turn_with] - r[angle_with]
        across = np.cross(axis, aside)
        across /= np.linalg.norm(across)
        level = np.cross(across, axis)
        a, t = np.radians(angle), np.radians(turn)
        r[n] = r[bond] + length * (np.cos(a) * axis + np.sin(a) * (np.cos(t) * level + np.sin(t) * across))
    return ase.Atoms([row[0] for row in table], r, info={"charge": 0, "spin": 0})


def grid(start, step):
    """Every combination of torsions in which atoms do not collide."""
    structure, graph = to_system(start), bond_graph(to_system(start))
    torsions = rotatable_torsions(structure, graph.bonds, hydrogens=2)
    amides = [set(start.numbers[[j, k]]) == {6, 7} and _carbonyl(start, graph, j, k) for _, j, k, _ in torsions]
    turns = [np.arange(0, 360, 180 if amide else step) for amide in amides]
    for angles in itertools.product(*turns):
        places = turned_by(start.positions, graph.bonds, torsions, np.array(angles, float))
        if not collides(graph, places, start.positions):
            yield start.copy(), places


def _carbonyl(start, graph, j, k):
    carbon = j if start.numbers[j] == 6 else k
    return any(start.numbers[n] == 8 and len(graph.around[n]) == 1 for n in graph.around[carbon])


def main():
    """Print a table for every molecule."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--quenches", type=int, default=600)
    parser.add_argument("--step", type=int, default=30)
    parser.add_argument("--within", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=0)
    told = parser.parse_args()
    potential = load(told.model)
    butane = molecule("trans-butane")
    butane.info = {"charge": 0, "spin": 0}
    jobs = (("butane", butane, "merged"), ("ethanediol", built(ETHANEDIOL), "merged"))
    jobs += (("alanine dipeptide", built(ALANINE_DIPEPTIDE), "apart"),)
    for name, start, mirror in jobs:
        compare(potential, name, start, mirror, told)


def compare(potential, name, start, mirror, told):
    """The grid and the search."""
    clock = time.perf_counter()
    starts = []
    for atoms, places in grid(start, told.step):
        atoms.positions = places
        starts.append(atoms)
    target = Target(force=GRID_FORCE, steps=3000)
    (reference,) = relax(potential, [start], target)
    graph = bond_graph(reference.structure)
    screen = Screen(graph, configuration(graph, reference.structure.positions), potential.cutoff)
    found = [one for one in relax(potential, starts, target) if screen.objection(one) is None]
    wanted = Catalogue(reference.structure, mirror=mirror)
    wanted.add([one.structure for one in found], [one.energy for one in found])
    lowest = min(one.energy for one in wanted.minima)
    inside = lambda some: [one for one in some if (one.energy - lowest) / KJ_PER_MOL <= told.within]
    print(
        f"{name}, {len(start)} atoms: grid of {len(starts)} points, {len(found)} of them come to rest as the molecule, "
        f"in {time.perf_counter() - clock:.0f} s: {len(inside(wanted.minima))} minima within {told.within:g} kJ/mol"
    )
    conformers = without_saddles(potential, reference.structure, inside(wanted.minima))
    print(f"  {len(conformers)} of them are minima")
    clock = time.perf_counter()
    rules = Rules(force=FORCE, steps=3000, mirror=mirror, seed=told.seed)
    explorers = [RandomTorsions(32), BasinHopping(32)]
    search = Search(potential, [to_atoms(reference.structure)], explorers, told.out / name.replace(" ", "_"), rules)
    search(Budget(quenches=told.quenches))
    minima = search.catalogue.minima
    lowest = min(lowest, min(one.energy for one in minima))
    both = Catalogue(reference.structure, mirror=mirror, minima=minima)
    at = lambda one: search.structure(one)
    looked = both.add([at(one) for one in conformers], [one.energy for one in conformers])
    missed = [one for one, entry in zip(conformers, looked, strict=True) if entry.new]
    near = [
        search.catalogue.laid(a, b).rmsd for a, b in itertools.combinations(range(len(minima)), 2)
        if abs(minima[a].energy - minima[b].energy) < 0.005
    ]  # fmt: skip
    last = search.standings[-1]
    print(
        f"  search: {last.quenches} quenches in {time.perf_counter() - clock:.0f} s, {last.aside} set aside; "
        f"{len(inside(minima))} minima within {told.within:g} kJ/mol, "
        f"{len(without_saddles(potential, reference.structure, inside(minima)))} of them without imaginary modes, "
        f"{len(minima)} in all; of the grid's "
        f"{len(conformers)} missed: {[round((m.energy - lowest) / KJ_PER_MOL, 2) for m in missed]}; the two "
        f"nearest of like energy (5 meV) are {min(near, default=np.inf):.2f} Å apart"
    )
    print("  kJ/mol:", " ".join(f"{(m.energy - lowest) / KJ_PER_MOL:.2f}" for m in search.lowest(len(inside(minima)))))


def without_saddles(potential, like, minima):
    """Those that have no imaginary mode."""
    at = [replace(like, positions=one.positions) for one in minima]
    return [m for m, one in zip(minima, at, strict=True) if vibrations(potential, one).imaginary == 0]


if __name__ == "__main__":
    main()
