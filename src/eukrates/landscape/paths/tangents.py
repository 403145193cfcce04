"""What pulls at the images of a band: nudged forces with improved tangents, and a climbing image.

With E the energies and R the positions of the images, τ the unit tangent at image i:

    τ ∝ R_{i+1} - R_i   if E_{i+1} > E_i > E_{i-1},      τ ∝ R_i - R_{i-1}   if E_{i+1} < E_i < E_{i-1}          (1)
    τ ∝ (R_{i+1} - R_i) ΔE^max + (R_i - R_{i-1}) ΔE^min   if E_{i+1} > E_{i-1}, else ΔE^min and ΔE^max           (2)
    ΔE^max, ΔE^min = the larger and the smaller of |E_{i+1} - E_i| and |E_{i-1} - E_i|                           (3)
    F_i = F - (F·τ) τ + k (|R_{i+1} - R_i| - |R_i - R_{i-1}|) τ                                                  (4)
    F_c = F - 2 (F·τ) τ   at the climbing image                                                                  (5)

Henkelman & Jónsson, J. Chem. Phys. 113, 9978 (2000), doi:10.1063/1.1323224, eqs. 8 to 12; the climbing image:
Henkelman, Uberuaga & Jónsson, J. Chem. Phys. 113, 9901 (2000), doi:10.1063/1.1329672.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from eukrates.shapes import AnyArray


class Nudged(NamedTuple):
    """Of the images between the ends."""

    forces: Float[Array, "inner variables"]  # (4), (5)
    tangents: Float[Array, "inner variables"]


def nudged(
    positions: Float[AnyArray, "images variables"],
    energies: Float[AnyArray, " images"],
    forces: Float[AnyArray, "inner variables"],
    spring: Float[AnyArray, ""] | float,
    climbs: Bool[AnyArray, ""] | bool,
) -> Nudged:
    """(4), and (5) at the highest image if it `climbs`.

    Args:
        positions: Å, of all images, the ends included, each as a vector.
        energies: eV, of all.
        forces: eV/Å, of the potential, on the images between the ends.
        spring: k, eV/Å².
        climbs: whether the highest image does.
    """
    ahead, behind = positions[2:] - positions[1:-1], positions[1:-1] - positions[:-2]
    rise, drop = energies[2:] - energies[1:-1], energies[:-2] - energies[1:-1]
    most, least = (f(jnp.abs(rise), jnp.abs(drop)) for f in (jnp.maximum, jnp.minimum))  # (3)
    up = energies[2:] > energies[:-2]
    uphill, downhill = (rise > 0) & (drop < 0), (rise < 0) & (drop > 0)
    first = jnp.where(uphill, 1.0, jnp.where(downhill, 0.0, jnp.where(up, most, least)))  # (1), (2)
    second = jnp.where(uphill, 0.0, jnp.where(downhill, 1.0, jnp.where(up, least, most)))
    flat = (first + second) == 0  # three equal energies
    first, second = jnp.where(flat, 1.0, first), jnp.where(flat, 1.0, second)
    tangents = first[:, None] * ahead + second[:, None] * behind
    tangents = tangents / jnp.maximum(jnp.linalg.norm(tangents, axis=1, keepdims=True), 1e-12)
    along = jnp.sum(forces * tangents, axis=1)
    stretch = jnp.linalg.norm(ahead, axis=1) - jnp.linalg.norm(behind, axis=1)
    pull = spring * stretch - along  # (4)
    inner = energies[1:-1]
    top = (jnp.arange(inner.size) == jnp.argmax(inner)) & climbs & (inner > jnp.maximum(energies[0], energies[-1]))
    pull = jnp.where(top, -2 * along, pull)  # (5)
    return Nudged(forces + pull[:, None] * tangents, tangents)
