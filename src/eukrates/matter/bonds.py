"""Covalent bonds by distance, and what hangs together by them."""

import numpy as np
from jaxtyping import Int
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from eukrates.elements import COVALENT_RADII, SYMBOLS
from eukrates.matter.neighbours import neighbours, pair_vectors
from eukrates.matter.system import System

STRETCH = 1.25  # times the sum of covalent radii, up to which atoms count as bonded
BONDING = ("H", "B", "C", "N", "O", "F", "Si", "P", "S", "Cl", "Ge", "As", "Se", "Br", "Te", "I")


def find_bonds(structure: System) -> Int[np.ndarray, "bonds 2"]:
    """Pairs of atoms of one structure i < j closer than 1.25 times the sum of their covalent radii (one image each)."""
    radii = COVALENT_RADII[np.asarray(structure.numbers)]
    edges = neighbours(structure, 2 * STRETCH * float(radii.max()))
    h = edges.half
    i, j = edges.i[:h], edges.j[:h]
    bonded = np.linalg.norm(pair_vectors(structure, edges)[:h], axis=1) < STRETCH * (radii[i] + radii[j])
    pairs = np.sort(np.stack([i, j], axis=1)[bonded], axis=1)
    return np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)


def bonding(numbers: Int[np.ndarray, " atoms"]) -> np.ndarray:
    """Which atoms make covalent bonds: those of nonmetals that are no noble gases."""
    return np.isin([SYMBOLS[int(n)] for n in numbers], BONDING)


def find_nonmetal_bonds(structure: System) -> Int[np.ndarray, "bonds 2"]:
    """Of `find_bonds` those between nonmetals, noble gases excluded: what makes molecules."""
    pairs = find_bonds(structure)
    return pairs[bonding(np.asarray(structure.numbers))[pairs].all(axis=1)]


def bonded_neighbours(bonds: Int[np.ndarray, "bonds 2"]) -> dict[int, list[int]]:
    """To every atom that has a bond the atoms at the other ends, ascending."""
    around: dict[int, list[int]] = {}
    for a, b in bonds.tolist():
        around.setdefault(a, []).append(b)
        around.setdefault(b, []).append(a)
    return {atom: sorted(some) for atom, some in around.items()}


def molecule_of(atoms: int, bonds: Int[np.ndarray, "bonds 2"]) -> Int[np.ndarray, " atoms"]:
    """To every atom the number, from 0, of the molecule it belongs to: what bonds hold together."""
    matrix = coo_array((np.ones(len(bonds)), bonds.T), shape=(atoms, atoms))
    return connected_components(matrix, directed=False)[1]
