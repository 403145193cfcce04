"""`sense`: energy and forces of structures in slots, inside a compiled loop."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from eukrates.dynamics.lists import Found, Lists
from eukrates.potential import Potential, evaluate
from eukrates.shapes import AnyArray


class Sensed(NamedTuple):
    """What the potential says of every slot."""

    energy: Float[Array, " slots"]  # eV
    forces: Float[Array, "slots atoms 3"]  # eV/Å; zero for padding
    stress: Float[Array, "slots 3 3"] | None  # eV/Å³, if asked for
    found: Found  # the lists, which may have no room for all pairs: nothing else is right then


def sense(
    potential: Potential,
    lists: Lists,
    positions: Float[AnyArray, "slots atoms 3"],
    cell: Float[AnyArray, "slots 3 3"],
    stress: bool = False,
) -> Sensed:
    """Of structures that the lists were made for, in their order, each with padding after its atoms."""
    count, world = positions.shape[0], lists.world
    first = jnp.searchsorted(world.owner, jnp.arange(count + 1))
    place = jnp.arange(world.atoms) - first[world.owner]
    flat = positions.at[world.owner, place].get(mode="fill", fill_value=0.0)
    padding = jnp.zeros((world.systems - count, 3, 3))
    found = lists.search(flat, jnp.concatenate([cell, padding]))
    told = evaluate(potential, found.graph, ("energy", "forces", "stress") if stress else ("energy", "forces"))
    forces = jnp.zeros(positions.shape).at[world.owner, place].set(told.forces, mode="drop")
    energy = told.energy[:count].astype(positions.dtype)
    return Sensed(energy, forces, told.stress[:count] if stress and told.stress is not None else None, found)
