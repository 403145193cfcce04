"""The compiled inner loop: many steps, forces, checks and recorded frames without the host.

What goes wrong inside is a value. A system that goes wrong is halted where it was last good, and the others go on; a
neighbour list that is outdated ends the chunk before the step that would have been wrong, and the host acts. The loop
is a `while` that ends at once, so nothing is computed twice.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from eukrates.dynamics.constraints import Constraints, constrained
from eukrates.dynamics.ensembles import Ensemble
from eukrates.dynamics.integrators import Alphabet, Move, Time
from eukrates.dynamics.phase import Phase
from eukrates.dynamics.verdict import Verdict
from eukrates.dynamics.watch import Bounds
from eukrates.matter import Graph
from eukrates.matter.verlet import displacements
from eukrates.numerics import sum_by
from eukrates.potential import Potential, evaluate
from eukrates.units import KELVIN


class Course(NamedTuple):
    """What a chunk needs to know besides the phase; changing a value compiles nothing."""

    timestep: Float[Array, ""] | float  # internal units
    until: Int[Array, ""] | int  # the step at which to end
    every: Int[Array, ""] | int  # steps between frames
    reach: Float[Array, ""] | float  # Å, of the neighbour list
    listed: Float[Array, ""] | float  # Å, up to which pairs are in it
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


class Place(eqx.Module):
    """Where a batch of systems is."""

    phase: Phase  # of every system after its last good step
    step: Int[Array, ""]
    alive: Bool[Array, " systems"]  # false where a system was halted, and for padding
    outran: Bool[Array, " systems"]  # whose atoms have moved beyond the reach of the neighbour list
    verdict: Int[Array, " systems"]  # of those that were halted
    last: Int[Array, " systems"]  # the last good step of those that were halted
    refused: Float[Array, "atoms 3"]  # Å, positions that were not accepted when a system was halted
    warmth: Float[Array, " atoms"]  # eV, kinetic energies then, infinite where not finite

    @property
    def goes_on(self) -> Bool[Array, ""]:
        """Whether another step can be taken from here."""
        return jnp.any(self.alive) & ~jnp.any(self.outran)


class Outcome(NamedTuple):
    """A chunk's end."""

    place: Place
    snapshots: Snapshots
    count: Int[Array, ""]  # frames recorded


def feeler(potential: Potential, graph: Graph, origin: Float[Array, "atoms 3"], listed, flexible: bool) -> Move:
    """Energy and forces from `graph` at the positions of a phase, and how far these are from the list's `origin`.

    In a flexible cell also the virial; and the list, of all pairs up to `listed` Å, is worn by displacements from where
    the strain F of the cell took the atoms and by the strain itself: a pair has come closer by (1 - σ_min(F)) r at
    most, and σ_min(F) ≥ 1 - ‖F - 1‖.
    """
    want = ("energy", "forces", "stress") if flexible else ("energy", "forces")

    def feel(phase: Phase, dt: Time) -> Phase:
        here = eqx.tree_at(lambda g: (g.system.positions, g.system.cell), graph, (phase.positions, phase.cell))
        found = evaluate(potential, here, want)
        phase = phase.but(forces=found.forces, energy=found.energy)
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


def temperatures(kinetic: Float[Array, " systems"], freedom: Float[Array, " systems"]) -> Float[Array, " systems"]:
    """T = 2 K / (f k_B) in K; 0 where nothing is free to move."""
    return jnp.where(freedom > 0, 2 * kinetic / (jnp.where(freedom > 0, freedom, 1.0) * KELVIN), 0.0)


@eqx.filter_jit
def advance(
    potential: Potential, graph: Graph, origin, ensemble: Ensemble, course: Course, start: tuple, capacity: int
) -> Outcome:
    """From `start` = (phase, step, alive) to `course.until`, to `capacity` frames, or to where nothing goes on."""
    letters = Alphabet(feeler(potential, graph, origin, course.listed, ensemble.flexible))
    if course.constraints is not None:
        letters = constrained(letters, course.constraints)

    def stepper(now):
        move = ensemble.at(now.step * course.timestep).step(letters, course.freedom)
        return _judged(move(now.phase, course.timestep), now, graph, course)

    def to_next_frame(state):
        now, frames, count = state
        end = jnp.minimum((now.step // course.every + 1) * course.every, course.until)
        now = jax.lax.while_loop(lambda place: (place.step < end) & place.goes_on, stepper, now)
        whole = (now.step % course.every == 0) & now.goes_on
        frames = jax.tree.map(lambda rows, row: rows.at[count].set(row), frames, snapshot(now.phase, now.step))
        return now, frames, count + whole

    def more(state):
        now, _, count = state
        return (now.step < course.until) & now.goes_on & (count < capacity)

    phase, step, alive = start
    blank = jax.tree.map(lambda row: jnp.zeros((capacity, *row.shape), row.dtype), snapshot(phase, step))
    none = jnp.zeros(alive.shape, jnp.int64)
    never = jnp.zeros_like(phase.positions), jnp.zeros_like(phase.masses)
    here = Place(phase, step, alive, jnp.zeros_like(alive), none, none, *never)
    return Outcome(*jax.lax.while_loop(more, to_next_frame, (here, blank, jnp.zeros_like(step))))


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


def _judged(after: Phase, before: Place, graph: Graph, course: Course) -> Place:
    """The place after a step from `before` to `after`: taken by the systems for which it is fine."""
    finite = jnp.isfinite(after.positions) & jnp.isfinite(after.momenta) & jnp.isfinite(after.forces)
    each = jnp.where(jnp.all(finite, axis=1), after.kinetic_energies, jnp.inf)
    kinetic = sum_by(each, after.owner, after.energy.shape[0])
    verdict = jnp.where(course.bounds.broken(after), int(Verdict.BROKEN), 0)
    verdict = jnp.where(course.bounds.collided(after, graph), int(Verdict.COLLIDED), verdict)
    verdict = jnp.where(temperatures(kinetic, course.freedom) > course.hottest, int(Verdict.TOO_HOT), verdict)
    verdict = jnp.where(jnp.isfinite(kinetic) & jnp.isfinite(after.energy), verdict, int(Verdict.NOT_FINITE))
    outran = before.alive & (verdict == Verdict.FINE) & (after.moved > course.reach)
    taken = ~jnp.any(outran)
    good = before.alive & (verdict == Verdict.FINE) & taken
    halted = before.alive & (verdict != Verdict.FINE) & taken
    return Place(
        phase=after.where(good, before.phase),
        step=before.step + jnp.any(good),
        alive=before.alive & ~halted,
        outran=outran,
        verdict=jnp.where(halted, verdict, before.verdict),
        last=jnp.where(halted, before.step, before.last),
        refused=jnp.where(halted[after.owner, None], after.positions, before.refused),
        warmth=jnp.where(halted[after.owner], each, before.warmth),
    )
