"""Moves that exchange heat with a bath, and the words they appear in."""

import jax
import jax.numpy as jnp

from eukrates.dynamics.integrators import Feel, Move, Number, Time, drift, feeling, kick, spell
from eukrates.dynamics.phase import Phase
from eukrates.units import FS, KELVIN


def ornstein_uhlenbeck(temperature_kelvin: Number, friction_per_ps: Number) -> Move:
    """O: friction and noise, solved exactly.

    p ← c p + √((1 - c²) m k_B T) ξ,   c = exp(-γ dt),   ξ normal      (1)

    Keeps the Maxwell-Boltzmann distribution for any dt. The kinetic energy it gives or takes is added to `heat`, so
    that potential + kinetic energy - heat is conserved up to the error of the time step.
    """
    thermal, friction = KELVIN * temperature_kelvin, friction_per_ps / (1000 * FS)

    def move(phase: Phase, dt: Time) -> Phase:
        key, now = jax.random.split(phase.key)
        c = jnp.exp(-friction * dt)
        noise = jax.random.normal(now, phase.momenta.shape, phase.momenta.dtype)
        width = jnp.sqrt((1 - c**2) * phase.masses[:, None] * thermal)
        after = phase.but(momenta=c * phase.momenta + width * noise, key=key)  # (1)
        return after.but(heat=phase.heat + after.kinetic_energy - phase.kinetic_energy)

    return move


def baoab(feel: Feel, bath: Move) -> Move:
    """BAOAB Langevin dynamics (Leimkuhler & Matthews 2013, doi:10.1093/amrx/abs010).

    Among splittings of its cost it has the smallest error in averages over configurations; a harmonic oscillator's is
    exact for any stable time step.
    """
    return spell((kick, 0.5), (drift, 0.5), (bath, 1.0), (drift, 0.5), (feeling(feel), 0.0), (kick, 0.5))
