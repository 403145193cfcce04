"""Structures moved, turned, reflected and relabelled: the same ones, as far as a catalogue goes."""

import numpy as np
from ase.build import molecule
from ase.cluster import Decahedron, Icosahedron, Octahedron
from scipy.stats import special_ortho_group

from eukrates.data import to_system
from eukrates.elements import COVALENT_RADII
from eukrates.matter import system


def named(name):
    """A molecule of ASE's G2 collection."""
    return to_system(molecule(name))


def with_positions(structure, positions):
    """The same atoms elsewhere."""
    return system(structure.numbers, positions)


def moved(positions, seed, permutation=None, mirror=False):
    """Turned at random, shifted, renumbered, reflected if asked for."""
    rng = np.random.default_rng(seed)
    turn = special_ortho_group.rvs(3, random_state=rng)
    r = positions if permutation is None else positions[permutation]
    return (-r if mirror else r) @ turn + rng.normal(size=3)


def together(*parts):
    """Several molecules in one structure."""
    return system(np.concatenate([p.numbers for p in parts]), np.concatenate([p.positions for p in parts]))


def shifted(structure, by):
    """Elsewhere."""
    return with_positions(structure, structure.positions + np.array(by, float))


def tetrahedral(*numbers):
    """Four atoms around a carbon, at the lengths of single bonds."""
    arms = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3)
    lengths = COVALENT_RADII[[6]] + COVALENT_RADII[list(numbers)]
    return system([6, *numbers], np.concatenate([np.zeros((1, 3)), arms * lengths[:, None]]))


def grown(structure, atom):
    """A hydrogen of a structure becomes a methyl group, staggered to nothing in particular."""
    r, numbers = structure.positions, structure.numbers.copy()
    host = int(np.argsort(np.linalg.norm(r - r[atom], axis=1))[1])
    axis = (r[atom] - r[host]) / np.linalg.norm(r[atom] - r[host])
    side = np.cross(axis, [0.36, 0.48, 0.8])
    side /= np.linalg.norm(side)
    numbers[atom], places = 6, r.copy()
    places[atom] = r[host] + 1.53 * axis
    turns = np.array([0.3, 0.3 + 2 * np.pi / 3, 0.3 + 4 * np.pi / 3])
    round_it = np.cos(turns)[:, None] * side + np.sin(turns)[:, None] * np.cross(axis, side)
    hydrogens = places[atom] + 1.09 * (0.334 * axis + 0.943 * round_it)
    return system(np.append(numbers, [1, 1, 1]), np.concatenate([places, hydrogens]))


def neopentane():
    """C(CH3)4."""
    here = named("CH4")
    for atom in (1, 2, 3, 4):
        here = grown(here, atom)
    return here


def argon(atoms):
    """A cluster of argon in reach of its minimum: closest pairs at 3.8 Å."""
    r = atoms.positions - atoms.positions.mean(axis=0)
    apart = np.linalg.norm(r[:, None] - r, axis=-1) + 1e3 * np.eye(len(r))
    return system([18] * len(r), r * 3.8 / apart.min())


def icosahedron():
    """The minimum of 13 Lennard-Jones atoms."""
    return argon(Icosahedron("Cu", 2))


def decahedron():
    """Another arrangement of 13 atoms."""
    return argon(Decahedron("Cu", 2, 2, 0))


def truncated_octahedron():
    """The minimum of 38 Lennard-Jones atoms."""
    return argon(Octahedron("Cu", 4, cutoff=1))


def zigzag(carbons: int) -> np.ndarray:
    """Positions of an n-alkane with all bonds trans: carbons, two hydrogens of each, and one at both ends."""
    half = np.radians(109.47) / 2
    across, along = np.cos(half), np.sin(half)
    chain = np.array([[1.54 * along * n, 1.54 * across * (n % 2), 0.0] for n in range(carbons)])
    side = [1 if n % 2 else -1 for n in range(carbons)]
    pairs = [chain[n] + 1.09 * np.array([0, side[n] * across, z * along]) for n in range(carbons) for z in (1, -1)]
    ends = [chain[n] + 1.09 * np.array([d * along, -side[n] * across, 0]) for n, d in ((0, -1), (carbons - 1, 1))]
    return np.array([*chain, *pairs, *ends])
