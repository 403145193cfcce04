"""Laws of symmetry: space has no place, no direction and no hand, and atoms have no names."""

import numpy as np

from eukrates.equivariant import orthogonal
from eukrates.matter import Graph, Size
from eukrates.potential import Potential, Prediction
from eukrates.potential.prediction import OF_ATOMS
from eukrates.testing import measured, moves

SCALARS = ("energy", *OF_ATOMS)


def obeys_translation(potential: Potential, graph: Graph, seed: int = 0, shape: Size | None = None) -> float:
    """Moving everything changes no energy and no force, and the forces on a structure add up to zero.

    Returns:
        The largest relative error seen, as do all laws.

    Raises:
        AssertionError: a sentence that says what was broken, as do all laws.
    """
    graph, rng, shape, allowed = measured.opened(potential, graph, seed, shape)
    here = measured.measure(potential, graph, shape)
    there = measured.measure(potential, moves.shifted(graph, rng.uniform(-3, 3, 3)), shape)
    error = _scalars_stay(there, here, allowed, "everything was moved")
    error = max(error, _must(there.forces, here.forces, allowed, "The forces changed when everything was moved."))
    net = np.zeros((graph.system.systems, 3))
    np.add.at(net, graph.system.owner, np.asarray(here.forces, np.float64))
    scale = 1 + np.max(np.abs(np.asarray(here.forces)))
    return max(error, measured.must(float(np.max(np.abs(net)) / scale), allowed, "The forces do not add up to zero."))


def obeys_rotation(potential: Potential, graph: Graph, seed: int = 0, shape: Size | None = None) -> float:
    """Under a random rotation and a random reflection energies stay; forces, stress and dipole turn along."""
    graph, rng, shape, allowed = measured.opened(potential, graph, seed, shape)
    before, worst = measured.measure(potential, graph, shape), 0.0
    for reflect, word in ((False, "turned"), (True, "reflected")):
        q = orthogonal(rng, proper=not reflect)
        mirror = moves.turned(graph, q)
        after = measured.measure(potential, mirror, shape)
        worst = max(worst, _scalars_stay(after, before, allowed, f"the world was {word}"))
        for name, found, expected in _turning(before, after, graph, mirror, q):
            sentence = f"The {name} did not follow when the world was {word}."
            worst = max(worst, _must(found, expected, allowed, sentence))
    return worst


def obeys_permutation(potential: Potential, graph: Graph, seed: int = 0, shape: Size | None = None) -> float:
    """Listing the atoms in another order changes the order of the answers and nothing else."""
    graph, rng, shape, allowed = measured.opened(potential, graph, seed, shape)
    before, worst = measured.measure(potential, graph, shape), 0.0
    for arrange in (np.flip, lambda rows: np.roll(rows, 1), rng.permutation):
        rows = moves.rearranged(graph.system.owner, arrange)
        after = measured.measure(potential, moves.permuted(graph, rows), shape)
        for name in (*SCALARS, "forces", "dipole"):
            found, expected = getattr(after, name), getattr(before, name)
            if found is not None:
                expected = expected[rows] if name in measured.PER_ATOM else expected
                sentence = f"The {name} depended on the order in which the atoms are listed."
                worst = max(worst, _must(found, expected, allowed, sentence))
    return worst


def equivariance_error(potential: Potential, graph: Graph, seed: int = 0, turns: int = 4) -> float:
    """How far the answers are from turning with the world: the largest relative error over random turns.

    Every second turn is a reflection.
    Each of energy, forces, stress and dipole counts as max |found - expected| / max |expected| over the whole graph; a
    quantity that vanishes everywhere (forces on a lone atom) does not count. Precision follows the arrays: use
    `eukrates.numerics.cast(potential, "float64")` and a float64 graph to see the model and not the rounding.
    """
    graph, rng, shape, _ = measured.opened(potential, graph, seed, None)
    before, worst = measured.measure(potential, graph, shape), 0.0
    for turn in range(turns):
        q = orthogonal(rng, proper=turn % 2 == 0)
        mirror = moves.turned(graph, q)
        after = measured.measure(potential, mirror, shape)
        for _, found, expected in [("energy", after.energy, before.energy), *_turning(before, after, graph, mirror, q)]:
            size = float(np.max(np.abs(expected)))
            error = float(np.max(np.abs(found - expected))) / size if size > 1e-12 else 0.0
            worst = max(worst, error if np.isfinite(error) else np.inf)
    return worst


def _turning(before: Prediction, after: Prediction, graph: Graph, mirror: Graph, q: np.ndarray):
    """(name, found, expected) of all that has a direction; the virial stands for the stress, in eV."""
    yield "forces", after.forces, before.forces @ q.T
    yield "stress", measured.virial(after, mirror), q @ measured.virial(before, graph) @ q.T
    if before.dipole is not None:
        yield "dipole", after.dipole, before.dipole @ q.T


def _scalars_stay(after: Prediction, before: Prediction, allowed: float, what: str) -> float:
    known = [name for name in SCALARS if getattr(before, name) is not None]
    return max(_must(getattr(after, n), getattr(before, n), allowed, f"The {n} changed when {what}.") for n in known)


def _must(found, expected, allowed: float, sentence: str) -> float:
    return measured.must(measured.gap(found, expected), allowed, sentence)
