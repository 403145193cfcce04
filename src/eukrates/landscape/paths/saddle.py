"""From near a saddle point to it, along the eigenvector that leads up.

In the space that rigid motions leave, with eigenvalues b and eigenvectors v of the Hessian and g = v·∇E, the step is

    uphill along one mode      h = -g / (b - λ),   λ = b/2 + √(b²/4 + g²)                                        (1)
    downhill along all others  h = -g / (b - μ),   μ = Σ g² / (μ - b), the lowest root                           (2)

shortened as a whole to a radius. Partitioned rational function optimisation: Banerjee, Adams, Simons & Shepard, J.
Phys. Chem. 89, 52 (1985), doi:10.1021/j100247a015. The mode is the one most like the tangent of a band, then like the
mode of the step before (Cerjan & Miller, J. Chem. Phys. 75, 2800 (1981), doi:10.1063/1.442352). Hessians are exact.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from eukrates.landscape.expansion import Expansion, NotFinite, expansion
from eukrates.landscape.paths.band import Band
from eukrates.landscape.vibrations import STATIONARY, Vibrations, vibrations
from eukrates.matter import System
from eukrates.matter.rigid_motions import rigid_and_internal
from eukrates.potential import Potential

RADIUS, SHORTEST = 0.2, 1e-3  # Å, of the first step, and of the last hope
WORSE = 2.0  # times the force, beyond which a step must have been foreseen, else it is not taken
FORESEEN = 0.5  # times the force foreseen: by how much this may have been wrong
SHORTER, LONGER = 0.3, 1.5  # what becomes of the radius


@dataclass(frozen=True, eq=False)
class Saddle:
    """Where the search for a saddle point ended."""

    structure: System
    energy: float  # eV
    force: float  # eV/Å, the largest on an atom
    steps: int  # Hessians
    converged: bool
    vibrations: Vibrations | None  # None where it did not converge

    @property
    def true(self) -> bool:
        """Whether it is stationary, and one mode leads down."""
        return self.vibrations is not None and self.vibrations.imaginary == 1


def climbing_direction(band: Band, top: int | None = None) -> Float[np.ndarray, "atoms 3"]:
    """Of a band at an image, the highest where none is named: from the image before to the one after."""
    top = min(max(band.top if top is None else top, 1), len(band.structures) - 2)
    return np.asarray(band.structures[top + 1].positions) - np.asarray(band.structures[top - 1].positions)


def refine_saddle(
    potential: Potential,
    start: System,
    along: Float[np.ndarray, "atoms 3"],
    force: float = STATIONARY / 2,
    steps: int = 50,
) -> Saddle:
    """(1) and (2) until no force is left; an exact Hessian in every step.

    Args:
        potential: with second derivatives.
        start: near a saddle point, such as the highest image of a band.
        along: the direction that leads up.
        force: eV/Å, the largest on an atom at the end; no more than `vibrations` takes for stationary.
        steps: Hessians, at most.

    Raises:
        ValueError: a potential without second derivatives, or such a force.
        NotFinite: forces or Hessian are not finite at the start.
    """
    if not 0 < force <= STATIONARY:
        raise ValueError(f"Expected a force above 0 and at most {STATIONARY} eV/Å, got {force}.")
    here, direction, radius = start, np.asarray(along, np.float64).ravel(), RADIUS
    told, count = expansion(potential, here), 1
    while (left := _largest(told.forces)) > force and count < steps and radius >= SHORTEST:
        step, mode = _step(here, told.forces.ravel(), told.hessian, direction, radius)
        there = replace(here, positions=np.asarray(here.positions, np.float64) + step)
        after, count = _tried(potential, there), count + 1
        expected = told.forces - np.tensordot(told.hessian, step)
        if after is None or _astray(told.forces, expected, after.forces):
            radius = SHORTER * _largest(step)
        else:
            here, told, direction, radius = there, after, mode, min(RADIUS, LONGER * radius)
    rests = left <= force
    return Saddle(here, told.energy, left, count, rests, vibrations(potential, here) if rests else None)


def _tried(potential: Potential, there: System) -> Expansion | None:
    """None where the surface ends."""
    try:
        return expansion(potential, there)
    except NotFinite:
        return None


def _astray(before: np.ndarray, expected: np.ndarray, after: np.ndarray) -> bool:
    """Whether forces grew other than foreseen: off a stationary point with two modes that lead down they must grow."""
    grew = _largest(after) > WORSE * _largest(before)
    return grew and _largest(after - expected) > FORESEEN * _largest(expected)


def _largest(rows: Float[np.ndarray, "atoms 3"]) -> float:
    return float(np.linalg.norm(rows, axis=1).max())


def _step(
    here: System, forces: np.ndarray, hessian: np.ndarray, direction: np.ndarray, radius: float
) -> tuple[np.ndarray, np.ndarray]:
    """Displacement [atoms, 3], and the mode that leads up."""
    weights = np.ones(here.atoms)
    _, internal = rigid_and_internal(here.positions, weights, here.cell[0], np.zeros(here.atoms, bool))
    b, inside = np.linalg.eigh(internal.T @ hessian.reshape(3 * here.atoms, -1) @ internal)
    modes = internal @ inside  # columns
    g = -modes.T @ forces
    up = int(np.argmax(np.abs(modes.T @ direction)))
    down = np.arange(b.size) != up
    h = np.zeros(b.size)
    rise = np.sqrt(b[up] ** 2 / 4 + g[up] ** 2) - b[up] / 2  # λ - b
    h[up] = g[up] / rise if rise > 0 else 0.0  # (1)
    bordered = np.block([[np.diag(b[down]), g[down, None]], [g[None, down], np.zeros((1, 1))]])
    above = b[down] - np.linalg.eigvalsh(bordered)[0]
    h[down] = np.where(above > 0, -g[down] / np.where(above > 0, above, 1.0), 0.0)  # (2)
    step = (modes @ h).reshape(-1, 3)
    longest = np.linalg.norm(step, axis=1).max()
    return step * min(1.0, radius / longest) if longest else step, modes[:, up]
