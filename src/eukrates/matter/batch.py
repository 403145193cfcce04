"""Many graphs in one, padded to few shapes so that compiled code is compiled once."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from eukrates.matter.edges import Edges
from eukrates.matter.graph import Graph, Waves, most_waves
from eukrates.matter.system import System
from eukrates.matter.triples import Triples


class Size(NamedTuple):
    """Rows of a graph: atoms, near pairs, systems, far pairs and triples (0 of what it does not list)."""

    atoms: int
    pairs: int
    systems: int
    far_pairs: int = 0
    triples: int = 0


def size(graph: Graph) -> Size:
    """The rows of a graph, padding included."""
    far = 0 if graph.far is None else graph.far.i.shape[0]
    triples = 0 if graph.triples is None else graph.triples.first.shape[0]
    return Size(graph.system.atoms, graph.near.i.shape[0], graph.system.systems, far, triples)


def rounded(n: int, bits: int = 3) -> int:
    """The next number ≥ n that has at most `bits` significant bits: few shapes, at most 1/2^(bits-1) of waste."""
    step = 1 << max(0, int(n).bit_length() - bits)
    return -(-int(n) // step) * step


def batch(graphs: Sequence[Graph]) -> Graph:
    """Graphs on the host laid end to end, without padding.

    Raises:
        ValueError: no graphs, or some state what others leave unknown (charge, spin, far edges, triples).
    """
    if not graphs:
        raise ValueError("Expected at least one graph to batch, got none.")
    parts = [g.system for g in graphs]
    atoms = np.cumsum([0] + [s.atoms for s in parts])
    systems = np.cumsum([0] + [s.systems for s in parts])
    joined = System(
        numbers=np.concatenate([s.numbers for s in parts]),
        positions=np.concatenate([s.positions for s in parts]),
        cell=np.concatenate([s.cell for s in parts]),
        owner=np.concatenate([s.owner + n for s, n in zip(parts, systems, strict=False)]).astype(np.int32),
        real=np.concatenate([s.real for s in parts]),
        charge=_all_or_none("charge", [s.charge for s in parts]),
        spin=_all_or_none("spin", [s.spin for s in parts]),
    )
    far = [g.far for g in graphs if g.far is not None]
    if len(far) not in (0, len(graphs)):
        raise ValueError("Some graphs have far edges and some have none: build all with the same far_cutoff.")
    triples = [g.triples for g in graphs if g.triples is not None]
    if len(triples) not in (0, len(graphs)):
        raise ValueError("Some graphs have triples and some have none: build all for the same potential.")
    return Graph(
        joined,
        _joined([g.near for g in graphs], atoms),
        _joined(far, atoms) if far else None,
        _most([g.waves for g in graphs]),
        _joined_triples(triples, [g.near.half for g in graphs]) if triples else None,
    )


def pad(graph: Graph, to: Size | None = None) -> Graph:
    """The same graph with padding rows up to `to` (default: each size rounded up to few significant bits).

    Padding atoms (number 0) belong to the last system, which holds no real atom; padded pairs join the last atom with
    itself, padded triples the last pair. There is always at least one padding atom and one padding system.

    Raises:
        ValueError: `to` is too small.
    """
    have = size(graph)
    need = have._replace(atoms=have.atoms + 1, systems=have.systems + 1)
    if to is None:
        pairs, far_pairs = (2 * rounded(n // 2) for n in (have.pairs, have.far_pairs))
        to = Size(rounded(need.atoms), pairs, need.systems, far_pairs, rounded(have.triples))
    if any(t < n for t, n in zip(to, need, strict=True)) or to.pairs % 2 or to.far_pairs % 2:
        raise ValueError(f"Expected sizes of at least {need} with even numbers of pairs, got {to}.")
    s, atoms, systems = graph.system, to.atoms, to.systems
    padded = System(
        numbers=_longer(s.numbers, atoms),
        positions=_longer(s.positions, atoms),
        cell=_longer(s.cell, systems),
        owner=_longer(s.owner, atoms, systems - 1),
        real=_longer(s.real, atoms),
        charge=None if s.charge is None else _longer(s.charge, systems),
        spin=None if s.spin is None else _longer(s.spin, systems),
    )
    far = None if graph.far is None else _padded(graph.far, to.far_pairs, to.atoms - 1)
    triples = None if graph.triples is None else _padded_triples(graph.triples, have, to)
    return Graph(padded, _padded(graph.near, to.pairs, to.atoms - 1), far, graph.waves, triples)


def _most(waves: Sequence[Waves | None]) -> Waves | None:
    if len(missing := [n for n, w in enumerate(waves) if w is None]) not in (0, len(waves)):
        raise ValueError(f"Graphs {missing[:10]} lack the waves that others have: build all for the same potential.")
    return most_waves([w for w in waves if w is not None])


def _all_or_none(name: str, values: list) -> np.ndarray | None:
    missing = [n for n, v in enumerate(values) if v is None]
    if len(missing) == len(values):
        return None
    if missing:
        raise ValueError(f"{name} is stated for some structures and missing for {missing[:10]}: state it for all.")
    return np.concatenate(values)


def _joined(parts: Sequence[Edges], offsets: np.ndarray) -> Edges:
    def both(pick, shift=False):
        rows = [(pick(e) + n if shift else pick(e), e.half) for e, n in zip(parts, offsets, strict=False)]
        return np.concatenate([a[:h] for a, h in rows] + [a[h:] for a, h in rows])

    return Edges(
        i=both(lambda e: e.i, shift=True).astype(np.int32),
        j=both(lambda e: e.j, shift=True).astype(np.int32),
        image=both(lambda e: e.image),
        real=both(lambda e: e.real),
        cutoff=min(e.cutoff for e in parts),
    )


def _longer(array: np.ndarray, rows: int, value: Any = 0) -> np.ndarray:
    """With rows of a value at the end."""
    array = np.asarray(array)
    out = np.full((rows, *array.shape[1:]), value, array.dtype)
    out[: array.shape[0]] = array
    return out


def _padded(edges: Edges, pairs: int, atom: int) -> Edges:
    h, half = edges.half, pairs // 2
    fill = lambda array, value: np.concatenate([_longer(a, half, value) for a in (array[:h], array[h:])])
    return Edges(fill(edges.i, atom), fill(edges.j, atom), fill(edges.image, 0), fill(edges.real, False), edges.cutoff)


def _joined_triples(parts: Sequence[Triples], halves: Sequence[int]) -> Triples:
    """Rows of pairs are renumbered: all first halves come before all second halves."""
    before, whole = np.cumsum([0, *halves]), sum(halves)
    renumbered = lambda rows, n: np.where(rows < halves[n], rows + before[n], rows - halves[n] + before[n] + whole)
    both = lambda pick: np.concatenate([renumbered(pick(t), n) for n, t in enumerate(parts)]).astype(np.int32)
    real = np.concatenate([t.real for t in parts])
    return Triples(both(lambda t: t.first), both(lambda t: t.second), real, min(t.cutoff for t in parts))


def _padded_triples(triples: Triples, have: Size, to: Size) -> Triples:
    """With more rows, and those of pairs renumbered for longer halves."""
    later = (to.pairs - have.pairs) // 2
    moved = lambda rows: np.where(rows < have.pairs // 2, rows, rows + later).astype(np.int32)
    filled = lambda rows: _longer(moved(rows), to.triples, max(0, to.pairs - 1))
    return Triples(filled(triples.first), filled(triples.second), _longer(triples.real, to.triples), triples.cutoff)
