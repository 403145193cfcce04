"""Laws of calculus, in float64 whatever came: forces, stress and Hessian are derivatives of the energy.

Finite differences of fourth order along random directions,

    f'(0) ≈ (8 [f(h) - f(-h)] - [f(2h) - f(-2h)]) / 12 h                       (1)

with the better of two steps h: the long one suffers where a pair crosses a cutoff, the short one from rounding.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import numpy as np

from eukrates.matter import Graph, Size, pad, size
from eukrates.numerics import cast, to_device
from eukrates.potential import Potential, hessian
from eukrates.testing import measured, moves

STEPS = (1e-3, 2e-5)  # Å, and strain
SAME, SLOPE = measured.TOLERANCES["float64"]


def obeys_gradient(potential: Potential, graph: Graph, seed: int = 0, shape: Size | None = None) -> float:
    """F = -∂E/∂r: the forces against finite differences of the energy."""
    potential, graph, rng, shape = _double(potential, graph, seed, shape)
    forces, worst = measured.measure(potential, graph, shape).forces, 0.0
    for direction in _directions(graph, rng, 2):
        energy = lambda t, d=direction: np.sum(measured.measure(potential, _along(graph, d, t), shape).energy)
        error = _error(energy, -np.sum(forces * direction), forces)
        worst = max(worst, measured.must(error, SLOPE, "The forces are not the negative gradient of the energy."))
    return worst


def obeys_strain(potential: Potential, graph: Graph, seed: int = 0, shape: Size | None = None) -> float:
    """σ = (1/V) ∂E/∂ε: symmetric, and equal to finite differences of the energy; systems without a volume pass."""
    potential, graph, rng, shape = _double(potential, graph, seed, shape)
    solid = np.linalg.det(graph.system.cell) != 0
    if not solid.any():
        return 0.0
    found = measured.virial(measured.measure(potential, graph, shape), graph)[solid]
    worst = measured.must(measured.gap(np.swapaxes(found, 1, 2), found), SAME, "The stress is not symmetric.")
    for _ in range(2):
        d = rng.normal(size=(3, 3))
        d = (d + d.T) / np.linalg.norm(d + d.T)
        energy = lambda t, d=d: measured.measure(potential, moves.strained(graph, t * d), shape).energy[solid]
        error = _error(energy, np.sum(found * d, axis=(1, 2)), found)
        sentence = "The stress is not the derivative of the energy with respect to strain, divided by the volume."
        worst = max(worst, measured.must(error, SLOPE, sentence))
    return worst


def obeys_curvature(potential: Potential, graph: Graph, seed: int = 0, shape: Size | None = None) -> float:
    """H = ∂²E/∂r∂r: symmetric, and equal to finite differences of the forces."""
    potential, graph, rng, shape = _double(potential, graph, seed, shape)
    n = size(graph).atoms
    with jax.enable_x64(True):
        padded = measured.labelled(pad(graph, shape), potential)
        full = np.asarray(_hessian(to_device(potential), to_device(padded)))
    found = full[:n, :, :n].reshape(3 * n, 3 * n)
    worst = measured.must(measured.gap(found.T, found), SAME, "The Hessian is not symmetric.")
    for direction in _directions(graph, rng, 1):
        moved = lambda t, d=direction: measured.measure(potential, _along(graph, d, t), shape).forces
        error = _error(lambda t, moved=moved: np.ravel(np.asarray(moved(t))), -found @ direction.ravel(), found)
        worst = max(worst, measured.must(error, SLOPE, "The Hessian is not the second derivative of the energy."))
    return worst


_hessian = eqx.filter_jit(hessian)


def _double(potential: Potential, graph: Graph, seed: int, shape: Size | None):
    """Double precision, and lists that stay complete while atoms move a little."""
    graph, rng, shape, _ = measured.opened(potential, graph, seed, shape)
    longer = moves.rebuilt(potential, moves.structures(graph), beyond=0.1)
    return cast(potential, "float64"), measured.in_precision(longer, np.float64), rng, shape


def _directions(graph: Graph, rng: np.random.Generator, count: int) -> list[np.ndarray]:
    """Random directions in which the fastest atom moves by one unit; in the last one, one atom alone."""
    shape = graph.system.positions.shape
    alone = np.zeros(shape)
    alone[rng.integers(shape[0])] = rng.normal(size=3)
    return [d / np.abs(d).max() for d in (*(rng.normal(size=shape) for _ in range(count)), alone)]


def _along(graph: Graph, direction: np.ndarray, t: float) -> Graph:
    return moves.moved(graph, graph.system.positions + t * direction)


def _error(f: Callable, expected, whole) -> float:
    """The difference of (1) from `expected`, relative to 1 + the largest entry of the whole."""
    slopes = [(8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h) for h in STEPS]  # (1)
    errors = [float(np.max(np.abs(slope - expected))) / (1 + np.max(np.abs(whole))) for slope in slopes]
    return min(error if np.isfinite(error) else np.inf for error in errors)
