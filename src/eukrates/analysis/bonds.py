"""Bonds, and how their lengths are distributed."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from eukrates.elements import pair_name
from eukrates.matter import System
from eukrates.matter.bonds import find_bonds
from eukrates.matter.nearest_image import nearest_images


def bond_lengths(
    structure: System,
    positions: Float[np.ndarray, "frames atoms 3"],
    bonds: Int[np.ndarray, "bonds 2"],
    cells: Float[np.ndarray, "frames 3 3"] | None = None,
) -> dict[str, Float[np.ndarray, "frames some"]]:
    """Lengths in Å by kind of bond ("C-H"), [frames, bonds of that kind]; nearest images in periodic structures.

    `cells`: one per frame where the cell moves; the structure's own where not given.
    """
    lengths = distances(structure, positions, bonds, cells)
    z = np.asarray(structure.numbers)
    kinds = [pair_name(int(z[a]), int(z[b])) for a, b in bonds]
    return {kind: lengths[:, [n for n, k in enumerate(kinds) if k == kind]] for kind in sorted(set(kinds))}


def distances(
    structure: System,
    positions: Float[np.ndarray, "frames atoms 3"],
    pairs: Int[np.ndarray, "pairs 2"],
    cells: Float[np.ndarray, "frames 3 3"] | None = None,
) -> Float[np.ndarray, "frames pairs"]:
    """Lengths in Å between the atoms of each pair, by their nearest images."""
    r = np.asarray(positions, np.float64)
    vectors = r[:, pairs[:, 1]] - r[:, pairs[:, 0]]
    vectors = nearest_images(vectors, np.asarray(structure.cell[0]) if cells is None else cells)
    return np.linalg.norm(vectors, axis=-1)


def pooled_bond_lengths(structures: Sequence[System]) -> dict[str, Float[np.ndarray, " lengths"]]:
    """Lengths in Å by kind of bond of any structures, each with the bonds that it has."""
    found: dict[str, list[np.ndarray]] = {}
    for structure in structures:
        lengths = bond_lengths(structure, np.asarray(structure.positions)[None], find_bonds(structure))
        for kind, some in lengths.items():
            found.setdefault(kind, []).append(some.ravel())
    return {kind: np.concatenate(parts) for kind, parts in sorted(found.items())}


def histogram(
    lengths: Float[np.ndarray, "..."], bins: int = 100, within: tuple[float, float] | None = None
) -> tuple[Float[np.ndarray, " bins"], Float[np.ndarray, " bins"]]:
    """Centres in Å and probability density in 1/Å (its integral is the fraction of lengths inside the range)."""
    flat = np.asarray(lengths, np.float64).ravel()
    counts, edges = np.histogram(flat, bins, within)
    width = np.diff(edges)
    return (edges[1:] + edges[:-1]) / 2, counts / (flat.size * width)
