"""The compiled way of bands to where nothing pulls at them: many at once, each at its own pace.

Forces on a band are the slope of nothing, so that no energy says whether a step was good. Steps are those of L-BFGS,
which learns from nudged forces as if they were a slope (Sheppard, Terrell & Henkelman, J. Chem. Phys. 128, 134106
(2008), doi:10.1063/1.2841941), within a radius. A step is taken unless the pulls are stronger after it than after each
of the last few; the radius grows while they weaken, and shrinks where a step was not taken. B₀ is a model of the
Hessians of the images, scaled to the last step; after two steps in a row that were not taken, what was learned is
forgotten.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from eukrates.dynamics.lists import Lists
from eukrates.landscape.endings import Ended
from eukrates.landscape.lbfgs import CURVED, two_loops
from eukrates.landscape.minimiser import Spectrum, farthest, shortened
from eukrates.landscape.paths.tangents import nudged
from eukrates.landscape.sensing import sense
from eukrates.potential import Potential
from eukrates.shapes import AnyArray

RECENT = 4  # steps after which pulls may have been as strong as after the next
GROWTH, DECAY = 1.3, 0.4  # of the radius
MEMORY = 20  # steps
STIFFENING = 2.0  # eV/Å², added to B₀: springs pull along soft directions, and rigid motions have nothing against them
HARMLESS = 0.004  # Å, of a step that is taken in any case: no norm of the pulls falls all the way
STUCK = 1e-7  # Å, a radius of which nothing more is to be hoped for


class Ending(Ended):
    """How a band stands."""

    ON_THE_WAY = 0
    CONVERGED = 1
    OUT_OF_STEPS = 2
    STUCK = 3
    NOT_FINITE = 4


class Bands(eqx.Module):
    """Bands on their way, their ends fixed. Images are vectors of 3 × atoms numbers."""

    positions: Float[AnyArray, "*bands images variables"]  # Å
    energies: Float[AnyArray, "*bands images"]  # eV
    pulls: Float[AnyArray, "*bands inner variables"]  # eV/Å
    largest: Float[AnyArray, "*bands"]  # eV/Å, the largest pull at an atom
    learned: Float[AnyArray, "*bands memory coordinates"]  # Å, steps
    changes: Float[AnyArray, "*bands memory coordinates"]  # eV/Å, of minus the pulls
    scale: Float[AnyArray, "*bands"]  # of B₀⁻¹
    recent: Float[AnyArray, "*bands recent"]  # eV/Å, norms of the pulls after the last steps that were taken
    refused: Int[AnyArray, "*bands"]  # steps in a row that were not
    radius: Float[AnyArray, "*bands"]  # Å, that an atom may move in a step
    climbs: Bool[AnyArray, "*bands"]
    model: Spectrum  # of every image between the ends
    steps: Int[AnyArray, "*bands"]  # evaluations
    ending: Int[AnyArray, "*bands"]


class Pace(NamedTuple):
    """When bands rest; changing a value compiles nothing."""

    force: Float[AnyArray, ""] | float  # eV/Å, the largest pull
    climbing: Float[AnyArray, ""] | float  # eV/Å, the largest pull at which the highest image begins to climb; 0: never
    spring: Float[AnyArray, ""] | float  # eV/Å²
    longest: Float[AnyArray, ""] | float  # Å
    steps: Int[AnyArray, ""] | int


Feel = Callable[[Float[Array, "bands inner variables"]], tuple[Array, Array, Array, Array]]


class Climbed(NamedTuple):
    """Where the loop ended."""

    bands: Bands
    outgrown: Bool[Array, ""]
    needed: Int[Array, "3"]


@eqx.filter_jit
def climb(potential: Potential, lists: Lists, bands: Bands, pace: Pace) -> Climbed:
    """Bands of equal shape to their rest on the surface of a potential."""
    count, inner, variables = bands.pulls.shape

    def feel(images):
        places = images.reshape(count * inner, variables // 3, 3)
        told = sense(potential, lists, places, jnp.zeros((count * inner, 3, 3)))
        shape = (count, inner)
        return told.energy.reshape(shape), told.forces.reshape(*shape, -1), told.found.complete, told.found.needed

    return walk(feel, bands, pace)


def walk(feel: Feel, bands: Bands, pace: Pace) -> Climbed:
    """The loop, on any surface: `feel` tells energies, forces, whether they are right, and what room they needed."""

    def goes_on(state):
        now, outgrown, _ = state
        return ~outgrown & jnp.any(now.ending == Ending.ON_THE_WAY)

    def step(state):
        now, _, _ = state
        moved = jax.vmap(_proposed)(now)
        moved = jnp.where(((now.steps == 0) | (now.ending != Ending.ON_THE_WAY))[:, None], 0.0, moved)
        there = now.positions.at[:, 1:-1].add(moved.reshape(now.pulls.shape))
        energies, forces, complete, needed = feel(there[:, 1:-1])
        energies = now.energies.at[:, 1:-1].set(energies)
        after = jax.vmap(partial(_judged, pace))(now, moved, there, energies, forces)
        after = jax.tree.map(lambda new, old: jnp.where(complete, new, old), after, now)
        return after, ~complete, needed

    start = bands, jnp.asarray(False), jnp.zeros(3, jnp.int64)
    now, outgrown, needed = jax.lax.while_loop(goes_on, step, start)
    return Climbed(now, outgrown, needed)


def _softened(now: Bands, gradient: Float[Array, " coordinates"]) -> Float[Array, " coordinates"]:
    """B₀⁻¹ g, image by image."""
    solve = lambda model, rows: model.solve(rows, jnp.asarray(STIFFENING))
    return now.scale * jax.vmap(solve)(now.model, gradient.reshape(now.pulls.shape)).ravel()


def _proposed(now: Bands) -> Float[Array, " coordinates"]:
    """A step of one band."""
    pulls = now.pulls.ravel()
    soft = lambda gradient: _softened(now, gradient)
    step = -two_loops(-pulls, now.learned, now.changes, soft)
    forward = jnp.all(jnp.isfinite(step)) & (step @ pulls > 0)
    return shortened(jnp.where(forward, step, soft(pulls)), now.radius)


def _judged(pace: Pace, now: Bands, moved, there, energies, forces) -> Bands:
    """One band after a step that was tried."""
    first, going = now.steps == 0, now.ending == Ending.ON_THE_WAY
    pulled = lambda climbs: nudged(there, energies, forces, pace.spring, climbs).forces
    pulls = pulled(now.climbs)
    finite = jnp.all(jnp.isfinite(energies)) & jnp.all(jnp.isfinite(pulls))
    norm = jnp.linalg.norm(pulls)
    length = farthest(moved)
    small = (length <= HARMLESS) & (norm <= 2 * now.recent[0])
    taken = going & finite & (first | (norm <= jnp.max(now.recent)) | small)
    y = jnp.where(finite, now.pulls - pulls, 0.0).ravel()
    learns = going & finite & ~first & (moved @ y > CURVED * jnp.sqrt((moved @ moved) * (y @ y)))
    stiff = y @ _softened(now, y) / now.scale
    scale = jnp.where(learns, moved @ y / jnp.where(stiff > 0, stiff, 1.0), now.scale)
    starts = taken & ~now.climbs & (_largest(pulls) <= pace.climbing)  # another force is at the highest image now
    pulls = jnp.where(starts, pulled(jnp.asarray(True)), pulls)
    norm, largest, climbs = jnp.linalg.norm(pulls), _largest(pulls), now.climbs | starts
    refused = jnp.where(taken, 0, now.refused + going)
    afresh = starts | (refused >= 2)
    newest = lambda rows, row: jnp.where(learns, jnp.roll(rows, 1, axis=0).at[0].set(row), rows)
    kept = lambda rows: jnp.where(afresh, 0.0, rows)
    pick = lambda new, old: jnp.where(taken, new, old)
    recent = jnp.where(first | starts, norm, jnp.roll(now.recent, 1).at[0].set(norm))
    radius = jnp.where(norm < now.recent[0], GROWTH, 1.0) * now.radius
    radius = jnp.where(taken, jnp.minimum(radius, pace.longest), DECAY * jnp.minimum(length, now.radius))
    steps = now.steps + going
    ending = jnp.where(steps >= pace.steps, int(Ending.OUT_OF_STEPS), int(Ending.ON_THE_WAY))
    ending = jnp.where(radius < STUCK, int(Ending.STUCK), ending)
    ending = jnp.where(first & ~finite, int(Ending.NOT_FINITE), ending)
    settled = climbs | (pace.climbing <= 0)
    ending = jnp.where(taken & settled & (largest <= pace.force), int(Ending.CONVERGED), ending)
    return Bands(
        positions=pick(there, now.positions),
        energies=pick(energies, now.energies),
        pulls=pick(pulls, now.pulls),
        largest=pick(largest, now.largest),
        learned=kept(newest(now.learned, moved)),
        changes=kept(newest(now.changes, y)),
        scale=scale,
        recent=pick(recent, now.recent),
        refused=refused,
        radius=jnp.where(first | ~going, now.radius, radius),
        climbs=climbs,
        model=now.model,
        steps=steps,
        ending=jnp.where(going, ending, now.ending),
    )


def _largest(pulls: Float[Array, "inner variables"]) -> Float[Array, ""]:
    """eV/Å, at an atom."""
    return farthest(pulls.ravel())
