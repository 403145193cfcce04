"""Moves that rescale all momenta of a system, or its cell, at random: a bath and a piston that act on it as a whole."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from eukrates.dynamics.chance import chi_squared, normal, split
from eukrates.dynamics.integrators import Move, Number, Time
from eukrates.dynamics.phase import Phase
from eukrates.units import FS, GPA, KELVIN

STRETCH, BEFORE = "piston_stretch", "piston_virial_before"  # ln of the last stretch, and ∂E/∂ε before it


def velocity_rescaling(temperature_kelvin: Number, time_fs: Number, freedom: Float[Array, " systems"]) -> Move:
    """All momenta of a system times α, so that its kinetic energy K follows the canonical distribution.

    α² = c + (1 - c) k (R₁² + Σ_{i=2}^{f} R_i²) + 2 R₁ √(c (1 - c) k),   c = exp(-dt/τ),  k = k_B T / 2K      (1)

    R_i normal, f degrees of freedom; α has the sign of R₁ + √(c / ((1 - c) k)). Bussi, Donadio & Parrinello, J. Chem.
    Phys. 126, 014101 (2007), doi:10.1063/1.2408420, eq. A7. The kinetic energy given or taken is added to `heat`.
    """
    thermal = KELVIN * temperature_kelvin

    def move(phase: Phase, dt: Time) -> Phase:
        keys, one, rest = split(phase.keys, 3)
        c, kinetic = jnp.exp(-dt / (time_fs * FS)), phase.kinetic_energy
        moving = (kinetic > 0) & (freedom > 0)
        k = thermal / (2 * jnp.where(moving, kinetic, 1.0))
        first, others = normal(one), chi_squared(rest, freedom - 1)
        squared = c + (1 - c) * k * (first**2 + others) + 2 * first * jnp.sqrt(c * (1 - c) * k)  # (1)
        sign = jnp.where(first + jnp.sqrt(c / jnp.maximum((1 - c) * k, 1e-300)) < 0, -1.0, 1.0)
        alpha = jnp.where(moving, sign * jnp.sqrt(jnp.maximum(squared, 0.0)), 1.0)
        after = phase.but(momenta=alpha[phase.owner, None] * phase.momenta, keys=keys)
        return after.but(heat=phase.heat + after.kinetic_energy - kinetic)

    return move


def cell_rescaling(
    temperature_kelvin: Number, pressure_gpa: Number, time_fs: Number, compressibility_per_gpa: Number
) -> Move:
    """Cell and positions of a system times s, momenta by s: its volume V = λ² follows the isothermal-isobaric law.

    dλ = -(β λ / 2τ) (P₀ - P - k_B T / 2V) dt + √(k_B T β / 2τ) dW,   s = (λ_after / λ_before)^(2/3)      (1)
    P  = (2K - tr ∂E/∂ε) / 3V                                                                            (2)

    Bernetti & Bussi, J. Chem. Phys. 153, 114107 (2020), doi:10.1063/5.0020514: the first-order (Euler) form. β is about
    the compressibility; it sets how fast the volume moves and not where it ends. The kinetic energy given or taken and
    the work on the potential, tr ∂E/∂ε ln s with the virial of before, are added to `heat`; `settle` knows better once
    the virial of after is known.
    """
    thermal, pressure, beta = KELVIN * temperature_kelvin, GPA * pressure_gpa, compressibility_per_gpa / GPA

    def move(phase: Phase, dt: Time) -> Phase:
        keys, now = split(phase.keys, 2)
        volume = phase.volume
        boxed = volume > 0
        v = jnp.where(boxed, volume, 1.0)
        rate, lam = beta * dt / (2 * time_fs * FS), jnp.sqrt(v)
        inside = phase.pressure  # (2)
        new = lam - rate * lam * (pressure - inside - thermal / (2 * v)) + jnp.sqrt(thermal * rate) * normal(now)
        s = jnp.where(boxed, (jnp.maximum(new, 0.0) / lam) ** (2 / 3), 1.0)  # (1)
        each = s[phase.owner, None]
        scaled = phase.but(
            positions=each * phase.positions,
            momenta=phase.momenta / each,
            cell=s[:, None, None] * phase.cell,
            keys=keys,
        )
        stretch = jnp.log(jnp.where(s > 0, s, 1.0))[:, None, None] * jnp.eye(3)
        return worked(scaled, phase, stretch, phase.virial)

    return move


def worked(
    after: Phase, before: Phase, stretch: Float[Array, "systems 3 3"], virial: Float[Array, "systems 3 3"]
) -> Phase:
    """`after` a stretch of cell and positions by exp(`stretch`), with its heat: the kinetic energy given or taken and
    the work on the potential to first order, by the `virial` of before."""
    work = jnp.sum(virial * stretch, axis=(1, 2))
    heat = before.heat + work + after.kinetic_energy - before.kinetic_energy
    return after.but(heat=heat, extra=before.extra | {STRETCH: stretch, BEFORE: virial})


def settle(phase: Phase, dt: Time) -> Phase:
    """After forces were felt: the work of the piston by the mean of the virials before and after it."""
    correction = jnp.sum((phase.virial - phase.extra[BEFORE]) * phase.extra[STRETCH], axis=(1, 2)) / 2
    return phase.but(heat=phase.heat + correction)


def at_ease(systems: int) -> dict[str, Array]:
    """What `settle` reads, before the first step."""
    return {STRETCH: jnp.zeros((systems, 3, 3)), BEFORE: jnp.zeros((systems, 3, 3))}
