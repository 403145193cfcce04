"""What laws do to graphs on the host: shift, turn, strain, permute, spoil the padding, split, rebuild."""

import dataclasses
from collections.abc import Callable

import equinox as eqx
import numpy as np

from eukrates.matter import Edges, Graph, System, batch
from eukrates.numerics import to_host
from eukrates.potential import Potential


def moved(world: Graph, positions, cell=None) -> Graph:
    """The same pairs with other positions (and lattice vectors), in the precision of the old."""
    s = world.system
    new = (np.asarray(positions, s.positions.dtype), np.asarray(s.cell if cell is None else cell, s.cell.dtype))
    return eqx.tree_at(lambda g: (g.system.positions, g.system.cell), world, new)


def shifted(world: Graph, shift) -> Graph:
    """All atoms moved by `shift`, Å."""
    return moved(world, world.system.positions + np.asarray(shift))


def turned(world: Graph, q: np.ndarray) -> Graph:
    """Positions and lattice vectors turned (or reflected) by an orthogonal matrix."""
    return moved(world, world.system.positions @ q.T, world.system.cell @ q.T)


def strained(world: Graph, strain: np.ndarray) -> Graph:
    """r → r (1 + ε), cell → cell (1 + ε)."""
    stretch = np.eye(3) + strain
    return moved(world, world.system.positions @ stretch, world.system.cell @ stretch)


def permuted(world: Graph, order: np.ndarray) -> Graph:
    """Atom n of the new graph is atom order[n] of the old; `order` must keep every atom in its system."""
    s, place = world.system, np.argsort(order)
    names = ("numbers", "positions", "owner", "real")
    system = dataclasses.replace(s, **{name: getattr(s, name)[order] for name in names})

    def ranks(e: Edges) -> np.ndarray:
        return np.argsort(place[e.i[: e.half]], kind="stable")

    def renamed(e: Edges) -> Edges:
        h, rank = e.half, ranks(e)
        i, j = place[e.i[:h]].astype(np.int32), place[e.j[:h]].astype(np.int32)
        i, j, image, real = i[rank], j[rank], e.image[:h][rank], e.real[:h][rank]
        both = lambda a, b: np.concatenate([a, b])
        return Edges(both(i, j), both(j, i), both(image, -image), both(real, real), e.cutoff)

    far, triples = None if world.far is None else renamed(world.far), world.triples
    if triples is not None:
        new, h = np.argsort(ranks(world.near)).astype(np.int32), world.near.half
        moved = lambda rows: new[rows % h] + np.where(rows < h, 0, h).astype(np.int32) if h else rows
        triples = dataclasses.replace(triples, first=moved(triples.first), second=moved(triples.second))
    return Graph(system, renamed(world.near), far, world.waves, triples)


def rearranged(owner: np.ndarray, arrange: Callable) -> np.ndarray:
    """An order of atoms for `permuted`: `arrange` applied to the rows of each system."""
    order = np.arange(owner.size)
    for n in np.unique(owner):
        rows = np.flatnonzero(owner == n)
        order[rows] = arrange(rows)
    return order


def spoilt_padding(padded: Graph, rng: np.random.Generator) -> Graph:
    """A padded graph with other, finite content wherever nothing real stands."""
    s = padded.system
    empty = ~np.isin(np.arange(s.systems), s.owner[s.real])
    noise = rng.normal(size=s.positions.shape).astype(s.positions.dtype)

    def spoil(values):
        return None if values is None else np.where(empty, values + 2, values).astype(values.dtype)

    system = dataclasses.replace(
        s,
        positions=np.where(s.real[:, None], s.positions, noise),
        cell=np.where(empty[:, None, None], 3 * np.eye(3), s.cell).astype(s.cell.dtype),
        charge=spoil(s.charge),
        spin=spoil(s.spin),
    )

    def spoil_pairs(e: Edges) -> Edges:
        one, other = rng.integers(0, s.atoms, (2, e.half)).astype(np.int32)
        i = np.where(e.real, e.i, np.concatenate([one, other]))
        j = np.where(e.real, e.j, np.concatenate([other, one]))
        return Edges(i, j, e.image, e.real, e.cutoff)

    near, triples = spoil_pairs(padded.near), padded.triples
    if triples is not None and near.half:
        real, pairs = triples.real, 2 * near.half
        astray = lambda rows: np.where(real, rows, rng.integers(0, pairs, rows.shape)).astype(np.int32)
        triples = dataclasses.replace(triples, first=astray(triples.first), second=astray(triples.second))
    return Graph(system, near, None if padded.far is None else spoil_pairs(padded.far), padded.waves, triples)


def structures(world: Graph) -> list[System]:
    """The single structures of a graph, without padding, on the host."""
    s = to_host(world).system
    found = []
    for n in np.unique(s.owner[s.real]):
        rows, take = s.real & (s.owner == n), slice(n, n + 1)
        found.append(
            System(
                numbers=s.numbers[rows],
                positions=s.positions[rows],
                cell=s.cell[take],
                owner=np.zeros(int(rows.sum()), np.int32),
                real=np.ones(int(rows.sum()), bool),
                charge=None if s.charge is None else s.charge[take],
                spin=None if s.spin is None else s.spin[take],
            )
        )
    return found


def rebuilt(potential: Potential, systems: list[System], beyond: float = 0.0) -> Graph:
    """The batch of the graphs of single structures, with lists that reach `beyond` the potential's cutoffs, Å."""
    return batch([potential.graph(s, beyond) for s in systems])
