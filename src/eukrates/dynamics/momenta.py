"""Momenta to begin with, and the number of degrees of freedom that share the heat. On the host."""

import jax
import numpy as np
from jaxtyping import Array, Float, Key

from eukrates.dynamics.constraints import Constraints
from eukrates.matter import System
from eukrates.units import KELVIN

FLAT = 1e-6  # relative size of a moment of inertia that counts as none


def maxwell_boltzmann(
    masses: Float[np.ndarray, " atoms"], temperature_kelvin: float | int, key: Key[Array, ""]
) -> Float[np.ndarray, "atoms 3"]:
    """Momenta in √(u eV) with variance m k_B T in every component, not rescaled: the energy fluctuates as it should."""
    with jax.enable_x64(True):
        normal = np.asarray(jax.random.normal(key, (masses.size, 3), np.float64))
    return normal * np.sqrt(masses * KELVIN * temperature_kelvin)[:, None]


def degrees_of_freedom(structure: System, free: bool, constraints: Constraints | None = None) -> int:
    """How many squares share the kinetic energy of one structure.

    3N, less 3 for each fixed atom and 1 for each rigid bond; without a bath (`free`), if no atom is fixed, less 3 for
    the centre of mass and, in an open structure, 3 for its rotation (2 if all atoms are on a line, 0 for a single one).
    """
    count = 3 * structure.atoms
    if constraints is not None:
        count -= 3 * int(np.sum(constraints.fixed)) + int(np.sum(constraints.real))
        free = free and not np.any(constraints.fixed)
    if not free:
        return count
    if np.any(structure.cell):
        return count - 3
    centred = structure.positions - structure.positions.mean(axis=0)
    inertia = _inertia(centred, np.ones(structure.atoms))
    return count - 3 - int(np.linalg.matrix_rank(inertia, tol=FLAT * max(np.trace(inertia), 1e-300), hermitian=True))


def without_drift(
    structure: System, masses: Float[np.ndarray, " atoms"], momenta: Float[np.ndarray, "atoms 3"]
) -> Float[np.ndarray, "atoms 3"]:
    """Momenta without motion of the centre of mass and, in an open structure, without rotation.

    p_i ← p_i - m_i (v + ω × (r_i - R)),   v = Σ p / Σ m,   I ω = L      (1)
    """
    p = momenta - masses[:, None] * momenta.sum(axis=0) / masses.sum()
    if np.any(structure.cell):
        return p
    r = structure.positions - np.average(structure.positions, axis=0, weights=masses)
    angular = np.cross(r, p).sum(axis=0)
    omega = np.linalg.pinv(_inertia(r, masses), rcond=FLAT, hermitian=True) @ angular
    return p - masses[:, None] * np.cross(omega, r)  # (1)


def _inertia(r: np.ndarray, masses: np.ndarray) -> np.ndarray:
    return np.einsum("n,nab->ab", masses, np.sum(r * r, axis=1)[:, None, None] * np.eye(3) - r[:, :, None] * r[:, None])
