"""The Martyna-Tobias-Klein barostat: a piston with inertia, deterministic and time-reversible."""

from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Float

from eukrates.dynamics.integrators import Alphabet, Move, Number, Time, spell
from eukrates.dynamics.nose_hoover import Chain, at_rest, nose_hoover
from eukrates.dynamics.phase import Phase
from eukrates.units import FS, GPA, KELVIN

SPEED, CHAIN = "piston_speed", "piston_chain"


@dataclass(frozen=True)
class Piston:
    """The moves of a piston with speed v = d ln V / 3dt and mass W, and of what it moves.

    dr/dt = p/m + v r                                                                            (1)
    dp/dt = F - (1 + 3/f) v p                                                                    (2)
    W dv/dt = 3 V (P - P₀) + (3/f) 2K,    3 V P = 2K - tr ∂E/∂ε,    W = (f + 3) k_B T τ²         (3)
    E_piston = W v²/2 + P₀ V                                                                     (4)

    Martyna, Tobias & Klein, J. Chem. Phys. 101, 4177 (1994), doi:10.1063/1.467468, eq. 2.9. What (4) loses is added to
    `heat`.
    """

    temperature_kelvin: Number
    pressure_gpa: Number
    time_fs: Number  # τ
    freedom: Float[Array, " systems"]  # f

    @property
    def _mass(self) -> Float[Array, " systems"]:
        return (self.freedom + 3) * KELVIN * self.temperature_kelvin * (self.time_fs * FS) ** 2

    @property
    def _drag(self) -> Float[Array, " systems"]:
        return 1 + 3 / jnp.maximum(self.freedom, 1.0)

    def _with(self, phase: Phase, speed: Float[Array, " systems"]) -> Phase:
        """With another speed; the energy of its motion is taken from the heat."""
        gained = self._mass * (speed**2 - phase.extra[SPEED] ** 2) / 2
        return phase.but(heat=phase.heat - gained, extra=phase.extra | {SPEED: speed})

    def push(self, phase: Phase, dt: Time) -> Phase:
        """(3)."""
        virial = jnp.trace(phase.virial, axis1=1, axis2=2)
        force = self._drag * 2 * phase.kinetic_energy - virial - 3 * GPA * self.pressure_gpa * phase.volume
        return self._with(phase, phase.extra[SPEED] + jnp.where(phase.volume > 0, dt * force / self._mass, 0.0))

    def drag(self, phase: Phase, dt: Time) -> Phase:
        """The second term of (2)."""
        slow = jnp.exp(-dt * self._drag * phase.extra[SPEED])
        return phase.but(momenta=slow[phase.owner, None] * phase.momenta)

    def grow(self, phase: Phase, dt: Time) -> Phase:
        """The second term of (1), and the cell with it."""
        s = jnp.exp(dt * phase.extra[SPEED])
        after = phase.but(positions=s[phase.owner, None] * phase.positions, cell=s[:, None, None] * phase.cell)
        return after.but(heat=phase.heat - GPA * self.pressure_gpa * (after.volume - phase.volume))

    def cool(self, phase: Phase, dt: Time) -> Phase:
        """The bath of the piston itself, a chain."""
        chain = Chain(self.temperature_kelvin, self.time_fs, jnp.ones_like(self.freedom), CHAIN)
        after, scale = chain.swing(phase, self._mass * phase.extra[SPEED] ** 2 / 2, dt)
        return self._with(after, scale * phase.extra[SPEED])


def mtk(letters: Alphabet, piston: Piston, bath_fs: Number) -> Move:
    """A reversible word of second order: chains, piston, B under drag, A under growth, and back.

    In Tuckerman, Alejandre, López-Rendón, Jochim & Martyna, J. Phys. A 39, 5629 (2006),
    doi:10.1088/0305-4470/39/19/S18, kick and drag, drift and growth are one move each, by sinh(x)/x; here they are
    moves of their own, so that kick and drift remain those of the alphabet. The two differ by third order in dt.
    """
    bath = nose_hoover(piston.temperature_kelvin, bath_fs, piston.freedom)
    chains = spell((piston.cool, 1.0), (bath, 1.0))  # one after the other or both at once: they share no variable
    kick = spell((piston.drag, 0.25), (letters.kick, 0.5), (piston.drag, 0.25))
    drift = spell((piston.grow, 0.5), (letters.drift, 1.0), (piston.grow, 0.5))
    matter = spell((kick, 1.0), (drift, 1.0), (letters.feel, 0.0), (kick, 1.0))
    return spell((chains, 0.5), (piston.push, 0.5), (matter, 1.0), (piston.push, 0.5), (chains, 0.5))


def piston_at_rest(systems: int) -> dict[str, Array]:
    """The piston, its chain and that of the atoms at the start."""
    return at_rest(systems) | at_rest(systems, CHAIN) | {SPEED: jnp.zeros(systems)}
