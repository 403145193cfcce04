"""Nosé-Hoover chains: a bath of a few extra variables, deterministic and time-reversible."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from eukrates.dynamics.integrators import Move, Number, Time
from eukrates.dynamics.phase import Phase
from eukrates.units import FS, KELVIN

LINKS = 3
ROUNDS = 2
WEIGHTS = (1 / (2 - 2 ** (1 / 3)), 1 - 2 / (2 - 2 ** (1 / 3)), 1 / (2 - 2 ** (1 / 3)))  # Suzuki & Yoshida, 4th order
PLACES, SPEEDS = "chain_places", "chain_speeds"


def chain(systems: int) -> dict[str, Array]:
    """The chain of every system at rest: ξ and its rate, [systems, links]."""
    return {PLACES: jnp.zeros((systems, LINKS)), SPEEDS: jnp.zeros((systems, LINKS))}


def nose_hoover(temperature_kelvin: Number, time_fs: Number, freedom: Float[Array, " systems"]) -> Move:
    """Momenta under the friction v₁ of a chain of bath variables, each under that of the next.

    dp/dt = -v₁ p,   Q_k dv_k/dt = G_k - Q_k v_k v_{k+1},   dξ_k/dt = v_k                                  (1)
    G₁ = 2K - f k_B T,  G_k = Q_{k-1} v²_{k-1} - k_B T,   Q₁ = f k_B T τ²,  Q_k = k_B T τ²                 (2)
    E_bath = Σ Q_k v_k²/2 + f k_B T ξ₁ + k_B T Σ_{k>1} ξ_k                                                  (3)

    by the splitting of Martyna, Tuckerman, Tobias & Klein, Mol. Phys. 87, 1117 (1996), doi:10.1080/00268979600100761.
    `heat` is what (3) has lost.
    """
    column = lambda number: jnp.reshape(jnp.asarray(number), (-1, 1))
    thermal, tau = column(KELVIN * temperature_kelvin), column(time_fs * FS)
    counts = jnp.stack([jnp.maximum(freedom, 1.0)] + [jnp.ones_like(freedom)] * (LINKS - 1), axis=1)
    masses = counts * thermal * tau**2

    def energy(places, speeds):
        return jnp.sum(masses * speeds**2 / 2 + thermal * counts * places, axis=1)  # (3)

    def pull(k, kinetic, speeds):
        if k == 0:
            return (2 * kinetic - freedom * thermal[:, 0]) / masses[:, 0]
        return (masses[:, k - 1] * speeds[k - 1] ** 2 - thermal[:, 0]) / masses[:, k]  # (2)

    def move(phase: Phase, dt: Time) -> Phase:
        kinetic, scale = phase.kinetic_energy, jnp.ones_like(phase.energy)
        places, before = phase.extra[PLACES], phase.extra[SPEEDS]
        speeds = [before[:, k] for k in range(LINKS)]
        for _ in range(ROUNDS):
            for weight in WEIGHTS:
                h = weight * dt / ROUNDS
                _swing(speeds, range(LINKS - 1, -1, -1), pull, kinetic, h)
                slow = jnp.exp(-h * speeds[0])
                scale, kinetic = scale * slow, kinetic * slow**2
                places = places + h * jnp.stack(speeds, axis=1)
                _swing(speeds, range(LINKS), pull, kinetic, h)
        after = jnp.stack(speeds, axis=1)
        lost = energy(phase.extra[PLACES], before) - energy(places, after)
        return phase.but(
            momenta=scale[phase.owner, None] * phase.momenta,
            heat=phase.heat + lost,
            extra=phase.extra | {PLACES: places, SPEEDS: after},
        )

    return move


def _swing(speeds, order, pull, kinetic, h) -> None:
    """Half a step of the speeds of all links, one after the other."""
    for k in order:
        friction = jnp.exp(-h / 4 * speeds[k + 1]) if k + 1 < LINKS else 1.0
        speeds[k] = (speeds[k] * friction + h / 2 * pull(k, kinetic, speeds)) * friction
