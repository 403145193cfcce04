"""Neighbour pairs inside compiled code, in JAX, on any device: candidates from bins, kept where they are near."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from eukrates.matter.bins import Bins, place
from eukrates.matter.bits import WORD, ones, packed
from eukrates.matter.edges import Edges
from eukrates.shapes import AnyArray


class Sorted(NamedTuple):
    """Atoms in the order of their bins, and of their indices within a bin; padding atoms last."""

    order: Int[Array, " atoms"]
    starts: Int[Array, " bins"]
    counts: Int[Array, " bins"]


class View(NamedTuple):
    """The bins around the bin of each atom."""

    image: Int[Array, "atoms around 3"]  # which image of the bin it is
    shift: Float[Array, "atoms around 3"]  # Å, by how much that image is moved
    begin: Int[Array, "atoms around"]  # of its atoms in sorted order
    held: Int[Array, "atoms around"]  # atoms that it holds; 0 where there is no such bin


def search_bins(
    positions: Float[AnyArray, "atoms 3"],
    cell: Float[AnyArray, "systems 3 3"],
    owner: Int[AnyArray, " atoms"],
    real: Bool[AnyArray, " atoms"],
    bins: Bins,
    cutoff: float,
    half: int,
) -> tuple[Edges, Int[AnyArray, ""]]:
    """As `eukrates.matter.search.search`; with one bin for each system, all its pairs and images are candidates."""
    atoms, shape = positions.shape[0], np.array(bins.shape, np.int32)
    placed = place(positions, cell, owner, real, bins, cutoff)
    inside = positions - jnp.einsum("na,nab->nb", placed.turns.astype(positions.dtype), cell[owner])
    number = lambda system, b: ((system * shape[0] + b[..., 0]) * shape[1] + b[..., 1]) * shape[2] + b[..., 2]
    total = cell.shape[0] * int(shape.prod())
    table = _sorted(jnp.where(real, number(owner, placed.bin), total), total)

    there = placed.bin[:, None] + bins.around
    image = jnp.floor_divide(there, shape)
    periodic = jnp.any(cell != 0, axis=2)[owner][:, None]
    exists = jnp.all(periodic | (image == 0), axis=2) & real[:, None]
    which = number(owner[:, None], there - image * shape)
    shift = jnp.einsum("nea,nab->neb", image.astype(positions.dtype), cell[owner])
    view = View(image, shift, table.starts[which], jnp.where(exists, table.counts[which], 0))

    words = packed(_near(inside, table, view, bins.room, cutoff))
    word, bit, found = ones(words.reshape(-1), half)
    i, lane = word // words.shape[1], word % words.shape[1] * WORD + bit
    entry, rank = lane // bins.room, lane % bins.room
    j = table.order[jnp.minimum(view.begin[i, entry] + rank, atoms - 1)]
    image = image[i, entry] + placed.turns[i] - placed.turns[j]
    sound = placed.sound & jnp.all(table.counts <= bins.room)
    return _edges(i, j, image, jnp.arange(half) < found, cutoff, atoms - 1), jnp.where(sound, found, -1)


def _sorted(bin_of_atom, total: int) -> Sorted:
    counts = jnp.zeros(total + 1, jnp.int32).at[bin_of_atom].add(1)[:total]
    return Sorted(jnp.argsort(bin_of_atom).astype(jnp.int32), jnp.cumsum(counts) - counts, counts)


def _near(inside, table: Sorted, view: View, room: int, cutoff: float) -> Bool[Array, "atoms lanes"]:
    """For each atom `room` candidates in each bin around it, and whether they make a pair that is kept.

    Along x, y, z in turn, so that nothing with a row per candidate is ever stored.
    """
    atoms, around = view.held.shape
    lane = np.arange(-(-around * room // WORD) * WORD)
    entry, rank = np.minimum(lane // room, around - 1), lane % room
    slot = jnp.minimum(view.begin[:, entry] + rank, atoms - 1)
    i, j = jnp.arange(atoms)[:, None], table.order[slot]
    squared = 0.0
    for x in range(3):
        there = inside[:, x][table.order]
        squared += (there[slot] - (inside[:, x, None] - view.shift[..., x])[:, entry]) ** 2
    a, b, c = (view.image[..., x] for x in range(3))
    ahead = (a > 0) | ((a == 0) & ((b > 0) | ((b == 0) & (c > 0))))
    once = (j > i) | ((j == i) & ahead[:, entry])
    return (squared < cutoff**2) & once & (rank < view.held[:, entry]) & (lane < around * room)


def _edges(i, j, image, real, cutoff: float, last: int) -> Edges:
    """Pairs and their mirror; padded ones join the last atom with itself."""
    i, j, image = jnp.where(real, i, last), jnp.where(real, j, last), jnp.where(real[:, None], image, 0)
    both = lambda one, other: jnp.concatenate([one, other])
    i, j = i.astype(jnp.int32), j.astype(jnp.int32)
    return Edges(both(i, j), both(j, i), both(image, -image), both(real, real), cutoff)
