"""Lattices with open axes: their reciprocal vectors, and how far apart their planes are."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from eukrates.shapes import AnyArray


def completed(cell: Float[AnyArray, "systems 3 3"]) -> Float[AnyArray, "systems 3 3"]:
    """Lattices without zero rows: open axes get unit vectors perpendicular to all the others."""
    xp = np if isinstance(cell, np.ndarray) else jnp
    if xp is np and np.all(np.any(cell != 0, axis=2)):
        return cell
    rows = [cell[:, a] for a in range(3)]
    for a in range(3):
        u, v = rows[(a + 1) % 3], rows[(a + 2) % 3]
        has_u, has_v, filled = (xp.any(row != 0, axis=1, keepdims=True) for row in (u, v, rows[a]))
        one = xp.where(has_u, u, v)
        least = xp.eye(3)[xp.argmin(xp.abs(one), axis=1)]  # the axis that it is farthest from
        across = xp.where(has_u & has_v, xp.cross(u, v), xp.cross(one, least))
        across = xp.where(has_u | has_v, across, xp.eye(3)[a])
        length = xp.sqrt(xp.sum(across**2, axis=1, keepdims=True))
        rows[a] = xp.where(filled, rows[a], across / xp.where(length > 0, length, 1.0))
    return xp.stack(rows, axis=1)


def reciprocal(lattice: Float[AnyArray, "systems 3 3"]) -> Float[AnyArray, "systems 3 3"]:
    """Rows b with a_m · b_n = δ_mn, for the rows a of lattices that have a volume; else not finite."""
    xp = np if isinstance(lattice, np.ndarray) else jnp
    a, b, c = lattice[:, 0], lattice[:, 1], lattice[:, 2]
    across = xp.stack([xp.cross(b, c), xp.cross(c, a), xp.cross(a, b)], axis=1)
    return across / xp.sum(a * across[:, 0], axis=1)[:, None, None]


def heights(dual: Float[AnyArray, "systems 3 3"]) -> Float[AnyArray, "systems 3"]:
    """The distances between lattice planes, Å, from reciprocal vectors."""
    xp = np if isinstance(dual, np.ndarray) else jnp
    return 1 / xp.sqrt(xp.sum(dual**2, axis=2))
