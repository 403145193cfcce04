"""Moves that exchange heat with a bath, and the words they appear in."""

import jax.numpy as jnp

from eukrates.dynamics.chance import normal_by_atom, split
from eukrates.dynamics.integrators import Alphabet, Move, Number, Time, by_atom, spell, stay
from eukrates.dynamics.phase import Phase
from eukrates.units import FS, KELVIN


def ornstein_uhlenbeck(temperature_kelvin: Number, friction_per_ps: Number, project: Move = stay) -> Move:
    """O: friction and noise, solved exactly.

    p ← c p + √((1 - c²) m k_B T) ξ,   c = exp(-γ dt),   ξ normal      (1)

    Keeps the Maxwell-Boltzmann distribution for any dt, also that of momenta which constraints allow: `project` takes
    momenta to them. The kinetic energy it gives or takes is added to `heat`, so that potential + kinetic energy - heat
    is conserved up to the error of the time step.
    """
    thermal, friction = KELVIN * temperature_kelvin, friction_per_ps / (1000 * FS)

    def move(phase: Phase, dt: Time) -> Phase:
        keys, now = split(phase.keys, 2)
        c = by_atom(jnp.exp(-friction * dt), phase)
        width = jnp.sqrt((1 - c**2) * phase.masses[:, None] * by_atom(thermal, phase))
        momenta = c * phase.momenta + width * normal_by_atom(now, phase.owner)  # (1)
        after = project(phase.but(momenta=momenta, keys=keys), 0.0)
        return after.but(heat=phase.heat + after.kinetic_energy - phase.kinetic_energy)

    return move


def baoab(letters: Alphabet, bath: Move) -> Move:
    """BAOAB Langevin dynamics (Leimkuhler & Matthews 2013, doi:10.1093/amrx/abs010).

    Among splittings of its cost it has the smallest error in averages over configurations; a harmonic oscillator's is
    exact for any stable time step.
    """
    kick, drift = letters.kick, letters.drift
    return spell((kick, 0.5), (drift, 0.5), (bath, 1.0), (drift, 0.5), (letters.feel, 0.0), (kick, 0.5))


def between(bath: Move, word: Move) -> Move:
    """Half the bath, the word, half the bath."""
    return spell((bath, 0.5), (word, 1.0), (bath, 0.5))
