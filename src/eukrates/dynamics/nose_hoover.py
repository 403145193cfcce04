"""Nosé-Hoover chains: a bath of a few extra variables, deterministic and time-reversible."""

from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Float

from eukrates.dynamics.integrators import Move, Number, Time
from eukrates.dynamics.phase import Phase
from eukrates.units import FS, KELVIN

LINKS = 3
WEIGHTS = (1 / (2 - 2 ** (1 / 3)), 1 - 2 / (2 - 2 ** (1 / 3)), 1 / (2 - 2 ** (1 / 3)))  # Suzuki & Yoshida, 4th order


@dataclass(frozen=True)
class Chain:
    """A bath for so many degrees of freedom of a kinetic energy K: momenta under the friction v₁ of a chain of
    variables, each under that of the next.

    dp/dt = -v₁ p,   Q_k dv_k/dt = G_k - Q_k v_k v_{k+1},   dξ_k/dt = v_k                                  (1)
    G₁ = 2K - f k_B T,  G_k = Q_{k-1} v²_{k-1} - k_B T,   Q₁ = f k_B T τ²,  Q_k = k_B T τ²                 (2)
    E_bath = Σ Q_k v_k²/2 + f k_B T ξ₁ + k_B T Σ_{k>1} ξ_k                                                  (3)

    by the splitting of Martyna, Tuckerman, Tobias & Klein, Mol. Phys. 87, 1117 (1996), doi:10.1080/00268979600100761.
    """

    temperature_kelvin: Number
    time_fs: Number  # τ
    freedom: Float[Array, " systems"]  # f
    name: str = "chain"  # of ξ and v in `Phase.extra`, [systems, links]

    def swing(
        self, phase: Phase, kinetic: Float[Array, " systems"], dt: Time
    ) -> tuple[Phase, Float[Array, " systems"]]:
        """The phase with the chain after `dt`, its loss of (3) added to `heat`; and the factor of the momenta whose
        kinetic energy was `kinetic`."""
        places, speeds = phase.extra[f"{self.name}_places"], phase.extra[f"{self.name}_speeds"]
        before, scale = self._energy(places, speeds), jnp.ones_like(kinetic)
        each = [speeds[:, k] for k in range(LINKS)]
        for weight in WEIGHTS:
            h = weight * dt
            self._push(each, range(LINKS - 1, -1, -1), kinetic, h)
            slow = jnp.exp(-h * each[0])
            scale, kinetic = scale * slow, kinetic * slow**2
            places = places + h * jnp.stack(each, axis=1)
            self._push(each, range(LINKS), kinetic, h)
        speeds = jnp.stack(each, axis=1)
        extra = phase.extra | {f"{self.name}_places": places, f"{self.name}_speeds": speeds}
        return phase.but(heat=phase.heat + before - self._energy(places, speeds), extra=extra), scale

    @property
    def _thermal(self) -> Float[Array, "rows 1"]:
        return jnp.reshape(jnp.asarray(KELVIN * self.temperature_kelvin), (-1, 1))

    @property
    def _counts(self) -> Float[Array, "systems links"]:
        one = jnp.ones_like(self.freedom)
        return jnp.stack([jnp.maximum(self.freedom, 1.0)] + [one] * (LINKS - 1), axis=1)

    @property
    def _masses(self) -> Float[Array, "systems links"]:
        return self._counts * self._thermal * jnp.reshape(jnp.asarray(self.time_fs * FS), (-1, 1)) ** 2

    def _energy(self, places, speeds):
        return jnp.sum(self._masses * speeds**2 / 2 + self._thermal * self._counts * places, axis=1)  # (3)

    def _push(self, speeds, order, kinetic, h) -> None:
        """Half a step of the speeds of all links, one after the other."""
        thermal, masses = self._thermal[:, 0], self._masses
        for k in order:
            pull = 2 * kinetic - self.freedom * thermal
            if k > 0:
                pull = masses[:, k - 1] * speeds[k - 1] ** 2 - thermal  # (2)
            friction = jnp.exp(-h / 4 * speeds[k + 1]) if k + 1 < LINKS else 1.0
            speeds[k] = (speeds[k] * friction + h / 2 * pull / masses[:, k]) * friction  # (1)


def at_rest(systems: int, name: str = "chain") -> dict[str, Array]:
    """The chain of every system at rest."""
    return {f"{name}_{what}": jnp.zeros((systems, LINKS)) for what in ("places", "speeds")}


def nose_hoover(temperature_kelvin: Number, time_fs: Number, freedom: Float[Array, " systems"]) -> Move:
    """All momenta of a system under a `Chain`; what it loses is added to `heat`."""
    chain = Chain(temperature_kelvin, time_fs, freedom)

    def move(phase: Phase, dt: Time) -> Phase:
        after, scale = chain.swing(phase, phase.kinetic_energy, dt)
        return after.but(momenta=scale[phase.owner, None] * phase.momenta)

    return move
