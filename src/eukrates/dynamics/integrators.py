"""Integrators are words, spelled from small moves: each takes a phase and a time and returns the phase after it.

    A   r ← r + dt p/m            drift
    B   p ← p + dt F              kick
    O   friction and noise        (thermostats)
        F ← F(r)                  feel, whenever r has changed and F is read next

All exact by themselves; symmetric words are second order in dt (Trotter splitting; Leimkuhler & Matthews, Molecular
Dynamics (Springer 2015), ch. 2 and 7).
"""

import functools
from collections.abc import Callable

from jaxtyping import Float

from eukrates.dynamics.phase import Phase
from eukrates.shapes import AnyArray

Number = Float[AnyArray, ""] | float | int
Time = Number  # in internal units
Move = Callable[[Phase, Time], Phase]
Feel = Callable[[Phase], Phase]  # puts energy and forces of the positions into the phase


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


def feeling(feel: Feel) -> Move:
    """`feel` as a letter: it takes no time."""
    return lambda phase, dt: feel(phase)


def velocity_verlet(feel: Feel) -> Move:
    """BAB: symplectic, time-reversible, second order (Swope et al. 1982, doi:10.1063/1.442716)."""
    return spell((kick, 0.5), (drift, 1.0), (feeling(feel), 0.0), (kick, 0.5))
