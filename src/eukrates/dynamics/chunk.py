"""The compiled inner loop: many steps, neighbour lists, forces, checks and recorded frames without the host.

What goes wrong inside is a value. A system that goes wrong is halted where it was last good, and the others go on.
Lists are made anew where atoms are about to leave their reach; one that has no room for all pairs ends the chunk, and
the host makes room and goes on from there. Loops are a `while` that ends at once, so nothing is computed twice.
"""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from eukrates.dynamics.constraints import Constraints, constrained
from eukrates.dynamics.ensembles import Ensemble
from eukrates.dynamics.integrators import Alphabet, Move, Time
from eukrates.dynamics.lists import Lists
from eukrates.dynamics.phase import Phase, temperature
from eukrates.dynamics.verdict import Verdict
from eukrates.dynamics.watch import Bounds
from eukrates.matter import Graph
from eukrates.matter.verlet import displacements
from eukrates.numerics import sum_by
from eukrates.potential import Potential, evaluate
from eukrates.shapes import AnyArray

HURRY = 1.5  # times how far the fastest atom flies in a step: lists that may not last as long are made anew


class Course(NamedTuple):
    """What a chunk needs to know besides the phase; changing a value compiles nothing."""

    timestep: Float[Array, ""] | float  # internal units
    until: Int[Array, ""] | int  # the step at which to end
    every: Int[Array, ""] | int  # steps between frames
    freedom: Float[Array, " systems"]  # degrees of freedom; 0 for padding
    hottest: Float[Array, " systems"]  # K
    constraints: Constraints | None
    bounds: Bounds


class Snapshots(eqx.Module):
    """What is recorded, of one frame or of many, in internal units."""

    step: Int[Array, "*frames"]
    positions: Float[Array, "*frames atoms 3"]
    velocities: Float[Array, "*frames atoms 3"]
    forces: Float[Array, "*frames atoms 3"]
    charges: Float[Array, "*frames charged"]
    energy: Float[Array, "*frames systems"]
    kinetic: Float[Array, "*frames systems"]
    heat: Float[Array, "*frames systems"]
    cell: Float[Array, "*frames systems 3 3"]
    pressure: Float[Array, "*frames systems"]


class Origin(eqx.Module):
    """Where neighbours were last listed."""

    positions: Float[AnyArray, "atoms 3"]  # Å
    cell: Float[AnyArray, "systems 3 3"]  # Å
    step: Int[AnyArray, ""]


class Place(eqx.Module):
    """Where a batch of systems is."""

    phase: Phase  # of every system after its last good step
    step: Int[Array, ""]
    origin: Origin
    alive: Bool[Array, " systems"]  # false where a system was halted, and for padding
    worn: Bool[Array, ""]  # the lists must be made anew before the next step
    outgrown: Bool[Array, ""]  # they have no room for all pairs, or what was planned for them does not hold any more
    needed: Int[Array, "3"]  # pairs near and far, and triples, when they were listed, see `Found`
    verdict: Int[Array, " systems"]  # of those that were halted
    last: Int[Array, " systems"]  # the last good step of those that were halted
    refused: tuple[Float[Array, "atoms 3"], Float[Array, "systems 3 3"]]  # positions and cells, Å, when halted
    warmth: Float[Array, " atoms"]  # eV, kinetic energies then, infinite where not finite

    @property
    def goes_on(self) -> Bool[Array, ""]:
        """Whether another step can be taken from here."""
        return jnp.any(self.alive) & ~self.worn & ~self.outgrown


class Departure(NamedTuple):
    """Where a chunk begins."""

    phase: Phase
    origin: Origin
    step: Int[Array, ""]
    alive: Bool[Array, " systems"]


class Outcome(NamedTuple):
    """A chunk's end."""

    place: Place
    snapshots: Snapshots
    count: Int[Array, ""]  # frames recorded


def feeler(potential: Potential, graph: Graph, listed: float, flexible: bool) -> Move:
    """Energy and forces from `graph` at the positions of a phase, and how far these are from where it was made.

    In a flexible cell also the virial; and the graph, of all pairs up to `listed` Å, is worn by displacements from
    where the strain F of the cell took the atoms and by the strain itself: a pair has come closer by (1 - σ_min(F)) r
    at most, and σ_min(F) ≥ 1 - ‖F - 1‖.
    """
    want = ("energy", "forces", "stress") if flexible else ("energy", "forces")

    origin = graph.system.positions

    def feel(phase: Phase, dt: Time) -> Phase:
        here = eqx.tree_at(lambda g: (g.system.positions, g.system.cell), graph, (phase.positions, phase.cell))
        found = evaluate(potential, here, want)
        phase = phase.but(forces=found.forces, energy=found.energy)
        if found.energy_by_member is not None:
            phase = phase.but(spread=jnp.std(found.energy_by_member, axis=1, ddof=1).astype(phase.energy.dtype))
        if phase.charges.shape[0] and found.charges is not None:
            phase = phase.but(charges=found.charges.astype(phase.charges.dtype))
        if not flexible:
            moved = displacements(phase.positions, origin, graph.system)
            return phase.but(moved=jnp.maximum(phase.moved, moved))
        boxed = (phase.volume > 0)[:, None, None]
        strain = jnp.linalg.inv(jnp.where(boxed, graph.system.cell, jnp.eye(3))) @ jnp.where(
            boxed, phase.cell, jnp.eye(3)
        )
        home = jnp.einsum("na,nab->nb", origin, strain[phase.owner])
        shrunk = jnp.linalg.norm(strain - jnp.eye(3), axis=(1, 2))
        moved = displacements(phase.positions, home, graph.system) + shrunk * listed / 2
        virial = found.stress * phase.volume[:, None, None]
        return phase.but(virial=virial, moved=jnp.maximum(phase.moved, moved))

    return feel


@eqx.filter_jit
def advance(
    potential: Potential, lists: Lists, ensemble: Ensemble, course: Course, start: Departure, capacity: int
) -> Outcome:
    """From `start` to `course.until`, to `capacity` frames, or to where nothing goes on."""

    def to_next_lists(state):
        now, frames, count = state
        found = lists.search(now.origin.positions, now.origin.cell)
        tell = lambda place: (place.outgrown, place.needed)
        now = eqx.tree_at(tell, now, (~found.complete, found.needed))
        now, frames, count = _with(found.graph, potential, lists, ensemble, course, (now, frames, count))
        return _at_new_origin(now), frames, count

    phase, origin, step, alive = start
    blank = jax.tree.map(lambda row: jnp.zeros((capacity, *row.shape), row.dtype), snapshot(phase, step))
    no, none = jnp.asarray(False), jnp.zeros(alive.shape, jnp.int64)
    never = (jnp.zeros_like(phase.positions), jnp.zeros_like(phase.cell)), jnp.zeros_like(phase.masses)
    here = Place(phase, step, origin, alive, no, no, jnp.zeros(3, jnp.int64), none, none, *never)
    return Outcome(*jax.lax.while_loop(_more(course), to_next_lists, (here, blank, jnp.zeros_like(step))))


def _with(graph: Graph, potential: Potential, lists: Lists, ensemble: Ensemble, course: Course, state: tuple) -> tuple:
    """As far as one graph serves, recording frames."""
    letters = Alphabet(feeler(potential, graph, lists.listed, ensemble.flexible))
    if course.constraints is not None:
        letters = constrained(letters, course.constraints)

    def stepper(now):
        move = ensemble.at(now.step * course.timestep).step(letters, course.freedom)
        return _judged(move(now.phase, course.timestep), now, graph, lists.reach, course)

    def to_next_frame(state):
        before, frames, count = state
        end = jnp.minimum((before.step // course.every + 1) * course.every, course.until)
        now = jax.lax.while_loop(lambda place: (place.step < end) & place.goes_on, stepper, before)
        whole = (now.step % course.every == 0) & (now.step > before.step)
        frames = jax.tree.map(lambda rows, row: rows.at[count].set(row), frames, snapshot(now.phase, now.step))
        return now, frames, count + whole

    return jax.lax.while_loop(_more(course), to_next_frame, state)


def _more(course: Course) -> Callable[[tuple], Bool[Array, ""]]:
    """Whether there is a step to be taken, and room for its frame."""

    def more(state):
        now, frames, count = state
        return (now.step < course.until) & now.goes_on & (count < frames.step.shape[0])

    return more


def _at_new_origin(now: Place) -> Place:
    """Where the lists are worn, they are to be made for where the atoms are now."""
    here = Origin(now.phase.positions, now.phase.cell, now.step)
    origin = jax.tree.map(lambda new, old: jnp.where(now.worn, new, old), here, now.origin)
    moved = jnp.where(now.worn, 0.0, now.phase.moved)
    none = jnp.asarray(False)
    return eqx.tree_at(lambda p: (p.origin, p.phase.moved, p.worn), now, (origin, moved, none))


def snapshot(phase: Phase, step) -> Snapshots:
    """What is recorded of a phase."""
    return Snapshots(
        step,
        phase.positions,
        phase.velocities,
        phase.forces,
        phase.charges,
        phase.energy,
        phase.kinetic_energy,
        phase.heat,
        phase.cell,
        phase.pressure,
    )


def _judged(after: Phase, before: Place, graph: Graph, reach: float, course: Course) -> Place:
    """The place after a step from `before` to `after`: taken by the systems for which it is fine.

    Where atoms have moved beyond the reach of the lists, the step is taken by none, and the lists are worn. They also
    are where atoms could do so in the next step; a system of which they do in the first step with new lists is halted.
    """
    finite = jnp.isfinite(after.positions) & jnp.isfinite(after.momenta) & jnp.isfinite(after.forces)
    each = jnp.where(jnp.all(finite, axis=1), after.kinetic_energies, jnp.inf)
    kinetic = sum_by(each, after.owner, after.energy.shape[0])
    outran = after.moved > reach
    verdict = jnp.where(outran, int(Verdict.OUTRAN), 0)
    verdict = jnp.where(course.bounds.unsure(after), int(Verdict.UNSURE), verdict)
    verdict = jnp.where(course.bounds.broken(after), int(Verdict.BROKEN), verdict)
    verdict = jnp.where(course.bounds.collided(after, graph), int(Verdict.COLLIDED), verdict)
    verdict = jnp.where(temperature(kinetic, course.freedom) > course.hottest, int(Verdict.TOO_HOT), verdict)
    verdict = jnp.where(jnp.isfinite(kinetic) & jnp.isfinite(after.energy), verdict, int(Verdict.NOT_FINITE))
    late = jnp.any(before.alive & outran & jnp.isfinite(kinetic)) & (before.step > before.origin.step)
    good = before.alive & (verdict == Verdict.FINE) & ~late
    halted = before.alive & (verdict != Verdict.FINE) & ~late
    fastest = jnp.sqrt(jnp.max(jnp.sum(jnp.where(good[after.owner, None], after.velocities, 0.0) ** 2, axis=1)))
    soon = jnp.any(good & (after.moved + HURRY * fastest * course.timestep > reach))
    return Place(
        phase=after.where(good, before.phase),
        step=before.step + jnp.any(good),
        origin=before.origin,
        alive=before.alive & ~halted,
        worn=late | soon,
        outgrown=before.outgrown,
        needed=before.needed,
        verdict=jnp.where(halted, verdict, before.verdict),
        last=jnp.where(halted, before.step, before.last),
        refused=(
            jnp.where(halted[after.owner, None], after.positions, before.refused[0]),
            jnp.where(halted[:, None, None], after.cell, before.refused[1]),
        ),
        warmth=jnp.where(halted[after.owner], each, before.warmth),
    )
