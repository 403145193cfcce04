"""Laws of smoothness: no step at the cutoff, no NaN anywhere."""

import numpy as np

from eukrates.matter import Graph, Size, System, neighbours
from eukrates.matter.neighbours import pair_vectors
from eukrates.numerics import cast
from eukrates.potential import Potential
from eukrates.testing import measured, moves

STEP = 1e-6  # Å
JUMP = 1e-8  # allowed step of energy or force, relative
BEND = 1e4  # allowed curvature next to the cutoff, eV/Å² per 1 + the largest force


def obeys_smoothness(potential: Potential, graph: Graph, seed: int = 0, shape: Size | None = None) -> float:
    """Energy and forces are continuous, with bounded slopes, while a pair crosses a cutoff (float64).

    Every structure is scaled until a pair stands at the cutoff; the neighbour list is built anew on both sides, so
    that the pair is listed inside and absent outside. Values are extrapolated to the cutoff from either side.
    """
    potential, worst = cast(potential, "float64"), 0.0
    graph, _, shape, _ = measured.opened(potential, graph, seed, shape)
    for reach in {potential.cutoff, potential.far_cutoff, potential.triple_cutoff} - {None}:
        for structure in moves.structures(measured.in_precision(graph, np.float64)):
            r = _distances(structure, 2 * reach)
            r = r[r > 0]
            if r.size:
                nearest = r[np.argmin(np.abs(np.log(r / reach)))]
                worst = max(worst, _crossing(potential, structure, reach, nearest, shape))
    return worst


def obeys_finiteness(potential: Potential, graph: Graph, seed: int = 0, shape: Size | None = None) -> float:
    """Energy, forces and stress are finite for atoms on one spot, atoms on a line, and atoms very close together."""
    graph, _, shape, _ = measured.opened(potential, graph, seed, shape)
    r, line = graph.system.positions, np.arange(graph.system.atoms, dtype=float)[:, None]
    worlds = {f"atoms on a line along {'xyz'[k]}": moves.moved(graph, line * np.eye(3)[k]) for k in range(3)}
    distinct = np.flatnonzero(graph.near.i != graph.near.j)
    if distinct.size:
        p = distinct[0]
        i, j = graph.near.i[p], graph.near.j[p]
        step = graph.near.image[p] @ graph.system.cell[graph.system.owner[i]]
        for name, distance in (("two atoms on one spot", 0.0), ("two atoms 0.01 Å apart", 0.01)):
            close = r.copy()
            close[j] = r[i] - step + np.array([distance, 0, 0])
            worlds[name] = moves.moved(graph, close)
    for name, world in worlds.items():
        found = measured.measure(potential, world, shape)
        for quantity in ("energy", "forces", "stress"):
            if not np.isfinite(getattr(found, quantity)).all():
                raise AssertionError(f"The {quantity} is not finite with {name}.")
    return 0.0


def _distances(s: System, within: float) -> np.ndarray:
    return np.linalg.norm(pair_vectors(s, neighbours(s, within)), axis=1)


def _crossing(potential: Potential, structure: System, reach: float, distance: float, shape: Size) -> float:
    world = moves.rebuilt(potential, [structure])

    def at(offset: float):
        scaled = moves.strained(world, np.eye(3) * ((reach + offset) / distance - 1))
        found = measured.measure(potential, moves.rebuilt(potential, moves.structures(scaled)), shape)
        return np.asarray(found.energy), np.asarray(found.forces)

    inside, further_in, outside, further_out = (at(n * STEP) for n in (-1, -2, 1, 2))
    worst, scale = 0.0, 1 + np.max(np.abs(inside[1]))
    for k, name in ((0, "energy"), (1, "forces")):
        jump = (2 * outside[k] - further_out[k]) - (2 * inside[k] - further_in[k])
        sentence = f"The {name} jumps when a pair crosses {reach} Å."
        worst = max(worst, measured.must(_relative(jump, scale), JUMP, sentence))
    for near, far in ((inside, further_in), (outside, further_out)):
        bend = (near[1] - far[1]) / STEP
        measured.must(_relative(bend, scale), BEND, f"The forces change without bound where a pair crosses {reach} Å.")
    return worst


def _relative(values: np.ndarray, scale: float) -> float:
    largest = float(np.max(np.abs(values))) / scale
    return largest if np.isfinite(largest) else np.inf
