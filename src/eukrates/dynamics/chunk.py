"""The compiled inner loop: many steps, forces, checks and recorded frames without the host.

What goes wrong inside is a value, `Verdict`, that ends the chunk before the step that would have been wrong; the host
reads it and acts. The loop is a `while` that ends at once, so nothing is computed twice.
"""

from enum import IntEnum
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from eukrates.dynamics.ensembles import Ensemble
from eukrates.dynamics.integrators import Alphabet, Move, Time
from eukrates.dynamics.phase import Phase
from eukrates.matter import Graph
from eukrates.matter.verlet import displacement
from eukrates.numerics import sum_by
from eukrates.potential import Potential, evaluate
from eukrates.units import KELVIN


class Verdict(IntEnum):
    """Why the last step was not taken."""

    FINE = 0
    OUTDATED = 1  # an atom has moved beyond the reach of the neighbour list
    NOT_FINITE = 2  # a position, momentum or energy is NaN or infinite
    TOO_HOT = 3  # the instantaneous temperature is beyond its bound


class Course(NamedTuple):
    """What a chunk needs to know besides the phase; changing a value compiles nothing."""

    timestep: Float[Array, ""] | float  # internal units
    until: Int[Array, ""] | int  # the step at which to end
    every: Int[Array, ""] | int  # steps between frames
    reach: Float[Array, ""] | float  # Å, of the neighbour list
    listed: Float[Array, ""] | float  # Å, up to which pairs are in it
    freedom: Float[Array, " systems"]  # degrees of freedom; 0 for padding
    hottest: Float[Array, ""] | float  # K


class Snapshots(eqx.Module):
    """What is recorded, of one frame or of many, in internal units."""

    step: Int[Array, "*frames"]
    positions: Float[Array, "*frames atoms 3"]
    velocities: Float[Array, "*frames atoms 3"]
    forces: Float[Array, "*frames atoms 3"]
    energy: Float[Array, "*frames systems"]
    kinetic: Float[Array, "*frames systems"]
    heat: Float[Array, "*frames systems"]
    cell: Float[Array, "*frames systems 3 3"]
    pressure: Float[Array, "*frames systems"]


class Outcome(NamedTuple):
    """A chunk's end."""

    phase: Phase  # after the last good step
    step: Int[Array, ""]
    snapshots: Snapshots
    count: Int[Array, ""]  # frames recorded
    verdict: Int[Array, ""]
    atom: Int[Array, ""]  # the atom that made the verdict: the one that is not finite, or the hottest


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
        if not flexible:
            moved = displacement(phase.positions, origin, graph.system.real)
            return phase.but(forces=found.forces, energy=found.energy, moved=jnp.maximum(phase.moved, moved))
        boxed = (phase.volume > 0)[:, None, None]
        strain = jnp.linalg.inv(jnp.where(boxed, graph.system.cell, jnp.eye(3))) @ jnp.where(
            boxed, phase.cell, jnp.eye(3)
        )
        home = jnp.einsum("na,nab->nb", origin, strain[phase.owner])
        shrunk = jnp.max(jnp.linalg.norm(strain - jnp.eye(3), axis=(1, 2)))
        moved = displacement(phase.positions, home, graph.system.real) + shrunk * listed / 2
        virial = found.stress * phase.volume[:, None, None]
        moved = jnp.maximum(phase.moved, moved)
        return phase.but(forces=found.forces, energy=found.energy, virial=virial, moved=moved)

    return feel


def temperatures(kinetic: Float[Array, " systems"], freedom: Float[Array, " systems"]) -> Float[Array, " systems"]:
    """T = 2 K / (f k_B) in K; 0 where nothing is free to move."""
    return jnp.where(freedom > 0, 2 * kinetic / (jnp.where(freedom > 0, freedom, 1.0) * KELVIN), 0.0)


@eqx.filter_jit
def advance(
    potential: Potential, graph: Graph, origin, ensemble: Ensemble, course: Course, start: tuple, capacity: int
) -> Outcome:
    """From `start` = (phase, step) to `course.until`, to `capacity` frames, or to the last step before a verdict."""
    letters = Alphabet(feeler(potential, graph, origin, course.listed, ensemble.flexible))
    move = ensemble.step(letters, course.freedom)

    def step_once(now):
        phase, step, _, _ = now
        after = move(phase, course.timestep)
        verdict, atom = _judge(after, course)
        fine = verdict == Verdict.FINE
        kept = jax.tree.map(lambda new, old: jnp.where(fine, new, old), after, phase)
        return kept, step + fine, verdict, atom

    def to_next_frame(state):
        (phase, step, verdict, atom), frames, count = state
        end = jnp.minimum((step // course.every + 1) * course.every, course.until)
        more = lambda now: (now[1] < end) & (now[2] == Verdict.FINE)
        phase, step, verdict, atom = jax.lax.while_loop(more, step_once, (phase, step, verdict, atom))
        whole = (step % course.every == 0) & (verdict == Verdict.FINE)
        frames = jax.tree.map(lambda rows, row: rows.at[count].set(row), frames, snapshot(phase, step))
        return (phase, step, verdict, atom), frames, count + whole

    def more(state):
        (_, step, verdict, _), _, count = state
        return (step < course.until) & (verdict == Verdict.FINE) & (count < capacity)

    phase, step = start
    fine = jnp.asarray(int(Verdict.FINE), step.dtype)
    blank = jax.tree.map(lambda row: jnp.zeros((capacity, *row.shape), row.dtype), snapshot(phase, step))
    state = ((phase, step, fine, jnp.zeros_like(step)), blank, jnp.zeros_like(step))
    (phase, step, verdict, atom), frames, count = jax.lax.while_loop(more, to_next_frame, state)
    return Outcome(phase, step, frames, count, verdict, atom)


def snapshot(phase: Phase, step) -> Snapshots:
    """What is recorded of a phase."""
    return Snapshots(
        step,
        phase.positions,
        phase.velocities,
        phase.forces,
        phase.energy,
        phase.kinetic_energy,
        phase.heat,
        phase.cell,
        phase.pressure,
    )


def _judge(phase: Phase, course: Course):
    """The verdict on a phase and the atom that made it."""
    finite = jnp.isfinite(phase.positions) & jnp.isfinite(phase.momenta) & jnp.isfinite(phase.forces)
    each = jnp.where(jnp.all(finite, axis=1), phase.kinetic_energies, jnp.inf)
    kinetic = sum_by(phase.kinetic_energies, phase.owner, phase.energy.shape[0])
    sound = jnp.all(jnp.isfinite(each)) & jnp.all(jnp.isfinite(phase.energy))
    hot = jnp.any(temperatures(kinetic, course.freedom) > course.hottest)
    verdict = jnp.where(hot, int(Verdict.TOO_HOT), int(Verdict.FINE))
    verdict = jnp.where(phase.moved > course.reach, int(Verdict.OUTDATED), verdict)
    verdict = jnp.where(sound, verdict, int(Verdict.NOT_FINITE))
    atom = jnp.argmax(each)
    return verdict.astype(jnp.int64), atom.astype(jnp.int64)
