"""The motion of the whole, taken off while a run goes on."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from eukrates.dynamics.integrators import Time
from eukrates.dynamics.phase import Phase
from eukrates.numerics import sum_by
from eukrates.shapes import AnyArray

TINY = 1e-9  # of the trace, added to an inertia so that that of atoms on a line can be inverted
ROUNDING = 1e-12  # of the kinetic energy; what is beyond it has another cause and stays


def without_whole(
    positions: Float[AnyArray, "atoms 3"],
    momenta: Float[AnyArray, "atoms 3"],
    masses: Float[AnyArray, " atoms"],
    owner: Int[AnyArray, " atoms"],
    cell: Float[AnyArray, "systems 3 3"],
    below: Float[AnyArray, " systems"] | float,
) -> Float[Array, "atoms 3"]:
    """Momenta without motion of the centre of mass and, in open systems, without rotation.

    p_i ← p_i - m_i (v + ω × (r_i - R)),   v = Σ p / Σ m,   ω = (I + 10⁻⁹ tr I)⁻¹ L      (1)

    Each of the two where its energy is `below` so many eV.
    """
    systems, m = cell.shape[0], masses[:, None]
    summed = lambda rows: sum_by(rows, owner, systems)
    little = lambda energy: (energy < below)[:, None]
    total, mass = summed(momenta), summed(m)
    v = total / jnp.where(mass > 0, mass, 1.0)
    v = jnp.where(little(jnp.sum(v * total, axis=1) / 2), v, 0.0)
    p = momenta - m * v[owner]
    r = positions - (summed(m * positions) / jnp.where(mass > 0, mass, 1.0))[owner]
    inertia = summed(
        m[..., None] * (jnp.sum(r * r, axis=1)[:, None, None] * jnp.eye(3) - r[:, :, None] * r[:, None, :])
    )
    angular = summed(jnp.cross(r, p))
    omega = jnp.where(jnp.any(cell, axis=(1, 2))[:, None], 0.0, _solved(inertia, angular))
    omega = jnp.where(little(jnp.sum(omega * angular, axis=1) / 2), omega, 0.0)
    return p - m * jnp.cross(omega[owner], r)  # (1)


def still(phase: Phase, dt: Time) -> Phase:
    """The rounding of what is zero, motion and rotation of the whole, taken off. Takes no time.

    Forces without a sum and a torque leave both at zero, up to rounding. But random factors of all momenta are factors
    of this rounding too, and the logarithm of their product walks away: after nanoseconds the rounding would be the
    motion ("flying ice cube"). So it is taken off in every step. Where the whole moves by more, by a field or because
    atoms are fixed, it is not touched.
    """
    below = ROUNDING * phase.kinetic_energy
    momenta = without_whole(phase.positions, phase.momenta, phase.masses, phase.owner, phase.cell, below)
    return phase.but(momenta=momenta)


def _solved(
    inertia: Float[AnyArray, "systems 3 3"], angular: Float[AnyArray, "systems 3"]
) -> Float[Array, "systems 3"]:
    """ω of (1), by cross products; 0 for a single atom."""
    trace = jnp.trace(inertia, axis1=1, axis2=2)[:, None, None]
    a, b, c = jnp.moveaxis(inertia + TINY * trace * jnp.eye(3), 1, 0)
    adjugate = jnp.stack([jnp.cross(b, c), jnp.cross(c, a), jnp.cross(a, b)], axis=2)
    determinant = jnp.sum(a * jnp.cross(b, c), axis=1)[:, None]
    found = jnp.einsum("sab,sb->sa", adjugate, angular)
    return jnp.where(determinant > 0, found / jnp.where(determinant > 0, determinant, 1.0), 0.0)
