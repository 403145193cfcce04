"""L-BFGS in a trust region: never uphill, and from the start with a model of the Hessian where there is one."""

from collections.abc import Callable
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from eukrates.landscape.minimiser import Minimiser, Spectrum, Spot, farthest, shortened
from eukrates.shapes import AnyArray

STIFFNESS = 70.0  # eV/Å², of everything before anything is known
SOFTER = 4.0  # times so much is everything where a step downhill met no curvature
CURVED = 1e-8  # cosine of step and change of gradient, below which they teach nothing
POOR, FAIR = 0.25, 0.75  # of the decrease that was expected, below and above which the trust radius changes
GROWTH, DECAY = 1.5, 0.35  # of it
SHIFT, TIGHTER, TRIALS = 1e-2, 3.0, 12  # eV/Å², the first shift, by how much the next is larger, how many there are


class LBFGS(Minimiser):
    """Limited-memory BFGS: what the last steps s and changes y of the gradient g tell of the Hessian B = B₀ + ….

    The step is the one that B promises most of within the trust radius: with the least shift λ ≥ 0 for which no atom
    moves farther,

        s = -(B + λ)⁻¹ g                                                                                          (1)

    by the two-loop recursion, since B + λ is what B₀ + λ becomes by the changes y + λs:

        q ← g;   from new to old:  aₖ = sₖ·q / sₖ·yₖ,  q ← q - aₖ yₖ;
        r ← B₀⁻¹ q;   from old to new:  r ← r + sₖ (aₖ - yₖ·r / sₖ·yₖ)                                           (2)

    B₀ is the model of the Hessian, else y·y / s·y of the last step times the unit matrix. A step is taken if the
    energy falls; the radius follows from how much it falls of what was expected, g·s/2 - λ s·s/2.

    Nocedal & Wright, *Numerical Optimization* (2006), algorithms 4.1 and 7.4; a model of the Hessian as B₀: Packwood et
    al., J. Chem. Phys. 144, 164109 (2016), doi:10.1063/1.4947024.
    """

    modelled: ClassVar[bool] = True
    longest: float = 0.4
    memory: int = eqx.field(static=True, default=60)

    def start(self, variables: int) -> dict[str, Array]:
        """Nothing learned."""
        return {
            "steps": jnp.zeros((self.memory, variables)),
            "changes": jnp.zeros((self.memory, variables)),
            "stiffness": jnp.asarray(STIFFNESS),  # eV/Å², of B₀ where there is no model
            "radius": jnp.asarray(self.longest, float),
            "shift": jnp.asarray(0.0),  # of the step that was proposed last
        }

    def propose(
        self, here: Spot, memory: dict[str, Array], model: Spectrum | None
    ) -> tuple[Float[Array, " variables"], dict[str, Array]]:
        """(1), or straight down where that is not downhill."""
        radius = memory["radius"]

        def far(state):
            step, _, trial = state
            return (trial < TRIALS) & ~(farthest(step) <= radius)

        def nearer(state):
            _, shift, trial = state
            shift = jnp.maximum(TIGHTER * shift, SHIFT)
            return self._step(here.gradient, memory, model, shift), shift, trial + 1

        least = memory["shift"] / TIGHTER  # of what the last step needed: it is found sooner so
        least = jnp.where(least > SHIFT, least, 0.0)
        first = self._step(here.gradient, memory, model, least)
        step, shift, _ = jax.lax.while_loop(far, nearer, (first, least, jnp.asarray(0)))
        down = jnp.isfinite(farthest(step)) & (step @ here.gradient < 0)
        step = jnp.where(down, step, -here.gradient / STIFFNESS)
        return shortened(step, radius), memory | {"shift": jnp.where(down, shift, 0.0)}

    def judge(
        self, here: Spot, there: Spot, step: Float[AnyArray, " variables"], memory: dict[str, Array], noise
    ) -> tuple[Bool[Array, ""], dict[str, Array]]:
        """Down: by the energies, or where these differ by no more than rounding, by the mean of the slopes."""
        change = there.energy - here.energy
        change = jnp.where(jnp.abs(change) <= noise, step @ (here.gradient + there.gradient) / 2, change)
        expected = step @ here.gradient / 2 - memory["shift"] * (step @ step) / 2
        finite = jnp.isfinite(there.energy) & jnp.all(jnp.isfinite(there.gradient))
        good = finite & (change <= 0)
        share = jnp.where(finite, change / expected, -1.0)
        y = jnp.where(finite, there.gradient - here.gradient, 0.0)
        learned = finite & (step @ y > CURVED * jnp.sqrt((step @ step) * (y @ y)))
        newest = lambda rows, row: jnp.where(learned, jnp.roll(rows, 1, axis=0).at[0].set(row), rows)
        length, radius = farthest(step), memory["radius"]
        held = memory["shift"] > 0  # by the radius, even where the step is shorter than it by a coarse shift
        wider = jnp.minimum(self.longest, GROWTH * jnp.where(held, radius, jnp.maximum(radius / GROWTH, length)))
        radius = jnp.where(share < POOR, DECAY * length, jnp.where(share > FAIR, wider, radius))
        softer = jnp.where(good, memory["stiffness"] / SOFTER, memory["stiffness"])
        after = {
            "steps": newest(memory["steps"], step),
            "changes": newest(memory["changes"], y),
            "stiffness": jnp.where(learned, (y @ y) / jnp.where(learned, step @ y, 1.0), softer),
            "radius": radius,
            "shift": memory["shift"],
        }
        return good, after

    def _step(self, gradient, memory: dict[str, Array], model: Spectrum | None, shift) -> Float[Array, " variables"]:
        """(1)."""
        s = memory["steps"]
        soft = lambda q: q / (memory["stiffness"] + shift) if model is None else model.solve(q, shift)
        return -two_loops(gradient, s, memory["changes"] + shift * s, soft)


def two_loops(
    gradient: Float[AnyArray, " variables"],
    steps: Float[AnyArray, "memory variables"],
    changes: Float[AnyArray, "memory variables"],
    soft: Callable[[Float[Array, " variables"]], Float[Array, " variables"]],
) -> Float[Array, " variables"]:
    """B⁻¹ g by (2), with B₀⁻¹ as `soft`; the newest step first, and zeros where nothing was learned."""
    both = jnp.sum(steps * changes, axis=1)
    rho = jnp.where(both > 0, 1 / jnp.where(both > 0, both, 1.0), 0.0)
    memory = steps.shape[0]

    def newer(k, state):
        q, a = state
        one = rho[k] * (steps[k] @ q)
        return q - one * changes[k], a.at[k].set(one)

    def older(k, r):
        k = memory - 1 - k
        return r + steps[k] * (a[k] - rho[k] * (changes[k] @ r))

    q, a = jax.lax.fori_loop(0, memory, newer, (gradient, jnp.zeros(memory)))
    return jax.lax.fori_loop(0, memory, older, soft(q))
