"""Neighbour pairs on the host, for any cell: open, triclinic, periodic along some axes, smaller than the cutoff."""

import math

import numpy as np
import vesin
from jaxtyping import Float

from eukrates.matter.edges import Edges
from eukrates.matter.graph import Graph
from eukrates.matter.lattice import completed
from eukrates.matter.system import System
from eukrates.matter.triples import Triples, coupled

FEW = 100  # atoms of an open structure, among all of whose pairs the close ones are sooner found than by a search


def neighbours(structure: System, cutoff: float) -> Edges:
    """All pairs of one structure with r_ij < cutoff, every periodic image included, an atom itself not.

    Where the cutoff reaches across an open structure, all pairs are listed without a search.

    Raises:
        ValueError: `cutoff` is not positive, or infinite for a periodic structure, or `structure` holds several systems
            (batch graphs, not systems).
    """
    if not cutoff > 0:
        raise ValueError(f"Expected a cutoff above 0 Å, got {cutoff!r}.")
    if structure.systems != 1:
        raise ValueError(f"Expected one structure, got {structure.systems}. Build a graph of each, then batch them.")
    positions, lattice = np.asarray(structure.positions, np.float64), np.asarray(structure.cell[0], np.float64)
    periodic = np.any(lattice != 0, axis=1)
    if np.isinf(cutoff) and periodic.any():
        raise ValueError(
            "All pairs of a periodic structure were asked for, and they never end: give a cutoff; for long-range "
            "physics a far_cutoff, with electrostatics='ewald' for all images beyond it."
        )
    if not periodic.any() and np.linalg.norm(np.ptp(positions, axis=0)) < cutoff:
        return complete(positions.shape[0], cutoff)
    if not periodic.any() and positions.shape[0] <= FEW:
        return _among_all(positions, cutoff)
    box, centred = completed(lattice[None])[0], positions - positions.mean(axis=0)
    crossed = np.where(periodic, np.floor(centred @ np.linalg.inv(box)), 0.0)
    inside = _drawn_together(centred - crossed @ box, box[~periodic], cutoff)
    finder = vesin.NeighborList(cutoff=float(cutoff), full_list=False)
    i, j, image = finder.compute(points=inside, box=box, periodic=periodic, quantities="ijS", copy=True)
    return _mirrored(i, j, image + (crossed[i] - crossed[j]).astype(image.dtype), cutoff)


def graph(
    structure: System,
    cutoff: float,
    far_cutoff: float | None = None,
    waves: tuple[int, int, int] | None = None,
    triple_cutoff: float | None = None,
) -> Graph:
    """The graph of one structure on the host, with `far` edges and triples where their cutoffs are given (Å).

    `waves`: from `potential.waves(structure.cell)`, for potentials that sum over the reciprocal lattice.

    Raises:
        ValueError: see `neighbours`; triples that reach beyond the cutoff.
    """
    near, far = neighbours(structure, cutoff), None if far_cutoff is None else neighbours(structure, far_cutoff)
    found = None if triple_cutoff is None else triples(structure, near, triple_cutoff)
    return Graph(structure, near, far, waves, found)


def triples(structure: System, near: Edges, cutoff: float) -> Triples:
    """All couples of pairs of one atom that are both shorter than the cutoff, Å, of one structure.

    Raises:
        ValueError: the pairs do not reach as far.
    """
    if cutoff > near.cutoff:
        raise ValueError(f"Expected triples within the {near.cutoff} Å of the pairs, got a cutoff of {cutoff} Å.")
    return coupled(near, near.real & (np.linalg.norm(pair_vectors(structure, near), axis=1) < cutoff), cutoff)[0]


def pair_vectors(structure: System, edges: Edges) -> Float[np.ndarray, "pairs 3"]:
    """r_j - r_i + n·cell in Å for pairs of one structure, on the host; in compiled code see `Graph.vectors`."""
    positions = np.asarray(structure.positions)
    return positions[edges.j] - positions[edges.i] + edges.image @ np.asarray(structure.cell[0])


def complete(atoms: int, cutoff: float = np.inf) -> Edges:
    """All pairs of an open structure."""
    i, j = (half.astype(np.int32) for half in np.triu_indices(atoms, 1))
    both = np.concatenate([i, j]), np.concatenate([j, i])
    return Edges(*both, image=np.zeros((2 * i.size, 3), np.int32), real=np.ones(2 * i.size, bool), cutoff=float(cutoff))


def _among_all(positions: np.ndarray, cutoff: float) -> Edges:
    """Those pairs of an open structure that are closer than the cutoff."""
    i, j = np.triu_indices(positions.shape[0], 1)
    near = np.sum((positions[j] - positions[i]) ** 2, axis=1) < cutoff**2
    i, j = i[near].astype(np.int32), j[near].astype(np.int32)
    image = np.zeros((2 * i.size, 3), np.int32)
    return Edges(np.concatenate([i, j]), np.concatenate([j, i]), image, np.ones(2 * i.size, bool), float(cutoff))


def _drawn_together(positions: np.ndarray, axes: np.ndarray, cutoff: float) -> np.ndarray:
    """The same pairs within the cutoff, and no empty space wider than twice of it along open axes.

    The search divides space into boxes, and molecules flown far apart would be more of them than it can count.
    """
    for axis in axes:  # of unit length, perpendicular to all lattice vectors and to each other
        along = positions @ axis
        order = np.argsort(along)
        too_wide = np.maximum(np.diff(along[order], prepend=along[order[:1]]) - 2 * cutoff, 0.0)
        nearer = np.empty_like(along)
        nearer[order] = np.cumsum(too_wide)
        positions = positions - nearer[:, None] * axis
    return positions


def _mirrored(i: np.ndarray, j: np.ndarray, image: np.ndarray, cutoff: float) -> Edges:
    """Pairs that are listed once each: turned (i < j, or i = j with a positive image), sorted, and their mirror."""
    i, j, image = i.astype(np.int32), j.astype(np.int32), image.astype(np.int32).reshape(-1, 3)
    a, b, c = image.T
    positive = (a > 0) | ((a == 0) & ((b > 0) | ((b == 0) & (c > 0))))
    turned = (i > j) | ((i == j) & ~positive)
    i, j, image = np.minimum(i, j), np.maximum(i, j), np.where(turned[:, None], -image, image)
    order = _order(np.column_stack([i, j, image]))
    i, j, image = i[order], j[order], image[order]
    return Edges(
        i=np.concatenate([i, j]),
        j=np.concatenate([j, i]),
        image=np.concatenate([image, -image]),
        real=np.ones(2 * i.size, bool),
        cutoff=float(cutoff),
    )


def _order(rows: np.ndarray) -> np.ndarray:
    """That sorts rows of integers, the first column mattering most: by one number for each row, where it has room."""
    least = rows.min(axis=0, initial=0)
    spans = rows.max(axis=0, initial=0) - least + 1
    if math.prod(spans.tolist()) > np.iinfo(np.int64).max:
        return np.lexsort(rows.T[::-1])
    place = np.zeros(len(rows), np.int64)
    for column, low, span in zip(rows.T, least, spans, strict=True):
        place = place * span + (column - low)
    return np.argsort(place)
