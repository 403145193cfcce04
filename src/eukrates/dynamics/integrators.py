"""Integrators are words, spelled from small moves: each takes a phase and a time and returns the phase after it.

    A   r ← r + dt p/m            drift
    B   p ← p + dt F              kick
    O   friction and noise        (thermostats)
        F ← F(r)                  feel, whenever r has changed and F is read next

The first two and the last are an `Alphabet`: constraints write their own.

All exact by themselves; symmetric words are second order in dt (Trotter splitting; Leimkuhler & Matthews, Molecular
Dynamics (Springer 2015), ch. 2 and 7).
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Float

from eukrates.dynamics.phase import Phase
from eukrates.shapes import AnyArray

Number = Float[AnyArray, "*systems"] | float | int  # one for all systems, or one for each
Time = Float[AnyArray, ""] | float | int  # in internal units
Move = Callable[[Phase, Time], Phase]


def drift(phase: Phase, dt: Time) -> Phase:
    """A: free flight."""
    return phase.but(positions=phase.positions + dt * phase.velocities)


def kick(phase: Phase, dt: Time) -> Phase:
    """B: the force acts."""
    return phase.but(momenta=phase.momenta + dt * phase.forces)


def spell(*letters: tuple[Move, float]) -> Move:
    """One step of dynamics from (move, fraction of the time step) pairs, done from left to right."""

    def step(phase: Phase, dt: Time) -> Phase:
        return functools.reduce(lambda now, letter: letter[0](now, letter[1] * dt), letters, phase)

    return step


def stay(phase: Phase, dt: Time) -> Phase:
    """Nothing happens."""
    return phase


@dataclass(frozen=True)
class Alphabet:
    """The letters that depend on the potential and on what holds the atoms."""

    feel: Move  # puts energy and forces of the positions into the phase; takes no time
    drift: Move = drift
    kick: Move = kick
    project: Move = stay  # momenta as they may be, after noise; takes no time


def velocity_verlet(letters: Alphabet) -> Move:
    """BAB: symplectic, time-reversible, second order (Swope et al. 1982, doi:10.1063/1.442716)."""
    return spell((letters.kick, 0.5), (letters.drift, 1.0), (letters.feel, 0.0), (letters.kick, 0.5))


def by_atom(value: Number, phase: Phase) -> Float[Array, "atoms 1"]:
    """A number of each system, or one for all, as a column over atoms."""
    return jnp.broadcast_to(jnp.asarray(value), phase.energy.shape)[phase.owner, None]
