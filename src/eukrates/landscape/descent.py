"""The compiled way down: many structures at once, each at its own pace, until enough of them rest."""

from typing import Any, NamedTuple, cast

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from eukrates.dynamics.lists import Lists
from eukrates.landscape.endings import Ended
from eukrates.landscape.minimiser import Minimiser, Spectrum, Spot, farthest
from eukrates.landscape.sensing import sense
from eukrates.matter.system import volumes
from eukrates.potential import Potential
from eukrates.shapes import AnyArray

Flexible = str  # how cells relax: "no", "isotropic" or "full"
FAR = 1.0  # Å, that an atom has gone from where a model of the Hessian was made, beyond which it is not what it was
STUCK = 1e-9  # Å, a step that leads nowhere although it is as short


class Ending(Ended):
    """How a structure stands."""

    ON_THE_WAY = 0
    CONVERGED = 1
    OUT_OF_STEPS = 2
    STUCK = 3  # no step, however short, goes downhill: forces are not the slope of the energy, or lost in rounding
    NOT_FINITE = 4  # energy or forces where it starts


class Goal(NamedTuple):
    """When a structure rests, and when the host is asked; changing a value compiles nothing."""

    force: Float[AnyArray, ""] | float  # eV/Å, the largest on an atom
    stress: Float[AnyArray, ""] | float  # eV/Å³, the largest component; of isotropic cells the mean normal one
    pressure: Float[AnyArray, ""] | float  # eV/Å³, that the cell relaxes under
    steps: Int[AnyArray, ""] | int  # evaluations, of a structure
    enough: Int[AnyArray, ""] | int  # structures at their end, or in need of a model, for which the loop ends
    most: Int[AnyArray, ""] | int  # evaluations, for which it does


class Slots(eqx.Module):
    """Structures on their way, each in a slot; empty slots come last.

    Variables are positions in Å, or where cells relax nine numbers U for the cell, and positions u in the first cell:

        F = exp(U/n),   r = F u,   cell = cell₀ Fᵀ,   n the number of atoms                                     (1)

    as in ASE's FrechetCellFilter: atoms that are fixed keep u, their place within the cell.
    """

    variables: Float[AnyArray, "*slots rows 3"]
    cell: Float[AnyArray, "*slots 3 3"]  # Å, where it starts
    moving: Bool[AnyArray, "*slots rows"]
    count: Float[AnyArray, "*slots"]  # atoms
    energy: Float[AnyArray, "*slots"]  # eV; NaN before the first step
    enthalpy: Float[AnyArray, "*slots"]  # eV, energy and pressure times volume, which goes downhill; NaN before it too
    gradient: Float[AnyArray, "*slots rows 3"]  # eV/Å, of the enthalpy
    forces: Float[AnyArray, "*slots atoms 3"]  # eV/Å, on all atoms; NaN before it too
    force: Float[AnyArray, "*slots"]  # eV/Å, the largest on an atom that moves
    stress: Float[AnyArray, "*slots"]  # eV/Å³, beyond the pressure: see `Goal`
    memory: Any  # of the minimiser
    model: Spectrum | None  # of the Hessian, of each structure
    home: Float[AnyArray, "*slots rows 3"]  # Å, the variables where that was made
    steps: Int[AnyArray, "*slots"]  # evaluations
    ending: Int[AnyArray, "*slots"]


class Outcome(NamedTuple):
    """Where the loop ended."""

    slots: Slots
    outgrown: Bool[Array, ""]  # the lists have no room for all pairs: nothing was done since
    needed: Int[Array, "3"]


class _Felt(NamedTuple):
    energy: Float[Array, " slots"]
    enthalpy: Float[Array, " slots"]
    gradient: Float[Array, "slots rows 3"]
    forces: Float[Array, "slots atoms 3"]
    force: Float[Array, " slots"]
    stress: Float[Array, " slots"]
    complete: Bool[Array, ""]
    needed: Int[Array, "3"]


def placed(
    variables: Float[AnyArray, "slots rows 3"], slots: Slots, flexible: Flexible
) -> tuple[Float[AnyArray, "slots atoms 3"], Float[AnyArray, "slots 3 3"]]:
    """Positions and cells in Å: (1)."""
    if flexible == "no":
        return variables, slots.cell
    strain = _deformation(variables[:, :3], slots.count)
    bent = lambda rows: jnp.einsum("sab,snb->sna", strain, rows)
    return bent(variables[:, 3:]), bent(slots.cell)


@eqx.filter_jit
def descend(
    potential: Potential, lists: Lists, minimiser: Minimiser, slots: Slots, goal: Goal, flexible: Flexible = "no"
) -> Outcome:
    """Steps until `goal.enough` structures have come to their end, or wait for another model of their Hessian."""
    noise = _noise(slots)

    def goes_on(state):
        now, outgrown, _, taken = state
        over = jnp.sum(_waits(now) & ~_waits(slots))
        return ~outgrown & (taken < goal.most) & (over < goal.enough) & jnp.any(~_waits(now))

    def step(state):
        now, _, _, taken = state
        here = Spot(now.enthalpy, _flat(now.gradient))
        first = now.steps == 0
        walked, memory = jax.vmap(minimiser.propose)(here, now.memory, now.model)
        walked = jnp.where((first | _waits(now))[:, None], 0.0, walked)
        there = now.variables + walked.reshape(now.variables.shape)
        felt = _feel(potential, lists, there, now, goal, flexible)
        judge = jax.vmap(minimiser.judge)
        good, memory = judge(here, Spot(felt.enthalpy, _flat(felt.gradient)), walked, memory, noise)
        good = jnp.where(first, jnp.isfinite(felt.energy) & jnp.isfinite(felt.force), good)
        after = _judged(now, there, felt, good, memory, jax.vmap(farthest)(walked), goal)
        after = jax.tree.map(lambda new, old: jnp.where(felt.complete, new, old), after, now)
        return after, ~felt.complete, felt.needed, taken + 1

    start = slots, jnp.asarray(False), jnp.zeros(3, jnp.int64), jnp.asarray(0)
    now, outgrown, needed, _ = jax.lax.while_loop(goes_on, step, start)
    return Outcome(now, outgrown, needed)


def _judged(now: Slots, there, felt: _Felt, good, memory, length, goal: Goal) -> Slots:
    """After a step that was tried by all that are on their way, and taken by the good."""
    going, first = ~_waits(now), now.steps == 0
    taken = going & good
    pick = lambda new, old, where: jnp.where(where.reshape(-1, *[1] * (new.ndim - 1)), new, old)
    steps = now.steps + going
    force, stress = pick(felt.force, now.force, taken), pick(felt.stress, now.stress, taken)
    rests = taken & (force <= goal.force) & (stress <= goal.stress)
    ending = jnp.where(steps >= goal.steps, int(Ending.OUT_OF_STEPS), now.ending)
    ending = jnp.where(~good & ~first & (length < STUCK), int(Ending.STUCK), ending)
    ending = jnp.where(~good & first, int(Ending.NOT_FINITE), ending)
    ending = jnp.where(rests, int(Ending.CONVERGED), ending)
    return Slots(
        variables=pick(there, now.variables, taken),
        cell=now.cell,
        moving=now.moving,
        count=now.count,
        energy=pick(felt.energy, now.energy, taken),
        enthalpy=pick(felt.enthalpy, now.enthalpy, taken),
        gradient=pick(felt.gradient, now.gradient, taken),
        forces=pick(felt.forces, now.forces, taken),
        force=force,
        stress=stress,
        memory=jax.tree.map(lambda new, old: pick(new, old, going & ~first), memory, now.memory),
        model=now.model,
        home=now.home,
        steps=steps,
        ending=jnp.where(going, ending, now.ending),
    )


def _feel(potential: Potential, lists: Lists, variables, slots: Slots, goal: Goal, flexible: Flexible) -> _Felt:
    """Energy and slope of all structures where the variables put them."""
    count = slots.cell.shape[0]
    positions, cell = placed(variables, slots, flexible)
    told = sense(potential, lists, positions, cell, stress=flexible != "no")
    energy, forces, found = told.energy, told.forces, told.found
    rows = slice(0 if flexible == "no" else 3, None)
    slope = jnp.where(slots.moving[:, rows, None], -forces, 0.0)
    largest = jnp.sqrt(jnp.max(jnp.sum(slope**2, axis=2), axis=1))
    if flexible == "no":
        return _Felt(energy, energy, slope, forces, largest, jnp.zeros(count), found.complete, found.needed)
    volume = volumes(cell)
    beyond = cast(Array, told.stress) + goal.pressure * jnp.eye(3)
    beyond = jnp.trace(beyond, axis1=1, axis2=2)[:, None, None] / 3 * jnp.eye(3) if flexible == "isotropic" else beyond
    strain, pull = jax.vjp(lambda rows: _deformation(rows, slots.count), variables[:, :3])
    inverse = jnp.linalg.inv(strain)
    (cell_slope,) = pull(volume[:, None, None] * jnp.einsum("sab,scb->sac", beyond, inverse))
    cell_slope = (cell_slope + jnp.swapaxes(cell_slope, 1, 2)) / 2
    gradient = jnp.concatenate([cell_slope, jnp.einsum("sna,sab->snb", slope, strain)], axis=1)
    stress = jnp.max(jnp.abs(beyond), axis=(1, 2))
    enthalpy = energy + goal.pressure * volume
    return _Felt(energy, enthalpy, gradient, forces, largest, stress, found.complete, found.needed)


def _deformation(rows: Float[AnyArray, "slots 3 3"], count: Float[AnyArray, " slots"]) -> Float[Array, "slots 3 3"]:
    return jax.vmap(jax.scipy.linalg.expm)(rows / jnp.maximum(count, 1)[:, None, None])


def _noise(slots: Slots) -> Float[Array, " slots"]:
    """eV by which energies of single precision are rounded."""
    return 1e-6 * slots.count


def _ended(slots: Slots) -> Bool[AnyArray, " slots"]:
    return slots.ending != Ending.ON_THE_WAY


def strayed(slots: Slots) -> Bool[AnyArray, " slots"]:
    """Which are on their way with a model of the Hessian that was made too far away."""
    if slots.model is None:
        return jnp.zeros(slots.ending.shape, bool)
    gone = jnp.sum((slots.variables - slots.home) ** 2, axis=2).max(axis=1)
    return ~_ended(slots) & (gone > FAR**2)


def _waits(slots: Slots) -> Bool[AnyArray, " slots"]:
    """Those at their end, and those that wait for a model."""
    return _ended(slots) | strayed(slots)


def _flat(rows: Float[Array, "slots rows 3"]) -> Float[Array, "slots variables"]:
    return rows.reshape(rows.shape[0], -1)
