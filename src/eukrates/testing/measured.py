"""One evaluation for all laws: compiled once for each shape and precision, cropped to what was asked."""

import dataclasses
from typing import NamedTuple

import equinox as eqx
import jax
import numpy as np

from eukrates.matter import Graph, Size, pad, rounded, size
from eukrates.numerics import is_float, to_device, to_host
from eukrates.potential import Potential, Prediction, evaluate
from eukrates.potential.prediction import OF_ATOMS
from eukrates.testing.moves import rebuilt, structures

WANT = ("energy", "forces", "stress")
PER_ATOM = (*OF_ATOMS, "forces")
PER_SYSTEM = ("energy", "dipole", "stress")


class Tolerance(NamedTuple):
    """How far two numbers may be apart, in units of 1 + the largest of them (eV, Å, e)."""

    same: float  # two evaluations of one thing
    slope: float  # a derivative against finite differences


TOLERANCES = {"float64": Tolerance(same=1e-10, slope=1e-6), "float32": Tolerance(same=1e-4, slope=1e-2)}


def opened(potential: Potential, graph: Graph, seed: int, shape: Size | None) -> "Case":
    """What every law starts from: the graph on the host, random numbers, the one shape, the allowed error."""
    graph = to_host(graph)
    return Case(
        graph,
        np.random.default_rng(seed),
        room(potential, graph) if shape is None else shape,
        tolerance(potential, graph).same,
    )


class Case(NamedTuple):
    """See `opened`."""

    graph: Graph
    rng: np.random.Generator
    shape: Size
    allowed: float


def room(potential: Potential, graph: Graph) -> Size:
    """One shape in which every law about a graph fits: twice the atoms and pairs of lists 0.5 Å too long."""
    longest = size(rebuilt(potential, structures(graph), beyond=0.5))
    far = 0 if potential.far_cutoff is None else 4 * rounded(longest.far_pairs // 2 + 8)
    triples = 0 if potential.triple_cutoff is None else 2 * rounded(longest.triples + 8)
    have = size(graph)
    return Size(rounded(2 * have.atoms + 1), 4 * rounded(longest.pairs // 2 + 8), 2 * have.systems + 1, far, triples)


def measure(potential: Potential, graph: Graph, shape: Size) -> Prediction:
    """Energy, forces and stress of a graph on the host, evaluated at `shape`, as NumPy arrays without padding.

    Precision follows the arrays: a float32 graph is evaluated in float32. The stress of what has no volume is zero.

    Raises:
        ValueError: the graph does not fit into `shape`.
    """
    have = size(graph)
    found = measure_padded(potential, pad(to_host(graph), shape))
    rows = dict.fromkeys(PER_ATOM, have.atoms) | dict.fromkeys(PER_SYSTEM, have.systems)
    fields = {name: None if getattr(found, name) is None else getattr(found, name)[:n] for name, n in rows.items()}
    return Prediction(terms={name: energy[: have.systems] for name, energy in found.terms.items()}, **fields)


def measure_padded(potential: Potential, graph: Graph) -> Prediction:
    """Energy, forces and stress of a graph as it is, padding included, as NumPy arrays."""
    with jax.enable_x64(True):
        return to_host(_evaluate(to_device(potential), to_device(labelled(graph, potential)), WANT))


_evaluate = eqx.filter_jit(evaluate)


def labelled(graph: Graph, potential: Potential) -> Graph:
    """The graph with edges that claim just the potential's reach: lists of any length share one compilation."""
    near = dataclasses.replace(graph.near, cutoff=float(potential.cutoff))
    far = None
    if graph.far is not None and potential.far_cutoff is not None:
        far = dataclasses.replace(graph.far, cutoff=float(potential.far_cutoff))
    triples = None
    if graph.triples is not None and potential.triple_cutoff is not None:
        triples = dataclasses.replace(graph.triples, cutoff=float(potential.triple_cutoff))
    return Graph(graph.system, near, far, graph.waves, triples)


def in_precision(graph: Graph, dtype) -> Graph:
    """A graph on the host with all floating-point arrays in `dtype`."""
    return jax.tree.map(lambda leaf: np.asarray(leaf, dtype) if is_float(leaf) else leaf, to_host(graph))


def tolerance(potential: Potential, graph: Graph) -> Tolerance:
    """The named tolerance of the lowest precision in the potential or the graph."""
    leaves = [leaf for leaf in jax.tree.leaves((potential, graph)) if is_float(leaf)]
    return TOLERANCES["float64" if all(leaf.dtype == np.float64 for leaf in leaves) else "float32"]


def gap(found, expected) -> float:
    """The largest difference in units of 1 + the largest expected value; infinite where a number is not finite."""
    if np.size(found) == 0:
        return 0.0
    difference = np.max(np.abs(np.asarray(found, np.float64) - expected)) / (1 + np.max(np.abs(expected)))
    return float(difference) if np.isfinite(difference) else np.inf


def must(error: float, bound: float, sentence: str) -> float:
    """Return `error`, or raise AssertionError with the sentence where it exceeds the bound (or is not a number)."""
    if not error <= bound:
        raise AssertionError(f"{sentence} Relative error {error:.2e}, allowed {bound:.0e}.")
    return float(error)


def virial(prediction: Prediction, graph: Graph) -> np.ndarray:
    """Stress times volume in eV, [systems, 3, 3]."""
    volume = np.abs(np.linalg.det(np.asarray(graph.system.cell, np.float64)))
    return np.asarray(prediction.stress) * volume[:, None, None]
