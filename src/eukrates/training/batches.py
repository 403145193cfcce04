"""Samples → padded batches of few shapes, in an order that depends on the seed and the epoch alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import equinox as eqx
import jax
import numpy as np

from eukrates.data.sample import Sample
from eukrates.matter import Graph, Size, System, batch, pad, rounded, size
from eukrates.matter.graph import most_waves
from eukrates.numerics import is_float
from eukrates.training.targets import Targets, targets


class Batches:
    """The graphs of a set of samples, cut into batches of `batch_size` structures.

    Two padded shapes serve all batches: one that fits nine in ten of them, one that fits the worst. The batches of
    epoch k are a pure function of (seed, k), so that a resumed run sees what the uninterrupted one would have seen.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        see: Callable[[System], Graph],
        batch_size: int,
        e0: Mapping[str, float],
        seed: int,
    ):
        """`see` makes the graph of a structure: `potential.graph`."""
        if not samples:
            raise ValueError("Expected at least one structure, got none.")
        if batch_size < 1:
            raise ValueError(f"Expected a batch size of at least 1, got {batch_size}.")
        self.samples, self.e0, self.seed = list(samples), dict(e0), seed
        self.batch_size = min(batch_size, len(self.samples))
        self._order: tuple[int, np.ndarray] = -1, np.zeros(0, np.int64)  # the last one asked for: (epoch, order)
        graphs = [_single(see(s)) for s in _alike([s.system for s in self.samples])]
        most = most_waves([g.waves for g in graphs if g.waves is not None])  # one size, so that few are compiled
        self._graphs = [g if g.waves is None else replace(g, waves=most) for g in graphs]
        self._sizes = np.array([(n.atoms, n.pairs, n.far_pairs, n.triples) for n in map(size, self._graphs)])
        self.shapes = self._choose_shapes()

    @property
    def per_epoch(self) -> int:
        """Batches of one epoch; the last may be smaller."""
        return -(-len(self.samples) // self.batch_size)

    def order(self, epoch: int) -> np.ndarray:
        """The order of the samples in an epoch."""
        known, order = self._order
        if known != epoch:
            order = np.random.default_rng([self.seed, epoch]).permutation(len(self.samples))
            self._order = epoch, order
        return order

    def shuffled(self, step: int) -> tuple[Graph, Targets]:
        """The batch of an optimisation step, counted from 0 over all epochs."""
        epoch, n = divmod(step, self.per_epoch)
        return self._make(self.members(epoch, n))

    def members(self, epoch: int, n: int) -> np.ndarray:
        """Indices of the samples in batch `n` of an epoch."""
        return self.order(epoch)[n * self.batch_size : (n + 1) * self.batch_size]

    def in_order(self) -> Iterator[tuple[Graph, Targets]]:
        """All samples once, in their own order."""
        for start in range(0, len(self.samples), self.batch_size):
            yield self._make(np.arange(start, min(start + self.batch_size, len(self.samples))))

    def one(self, index: int) -> tuple[Graph, Targets]:
        """The batch of one sample."""
        return self._make(np.array([index]))

    def _make(self, members: np.ndarray) -> tuple[Graph, Targets]:
        atoms, *lists = self._sizes[members].sum(axis=0)
        holds = lambda s: all(m >= n for m, n in zip((s.pairs, s.far_pairs, s.triples), lists, strict=True))
        shape = next(s for s in self.shapes if s.atoms > atoms and holds(s))
        together = pad(batch([self._graphs[m] for m in members]), shape)
        return together, targets([self.samples[m] for m in members], self.e0, shape.atoms, shape.systems)

    def _choose_shapes(self) -> list[Size]:
        largest = np.sort(self._sizes, axis=0)[-self.batch_size :].sum(axis=0)
        starts = np.arange(0, len(self.samples), self.batch_size)
        epochs = range(-(-200 // self.per_epoch))
        totals = np.concatenate([np.add.reduceat(self._sizes[self.order(k)], starts, axis=0) for k in epochs])
        usual = np.quantile(totals, 0.9, axis=0)
        even = lambda pairs: 2 * rounded(-(-int(pairs) // 2), 4)
        sizes = {
            Size(
                rounded(int(atoms) + 1, 4),
                even(pairs),
                self.batch_size + 1,
                even(far),
                rounded(int(np.ceil(triples)), 4),
            )
            for atoms, pairs, far, triples in (usual, largest)
        }
        return sorted(sizes)


def seen_by(members: int, samples: int, left_out: float, seed: int) -> np.ndarray:
    """Which samples each member of an ensemble learns from: bool [members, samples].

    Every member leaves out the same number of samples, its own; together they go round all samples as often as need be.

    Raises:
        ValueError: one potential that would leave out some, or members that would see none.
    """
    out = round(left_out * samples)
    if left_out and members == 1:
        raise ValueError("left_out is for ensembles: a single potential sees all structures it is given.")
    if left_out and not out:
        raise ValueError(f"left_out is {left_out:g}, and of {samples} structures that is none. Raise it, or say 0.")
    if out >= samples:
        raise ValueError(f"Every member would leave out {out} of {samples} structures. Lower left_out.")
    order = np.random.default_rng([seed, 1]).permutation(samples)
    seen = np.ones((members, samples), bool)
    for member in range(members):
        seen[member, order[np.arange(member * out, (member + 1) * out) % samples]] = False
    return seen


def _alike(systems: Sequence[System]) -> list[System]:
    """Charge and spin only where all structures state them, so that any of them can share a batch.

    A potential that needs them has refused structures without (see `check_labels`); to any other they are nothing.
    """
    partial = [k for k in ("charge", "spin") if len({getattr(s, k) is None for s in systems}) > 1]
    return [replace(s, **dict.fromkeys(partial)) for s in systems]


def _single(whole: Graph) -> Graph:
    """Floating-point arrays in float32, lengths taken relative to the centre first so that no digit is lost."""

    centred = np.asarray(whole.system.positions) - np.asarray(whole.system.positions).mean(axis=0)
    whole = eqx.tree_at(lambda g: g.system.positions, whole, centred)
    return jax.tree.map(lambda leaf: leaf.astype(np.float32) if is_float(leaf) else leaf, whole)
