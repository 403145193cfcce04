"""The names of the parameters of a potential: its paths, as they stand in a model file and wherever one is chosen."""

from collections.abc import Mapping
from typing import Any, TypeVar

import equinox as eqx
import jax

from eukrates.numerics import is_float
from eukrates.potential.potential import Potential

Kind = TypeVar("Kind", bound=Potential)


class Constants(eqx.Module):
    """Arrays that a model file keeps and no training moves: tables of physics, random features. Subclass it."""


def path_name(path) -> str:
    """The name of a place in a PyTree: "blocks.0.exchange.kernel"."""
    return jax.tree_util.keystr(path, simple=True, separator=".")


def named_parameters(potential: Potential) -> list[tuple[str, Any]]:
    """Parameters with their names, in the order of the PyTree; of an abstract potential their shapes."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(potential)
    return [(path_name(path), leaf) for path, leaf in leaves if _is_parameter(leaf)]


def trainable_parameters(potential: Potential) -> list[tuple[str, Any]]:
    """`named_parameters` without those inside `Constants`."""
    nodes, _ = jax.tree_util.tree_flatten_with_path(potential, is_leaf=lambda node: isinstance(node, Constants))
    free = {path_name(path) for path, node in nodes if not isinstance(node, Constants)}
    return [(name, leaf) for name, leaf in named_parameters(potential) if name in free]


def with_parameters(potential: Kind, arrays: Mapping[str, Any]) -> Kind:
    """The (abstract or whole) potential with these arrays as its parameters.

    Raises:
        KeyError: a parameter without an array.
    """
    put = lambda path, leaf: arrays[path_name(path)] if _is_parameter(leaf) else leaf
    return jax.tree_util.tree_map_with_path(put, potential)


def parameter_groups(potential: Potential) -> dict[str, tuple[str, ...]]:
    """Names of parameters by the piece they belong to, in the order of the PyTree.

    A piece is what a person would name: "readout", "blocks.2", "scales"; inside sums and potentials that hold other
    potentials "parts.1.readout", "network.readout". A potential of plain numbers, such as ZBL, is one piece.
    """
    found: dict[str, tuple[str, ...]] = {}
    leaves, _ = jax.tree_util.tree_flatten_with_path(potential)
    for path, leaf in leaves:
        if _is_parameter(leaf):
            group = path_name(path[: _depth(potential, path)])
            found[group] = (*found.get(group, ()), path_name(path))
    return found


def _depth(potential: Potential, path) -> int:
    """How many steps of a path lead to the piece: through containers, and potentials that are made of pieces."""
    node: Any = potential
    for depth, key in enumerate(path, 1):
        node = _step(node, key)
        made_of_pieces = isinstance(node, Potential) and any(len(p) > 1 for p, _ in _paths(node))
        if not (made_of_pieces or isinstance(node, tuple | list | dict)):
            return depth
    return len(path)


def _step(node, key):
    if isinstance(key, jax.tree_util.GetAttrKey):
        return getattr(node, key.name)
    return node[key.idx if isinstance(key, jax.tree_util.SequenceKey) else key.key]


def _paths(node):
    return jax.tree_util.tree_flatten_with_path(node)[0]


def _is_parameter(leaf) -> bool:
    return is_float(leaf) or isinstance(leaf, jax.ShapeDtypeStruct)
