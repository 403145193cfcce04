"""FIRE: dynamics that remembers its way while it goes downhill, and forgets it where it does not."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from eukrates.landscape.minimiser import Minimiser, Spectrum, Spot, shortened
from eukrates.shapes import AnyArray

FIRST, SLOWEST, FASTEST = 0.1, 0.02, 1.0  # timesteps with masses of 1, Å/√eV
GROWTH, DECAY = 1.1, 0.5  # of the timestep
MIXING, LESS_MIXING = 0.25, 0.99
PATIENCE = 20.0  # steps downhill before the timestep grows


class FIRE(Minimiser):
    """The fast inertial relaxation engine, with the half step back where it went uphill.

        P = F·v;   P > 0:  v ← (1-α) v + α |v| F/|F|, after 20 such steps Δt ← min(1.1 Δt, Δt_max), α ← 0.99 α
                   P ≤ 0:  r ← r - v Δt/2, v ← 0, Δt ← Δt/2, α ← 0.25                                            (1)
        v ← v + F Δt,   r ← r + v Δt                                                                              (2)

    Bitzek, Koskinen, Gähler, Moseler & Gumbsch, Phys. Rev. Lett. 97, 170201 (2006), doi:10.1103/PhysRevLett.97.170201;
    Guénolé et al., Comput. Mater. Sci. 175, 109584 (2020), doi:10.1016/j.commatsci.2020.109584.
    """

    longest: float = 0.2
    modelled: ClassVar[bool] = False

    def start(self, variables: int) -> dict[str, Array]:
        """At rest."""
        return {
            "velocity": jnp.zeros(variables),
            "timestep": jnp.asarray(FIRST),
            "mixing": jnp.asarray(MIXING),
            "downhill": jnp.asarray(0.0),
        }

    def propose(
        self, here: Spot, memory: dict[str, Array], model: Spectrum | None
    ) -> tuple[Float[Array, " variables"], dict[str, Array]]:
        """(1) and (2). A model of the Hessian is not used."""
        velocity, dt = self._turned(here, memory)
        back = jnp.where(self._downhill(here, memory), 0.0, memory["velocity"] * dt)  # dt has been halved
        return shortened(velocity * dt - back, self.longest), memory

    def judge(
        self, here: Spot, there: Spot, step: Float[AnyArray, " variables"], memory: dict[str, Array], noise
    ) -> tuple[Bool[Array, ""], dict[str, Array]]:
        """Everything finite is taken: what goes uphill is turned back by (1)."""
        good = jnp.isfinite(there.energy) & jnp.all(jnp.isfinite(there.gradient))
        down = self._downhill(here, memory)
        count = jnp.where(down, memory["downhill"] + 1, 0.0)
        _, dt = self._turned(here, memory)
        longer = down & (count > PATIENCE)
        mixing = jnp.where(longer, LESS_MIXING * memory["mixing"], jnp.where(down, memory["mixing"], MIXING))
        after = {
            "velocity": jnp.where(good & down, step / dt, 0.0),  # as fast as it was allowed
            "timestep": jnp.where(good, dt, jnp.maximum(DECAY * dt, SLOWEST)),
            "mixing": jnp.where(good, mixing, MIXING),
            "downhill": jnp.where(good, count, 0.0),
        }
        return good, after

    def _downhill(self, here: Spot, memory: dict[str, Array]) -> Bool[Array, ""]:
        """P > 0, or at rest."""
        v = memory["velocity"]
        return (jnp.sum(here.gradient * v) < 0) | ~jnp.any(v)

    def _turned(self, here: Spot, memory: dict[str, Array]) -> tuple[Float[Array, " variables"], Float[Array, ""]]:
        """Velocity and timestep of the next step."""
        v, force, dt, mixing = memory["velocity"], -here.gradient, memory["timestep"], memory["mixing"]
        down = self._downhill(here, memory)
        grown = jnp.where(memory["downhill"] + 1 > PATIENCE, jnp.minimum(GROWTH * dt, FASTEST), dt)
        dt = jnp.where(down, grown, jnp.maximum(DECAY * dt, SLOWEST))
        size = lambda vector: jnp.sqrt(jnp.sum(vector**2))
        along = force * size(v) / jnp.maximum(size(force), 1e-300)
        v = jnp.where(down, (1 - mixing) * v + mixing * along, 0.0)
        return v + force * dt, dt
