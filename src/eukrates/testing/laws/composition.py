"""Laws of composition: what is far away, elsewhere in the batch, in the padding or out of reach does not matter."""

import numpy as np

from eukrates.matter import Graph, Size, System, batch, pad, size
from eukrates.potential import Potential, Prediction
from eukrates.potential.prediction import OF_ATOMS
from eukrates.testing import measured, moves

COMPARED = ("energy", *OF_ATOMS, "forces", "dipole")


def obeys_extensivity(potential: Potential, graph: Graph, seed: int = 0, shape: Size | None = None) -> float:
    """Twice the matter has twice the energy: two copies out of reach, or two periods of what is periodic."""
    graph, rng, shape, allowed = measured.opened(potential, graph, seed, shape)
    singles = moves.structures(graph)
    once = measured.measure(potential, moves.rebuilt(potential, singles), shape)
    reach = max(potential.cutoff, potential.far_cutoff or 0.0)
    pairs = [_doubled(s, reach + 0.5, rng) for s in singles]
    worst, sentence = 0.0, "Twice the matter does not have twice the energy: the energy is not extensive."
    for n, pair in enumerate(pairs):
        twice = measured.measure(potential, moves.rebuilt(potential, [pair]), shape)
        worst = max(worst, measured.must(measured.gap(twice.energy, 2 * once.energy[n : n + 1]), allowed, sentence))
    return worst


def obeys_batching(
    potential: Potential, graph: Graph, seed: int = 0, shape: Size | None = None, other: Graph | None = None
) -> float:
    """A structure says the same alone and in a batch with others (`other`; by default a stretched copy of itself)."""
    graph, rng, shape, allowed = measured.opened(potential, graph, seed, shape)
    other = moves.strained(graph, np.diag(rng.uniform(0.02, 0.1, 3))) if other is None else other
    together = measured.measure(potential, batch([graph, other]), shape)
    atoms, systems, worst = 0, 0, 0.0
    for part in (graph, other):
        alone, have = measured.measure(potential, part, shape), size(part)
        cut = _rows(together, slice(atoms, atoms + have.atoms), slice(systems, systems + have.systems))
        worst = max(worst, _same(cut, alone, allowed, "depended on what else was in the batch"))
        atoms, systems = atoms + have.atoms, systems + have.systems
    return worst


def obeys_padding(potential: Potential, graph: Graph, seed: int = 0, shape: Size | None = None) -> float:
    """Neither the amount of padding nor what stands in it changes anything."""
    graph, rng, shape, allowed = measured.opened(potential, graph, seed, shape)
    lists = (n + 8 if n else 0 for n in (shape.far_pairs, shape.triples))
    more = Size(shape.atoms + 3, shape.pairs + 8, shape.systems + 1, *lists)
    little, much = (measured.measure(potential, graph, s) for s in (shape, more))
    worst = _same(much, little, allowed, "depended on the amount of padding")
    have = size(graph)
    atoms, systems = slice(0, have.atoms), slice(0, have.systems)
    spoilt = measured.measure_padded(potential, moves.spoilt_padding(pad(graph, shape), rng))
    return max(worst, _same(_rows(spoilt, atoms, systems), little, allowed, "depended on what stands in the padding"))


def obeys_reach(potential: Potential, graph: Graph, seed: int = 0, shape: Size | None = None) -> float:
    """A longer neighbour list changes nothing: pairs beyond the cutoff are ignored."""
    graph, _, shape, allowed = measured.opened(potential, graph, seed, shape)
    singles = moves.structures(graph)
    exact = measured.measure(potential, moves.rebuilt(potential, singles), shape)
    longer = moves.rebuilt(potential, singles, beyond=0.5)
    found = measured.measure(potential, longer, shape)
    return _same(found, exact, allowed, "changed when the neighbour list was made longer than the cutoff")


def obeys_isolation(potential: Potential, graph: Graph, seed: int = 0, shape: Size | None = None) -> float:
    """A lone atom of every element in the graph has a finite energy and feels no force."""
    graph, _, shape, allowed = measured.opened(potential, graph, seed, shape)
    worst = 0.0
    for z in np.unique(graph.system.numbers[graph.system.real]):
        lone = measured.measure(potential, moves.rebuilt(potential, [_lone(int(z), graph.system)]), shape)
        if not np.isfinite(lone.energy).all():
            raise AssertionError(f"A lone atom (Z = {z}) has the energy {lone.energy[0]}: expected a finite number.")
        error = measured.gap(lone.forces, 0.0)
        worst = max(worst, measured.must(error, allowed, f"A lone atom (Z = {z}) feels a force."))
    return worst


def _lone(z: int, like: System) -> System:
    dtype = like.positions.dtype
    return System(
        numbers=np.array([z], np.int32),
        positions=np.full((1, 3), 0.3, dtype),
        cell=np.zeros((1, 3, 3), dtype),
        owner=np.zeros(1, np.int32),
        real=np.ones(1, bool),
        charge=None if like.charge is None else np.zeros(1, dtype),
        spin=None if like.spin is None else np.zeros(1, dtype),
    )


def _doubled(s: System, gap: float, rng: np.random.Generator) -> System:
    """Two copies of one structure: out of each other's reach, or along a lattice vector where it is periodic."""
    axes = np.flatnonzero(np.any(s.cell[0] != 0, axis=1))
    cell = s.cell.copy()
    if axes.size:
        step = cell[0, axes[0]].copy()
        cell[0, axes[0]] *= 2
    else:
        extent = np.linalg.norm(s.positions - s.positions.mean(axis=0), axis=1).max()
        direction = rng.normal(size=3)
        step = (2 * extent + gap) * direction / np.linalg.norm(direction)
    twice = lambda a: np.concatenate([a, a])
    return System(
        numbers=twice(s.numbers),
        positions=np.concatenate([s.positions, s.positions + step.astype(s.positions.dtype)]),
        cell=cell,
        owner=twice(s.owner),
        real=twice(s.real),
        charge=None if s.charge is None else 2 * s.charge,
        spin=None if s.spin is None else 2 * s.spin,
    )


def _rows(p: Prediction, atoms: slice, systems: slice) -> Prediction:
    names = measured.PER_ATOM + measured.PER_SYSTEM
    rows = {n: atoms if n in measured.PER_ATOM else systems for n in names}
    fields = {n: None if getattr(p, n) is None else getattr(p, n)[rows[n]] for n in names}
    return Prediction(terms={n: e[systems] for n, e in p.terms.items()}, **fields)


def _same(found: Prediction, expected: Prediction, allowed: float, what: str) -> float:
    worst = 0.0
    for name in COMPARED:
        if getattr(expected, name) is not None:
            error = measured.gap(getattr(found, name), getattr(expected, name))
            worst = max(worst, measured.must(error, allowed, f"The {name} {what}."))
    return worst
