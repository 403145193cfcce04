"""The neighbour lists of a run: what is decided on the host, and the search inside the compiled loop."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple, cast

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from eukrates.matter import Graph, Size, System, batch, pad, rounded, size
from eukrates.matter.bins import Bins
from eukrates.matter.edges import Edges
from eukrates.matter.graph import Waves, most_waves
from eukrates.matter.neighbours import neighbours, triples
from eukrates.matter.search import SearchPlan, search, search_plan
from eukrates.matter.search_kernel import available
from eukrates.matter.triples import coupled
from eukrates.matter.verlet import complete_graph, few_enough
from eukrates.potential import Potential

MORE = 1.25  # room for pairs over those that are there, when it has to grow
BITS = 5  # room is rounded up to numbers with this many significant bits
STRETCH = 1.09  # of lattice vectors, for which the waves of a potential suffice (see `Potential.waves`)


@dataclass(frozen=True)
class Around:
    """Of the list of triples."""

    cutoff: float  # Å
    room: int


class Rooms(NamedTuple):
    """For how many pairs, each counted once, and triples there is room; 0 where there is no such list."""

    near: int = 0
    far: int = 0
    triples: int = 0


@dataclass(frozen=True)
class Plan:
    """What is decided before compiling; near and far are None where all pairs are listed once and for ever."""

    near: SearchPlan | None
    far: SearchPlan | None
    waves: Waves | None
    skin: float  # Å
    triples: Around | None = None

    @property
    def room(self) -> int:
        """For how many pairs and triples there is room."""
        around = 0 if self.triples is None else self.triples.room
        return sum(one.half for one in (self.near, self.far) if one is not None) + around

    @property
    def rooms(self) -> "Rooms":
        """The same by list."""
        half = lambda one: 0 if one is None else one.half
        return Rooms(half(self.near), half(self.far), 0 if self.triples is None else self.triples.room)

    def to_json(self) -> str:
        """For a checkpoint."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Plan":
        """Back again."""
        told: dict[str, Any] = json.loads(text)
        near, far = (None if one is None else _search_plan_from(one) for one in (told["near"], told["far"]))
        waves, around = told["waves"], told.get("triples")
        around = None if around is None else Around(**around)
        return cls(near, far, None if waves is None else tuple(waves), told["skin"], around)


class Found(eqx.Module):
    """A list, and whether it is complete."""

    graph: Graph
    needed: Int[Array, "3"]  # pairs near and far, each counted once, and triples; -1 where a plan does not fit
    complete: Bool[Array, ""]


class Lists(eqx.Module):
    """How to list the neighbours of systems laid end to end, wherever they are."""

    world: System  # padded, at the places for which the plan was made
    always: Graph | None  # with all pairs and triples, where there is nothing to search
    plan: Plan = eqx.field(static=True)

    @property
    def reach(self) -> float:
        """Å that atoms may move from where they were listed; infinite where all pairs are."""
        return math.inf if self.always is not None else self.plan.skin / 2

    @property
    def listed(self) -> float:
        """Å, up to which pairs are in the lists."""
        return max((one.cutoff for one in (self.plan.near, self.plan.far) if one is not None), default=math.inf)

    def search(self, positions: Float[Array, "atoms 3"], cell: Float[Array, "systems 3 3"]) -> Found:
        """The neighbours of atoms at these positions, in these cells."""
        s, plan = self.world, self.plan
        here = System(s.numbers, positions, cell, s.owner, s.real, s.charge, s.spin)
        if self.always is not None:
            listed = eqx.tree_at(lambda graph: graph.system, self.always, here)
            return Found(listed, jnp.zeros(3, jnp.int64), jnp.asarray(True))
        close = cast(SearchPlan, plan.near)
        near, count = search(positions, cell, s, close)
        far, more, holds = None, jnp.asarray(0, count.dtype), close.holds(count)
        if plan.far is not None:
            far, more = search(positions, cell, s, plan.far)
            holds &= plan.far.holds(more)
        if plan.waves is not None:
            length = lambda cell: jnp.linalg.norm(jnp.asarray(cell), axis=2)
            holds &= jnp.all(length(cell) <= STRETCH * length(s.cell))
        found, around = Graph(here, near, far, plan.waves), jnp.zeros((), count.dtype)
        if plan.triples is not None:
            short = jnp.sum(found.half_vectors(near) ** 2, axis=1) < plan.triples.cutoff**2
            within = near.real & jnp.concatenate([short, short])
            listed, around = coupled(near, within, plan.triples.cutoff, plan.triples.room, jnp)
            found = eqx.tree_at(lambda graph: graph.triples, found, listed, is_leaf=lambda leaf: leaf is None)
            holds &= around <= plan.triples.room
        needed = jnp.stack([count, more, around.astype(count.dtype)])
        return Found(found, needed, jnp.asarray(holds))

    def replanned(self, potential: Potential, structures: Sequence[System], needed: Sequence[int]) -> "Lists":
        """For systems that are elsewhere now, with room for the pairs that were needed."""
        grown = (_grown(room, n) for room, n in zip(self.plan.rooms, needed, strict=True))
        return self.with_room(potential, structures, Rooms(*grown))

    def with_room(self, potential: Potential, structures: Sequence[System], rooms: Rooms) -> "Lists":
        """For systems that are elsewhere now, with so much room at least; lists of all pairs have enough."""
        if self.always is not None:
            return self
        old, waves = self.plan, _waves(potential, structures)
        world = _world(structures)
        most = Rooms(*map(max, old.rooms, rooms))
        again = lambda plan, room: None if plan is None else search_plan(world, plan.cutoff, room)
        around = None if old.triples is None else Around(old.triples.cutoff, most.triples)
        return Lists(world, None, Plan(again(old.near, most.near), again(old.far, most.far), waves, old.skin, around))

    def around(self, potential: Potential, structures: Sequence[System], room: Size) -> "Lists":
        """The same plan for other structures, which are padded to the same atoms and systems every time.

        Where this one lists all pairs, all pairs of them, and room for as many as the largest has in every system.
        """
        waves = _waves(potential, structures)
        known = [one for one in (waves, self.plan.waves) if one is not None]
        plan = replace(self.plan, waves=most_waves(known))
        if self.always is None:
            return Lists(_world(structures, room), None, plan)
        far, angles = self.always.far is not None, self.always.triples is not None
        each = [complete_graph(s, far, plan.waves, angles) for s in structures]
        most = size(max(each, key=lambda graph: graph.system.atoms))
        slots = room.systems - 1
        rows = Size(room.atoms, slots * most.pairs, room.systems, slots * most.far_pairs, slots * most.triples)
        always = pad(batch(each), rows)
        return Lists(always.system, always, plan)


def lists_for(potential: Potential, structures: Sequence[System], skin: float) -> Lists:
    """Lists for structures laid end to end: of all pairs where that is hardly more than a search would find."""
    waves = _waves(potential, structures)
    near, far = potential.cutoff, potential.far_cutoff
    shortest = skin + (near if far is None else min(near, far))
    angles = potential.triple_cutoff is not None
    if all(few_enough(s, lambda s=s: neighbours(s, shortest).i.size, angles) for s in structures):
        always = batch([complete_graph(s, far is not None, waves, angles) for s in structures])
        return Lists(always.system, always, Plan(None, None, waves, skin))
    world = _world(structures)
    beyond = None if far is None else search_plan(world, far + skin)
    around = _around(structures, potential.triple_cutoff, skin)
    return Lists(world, None, Plan(search_plan(world, near + skin), beyond, waves, skin, around))


def lists_from(plan: Plan, potential: Potential, structures: Sequence[System]) -> Lists:
    """The lists of a plan that was written down, for the structures that it was made for."""
    if plan.near is None:
        return lists_for(potential, structures, plan.skin)
    if (potential.triple_cutoff is None) != (plan.triples is None):  # planned where there were other kernels
        plan = replace(plan, triples=_around(structures, potential.triple_cutoff, plan.skin))
    searches = plan.near, plan.far
    if available() or all(one is None or one.bins is not None for one in searches):
        return Lists(_world(structures), None, plan)
    world = _world(structures)  # planned for a kernel that is not here
    again = lambda one: None if one is None else search_plan(world, one.cutoff, one.half)
    return Lists(world, None, replace(plan, near=again(plan.near), far=again(plan.far)))


def _around(structures: Sequence[System], cutoff: float | None, skin: float) -> Around | None:
    """Room for the triples that are there now, and some more."""
    if cutoff is None:
        return None
    reach = cutoff + skin
    now = sum(triples(s, neighbours(s, reach), reach).real.size for s in structures)
    return Around(reach, _grown(0, max(now, 1)))


def _world(structures: Sequence[System], room: Size | None = None) -> System:
    """End to end, with an atom and a system of padding, or as many as there is room for."""
    nobody = np.zeros(0, np.int32)
    none = Edges(nobody, nobody, np.zeros((0, 3), np.int32), np.zeros(0, bool), math.inf)
    bare = batch([Graph(s, none) for s in structures])
    one_more = Size(bare.system.atoms + 1, 0, bare.system.systems + 1)
    return pad(bare, one_more if room is None else one_more._replace(atoms=room.atoms, systems=room.systems)).system


def _waves(potential: Potential, structures: Sequence[System]) -> Waves | None:
    return most_waves([one for s in structures if (one := potential.waves(s.cell)) is not None])


def _grown(room: int, needed: int) -> int:
    return room if needed <= room else rounded(math.ceil(MORE * needed), BITS)


def _search_plan_from(told: dict[str, Any]) -> SearchPlan:
    bins = told["bins"]
    if bins is not None:
        bins = Bins(tuple(bins["shape"]), tuple(bins["reach"]), bins["room"])
    return SearchPlan(told["cutoff"], told["half"], bins)
