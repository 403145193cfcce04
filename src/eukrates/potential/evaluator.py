"""`Evaluator`: a potential asked about many structures, in padded batches of few shapes."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np

from eukrates.matter import Graph, Size, System, batch, pad, rounded, size
from eukrates.numerics import to_device, to_host
from eukrates.potential.derivatives import evaluate
from eukrates.potential.potential import Potential
from eukrates.potential.predict import check_system
from eukrates.potential.prediction import PER_ATOM, Prediction

PAIRS_OF_A_BATCH = 200_000  # directed pairs; bounds the memory of a batch, whatever the size of the structures
SMALL = Size(256, 2048, 0)  # no batch is padded to less: computing so little is cheaper than compiling once more

_evaluate = eqx.filter_jit(evaluate)


class Answer(NamedTuple):
    """What most tests ask for."""

    energy: float  # eV
    forces: np.ndarray  # eV/Å, [atoms, 3]


class Evaluator:
    """Predictions for many structures, in their order, as NumPy arrays without padding.

    Geometry and totals are float64, features as precise as the parameters, like `eukrates.potential.predict`. Shapes
    are reused as long as less than half of a batch is padding, so few compilations serve many calls.
    """

    def __init__(self, potential: Potential, batch_size: int = 64):
        if batch_size < 1:
            raise ValueError(f"Expected a batch of at least one structure, got batch_size={batch_size}.")
        self.potential, self.batch_size = potential, int(batch_size)
        self.shapes: list[Size] = []
        with jax.enable_x64(True):
            self._device = to_device(potential)

    def __call__(self, systems: Sequence[System], want: Sequence[str] = ("energy", "forces")) -> list[Prediction]:
        """One prediction for each structure.

        Raises:
            ValueError: an element the potential does not know, or a charge or spin it needs and does not get.
        """
        for structure in systems:
            check_system(self.potential, structure)
        found: dict[int, Prediction] = {}
        for rows, predictions in self.batches(systems, want):
            found.update(zip(rows, predictions, strict=True))
        return [found[n] for n in range(len(systems))]

    def ask(self, systems: Sequence[System]) -> list[Answer]:
        """Energy and forces of each structure."""
        return [Answer(float(p.energy[0]), np.asarray(p.forces)) for p in self(systems)]

    def batches(self, systems: Sequence[System], want: Sequence[str]) -> Iterator[tuple[list[int], list[Prediction]]]:
        """Batch by batch, the largest structures first: (places in `systems`, predictions)."""
        order = sorted(range(len(systems)), key=lambda n: -systems[n].atoms)
        for rows, graphs in self._chunks(order, systems):
            yield rows, self._run(graphs, tuple(sorted(set(want))))

    def _chunks(self, order: Iterable[int], systems: Sequence[System]) -> Iterator[tuple[list[int], list[Graph]]]:
        rows, graphs, pairs = [], [], 0
        for n in order:
            one = self.potential.graph(systems[n])
            more = sum(size(one)) - one.system.atoms - one.system.systems
            mixed = bool(graphs) and _states(one.system) != _states(graphs[0].system)
            if graphs and (len(graphs) == self.batch_size or pairs + more > PAIRS_OF_A_BATCH or mixed):
                yield rows, graphs
                rows, graphs, pairs = [], [], 0
            rows, graphs, pairs = [*rows, n], [*graphs, one], pairs + more
        if graphs:
            yield rows, graphs

    def _run(self, graphs: list[Graph], want: tuple[str, ...]) -> list[Prediction]:
        joined = batch(graphs)
        with jax.enable_x64(True):
            inputs = to_device(pad(joined, self._shape(size(joined))))
            found = to_host(_evaluate(self._device, inputs, want))
        ends = np.cumsum([g.system.atoms for g in graphs])
        return [
            _part(found, n, slice(end - g.system.atoms, end))
            for n, (g, end) in enumerate(zip(graphs, ends, strict=True))
        ]

    def _shape(self, have: Size) -> Size:
        """The smallest known shape that fits and wastes less than half, else a new one."""
        need = have._replace(atoms=have.atoms + 1, systems=max(have.systems, self.batch_size) + 1)
        fits = [s for s in self.shapes if _holds(s, need) and _work(s) <= 2 * max(_work(need), _work(SMALL))]
        if not fits:
            pairs, far_pairs = (2 * rounded(n // 2, 2) for n in (max(need.pairs, SMALL.pairs), need.far_pairs))
            atoms, triples = rounded(max(need.atoms, SMALL.atoms), 2), rounded(need.triples, 2)
            self.shapes.append(Size(atoms, pairs, need.systems, far_pairs, triples))
            fits = self.shapes[-1:]
        return min(fits, key=_work)


def _holds(shape: Size, need: Size) -> bool:
    return all(n <= m for n, m in zip(need, shape, strict=True))


def _work(shape: Size) -> int:
    return shape.pairs + shape.far_pairs + shape.triples + shape.atoms


def _states(structure: System) -> tuple[bool, bool]:
    return structure.charge is None, structure.spin is None


def _part(found: Prediction, n: int, atoms: slice) -> Prediction:
    """System `n` of a batch, alone."""
    values: dict[str, Any] = {name: value for name, value in vars(found).items() if name not in ("terms", "hessian")}
    rows = {name: atoms if name in PER_ATOM else slice(n, n + 1) for name in values}
    fields: dict[str, Any] = {name: None if value is None else value[rows[name]] for name, value in values.items()}
    return Prediction(terms={k: v[n : n + 1] for k, v in found.terms.items()}, **fields)
