"""Momenta to begin with, and the number of degrees of freedom that share the heat. On the host."""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from eukrates.dynamics.constraints import Constraints
from eukrates.dynamics.stillness import without_whole
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
    r = structure.positions - structure.positions.mean(axis=0)
    inertia = np.sum(r * r) * np.eye(3) - r.T @ r
    return count - 3 - int(np.linalg.matrix_rank(inertia, tol=FLAT * max(np.trace(inertia), 1e-300), hermitian=True))


def without_drift(
    structure: System, masses: Float[np.ndarray, " atoms"], momenta: Float[np.ndarray, "atoms 3"]
) -> Float[np.ndarray, "atoms 3"]:
    """Momenta of one structure without motion of the centre of mass and, in an open one, without rotation."""
    with jax.enable_x64(True):
        place, owner = jnp.asarray(structure.positions, jnp.float64), jnp.zeros(masses.size, jnp.int32)
        m, cell, p = jnp.asarray(masses), jnp.asarray(structure.cell, jnp.float64), jnp.asarray(momenta)
        for _ in range(2):  # the first time leaves 10⁻⁹ of a rotation
            p = without_whole(place, p, m, owner, cell, math.inf)
        return np.asarray(p)
