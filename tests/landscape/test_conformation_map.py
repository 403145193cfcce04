"""Maps of conformations: alike beside alike, however atoms that are alike are numbered."""

import numpy as np
from ase import Atoms
from ase.build import molecule

from eukrates.analysis.torsions import rotatable_torsions, turned_by
from eukrates.data import to_system
from eukrates.landscape import Relabellings, bond_graph
from eukrates.landscape.conformation_map import conformation_map


def diol():
    """Ethanediol, all trans, from butane: oxygens in the place of its last carbons, with one of their hydrogens."""
    butane = molecule("trans-butane")
    graph, carbons = bond_graph(to_system(butane)), np.flatnonzero(butane.numbers == 6)
    ends = [n for n in carbons if sum(butane.numbers[list(graph.around[n])] == 6) == 1]
    for end in ends:
        (chain,) = (n for n in graph.around[end] if n in carbons)
        (last,) = (n for n in graph.around[chain] if n in carbons and n != end)
        axis = butane.positions[chain] - butane.positions[last]
        hydrogens = [n for n in graph.around[end] if n not in carbons]
        far = max(hydrogens, key=lambda n: (butane.positions[n] - butane.positions[end]) @ axis)  # trans to the chain
        butane.numbers[end] = 8
        butane.numbers[[n for n in hydrogens if n != far]] = 0
    return Atoms(butane.numbers[butane.numbers > 0], butane.positions[butane.numbers > 0])


def test_numbering_moves_nothing():
    structure = to_system(diol())
    graph = bond_graph(structure)
    torsions = rotatable_torsions(structure, graph.bonds, hydrogens=2)
    assert len(torsions) == 3
    relabelled = Relabellings(graph).all
    assert relabelled is not None
    assert len(relabelled) == 8  # its two ends, and twice two hydrogens
    shapes = [turned_by(structure.positions, graph.bonds, torsions, np.array(a)) for a in np.eye(3) * [80.0, 110, 150]]
    shapes.append(np.array(structure.positions))
    places = np.concatenate([[one[p] for p in relabelled] for one in shapes])
    points = conformation_map(graph, np.concatenate([places, -places])).points.reshape(2, 4, 8, 2)
    spread = np.abs(points - points[0, :, 0][None, :, None]).max()
    apart = np.linalg.norm(points[0, :, None, 0] - points[0, None, :, 0], axis=-1)[np.triu_indices(4, 1)]
    assert spread < 1e-9 < 0.01 < apart.min()
