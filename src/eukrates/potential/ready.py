"""`Ready`: a potential that is asked often, one structure at a time."""

from functools import partial
from typing import Any

import equinox as eqx
import jax

from eukrates.matter import Graph
from eukrates.potential.derivatives import evaluate
from eukrates.potential.potential import Potential
from eukrates.potential.prediction import Prediction


class Ready:
    """`evaluate` for one potential, compiled, without the milliseconds that it takes to take a large tree apart.

    Calls share their compilations with all others of potentials that differ in nothing but arrays.
    """

    def __init__(self, potential: Potential):
        arrays, rest = eqx.partition(potential, eqx.is_array)
        self._arrays, tree = jax.tree.flatten(arrays)
        self._frame = _Frame(tree, rest)

    def __call__(self, graph: Graph, want: tuple[str, ...]) -> Prediction:
        return _evaluate(self._frame, self._arrays, graph, want)


class _Frame:
    """All of a potential but its arrays, hashed once."""

    def __init__(self, tree: Any, rest: Potential):
        self.tree, self.rest = tree, rest
        leaves, frame = jax.tree.flatten(rest)
        self.facts = (tree, tuple(leaves), frame)
        self.hash = hash(self.facts)

    def __hash__(self) -> int:
        return self.hash

    def __eq__(self, other) -> bool:
        return self is other or (isinstance(other, _Frame) and self.facts == other.facts)


@partial(jax.jit, static_argnums=(0, 3))
def _evaluate(frame: _Frame, arrays: list[jax.Array], graph: Graph, want: tuple[str, ...]) -> Prediction:
    return evaluate(eqx.combine(jax.tree.unflatten(frame.tree, arrays), frame.rest), graph, want)
