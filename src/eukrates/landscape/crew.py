"""`Crew`: the structures that go down together, on the host: who enters, who is in which slot, who leaves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import jax
import numpy as np

from eukrates.dynamics.lists import Lists, Rooms, lists_for
from eukrates.landscape.descent import Ending, Flexible, Goal, Slots, descend, placed, strayed
from eukrates.landscape.held import Held
from eukrates.landscape.minimiser import Minimiser, Spectrum
from eukrates.landscape.model_hessian import model_spectrum, padded, topology
from eukrates.matter import Size, System
from eukrates.numerics import to_device, to_host
from eukrates.potential import Potential

MOST_MODELLED = 400  # atoms of a structure for which a model of the Hessian is diagonalised


class Member(NamedTuple):
    """A structure on its way."""

    number: int  # whatever the caller knows it by
    start: Held


class Arrival(NamedTuple):
    """A structure at its end."""

    member: Member
    structure: System
    energy: float  # eV; NaN where it starts with energy or forces that are not finite
    forces: np.ndarray  # eV/Å, [atoms, 3]; NaN there too
    force: float  # eV/Å, the largest on an atom that moves; infinite there
    stress: float  # eV/Å³, beyond the pressure, see `Goal`; infinite there
    steps: int  # evaluations
    ending: Ending


@dataclass(frozen=True)
class Room:
    """The shape of a crew."""

    slots: int
    atoms: int  # of the largest structure
    modelled: bool  # whether there is a model of the Hessian
    stated: tuple[bool, bool]  # whether charge and spin are told

    @classmethod
    def of(cls, one: Held, most_atoms: int) -> "Room":
        """For structures like one, with so many atoms in all."""
        s = one.structure
        modelled = s.atoms <= MOST_MODELLED and topology(s) is not None
        return cls(max(1, most_atoms // s.atoms), s.atoms, modelled, (s.charge is not None, s.spin is not None))

    def takes(self, one: Held) -> bool:
        """Whether a structure fits, and would not fit into half of the room."""
        other = Room.of(one, 1)
        alike = (self.modelled, self.stated) == (other.modelled, other.stated)
        return self.atoms // 2 < other.atoms <= self.atoms and alike


class Crew:
    """Structures of similar size that go down together.

    Args:
        potential: for inference, on the device.
        minimiser: that takes the steps.
        room: for how many structures, of which size.
        flexible: how cells relax.
        first: its first members, at least one.
        rooms: for pairs, at least.
    """

    def __init__(
        self,
        potential: Potential,
        minimiser: Minimiser,
        room: Room,
        flexible: Flexible,
        first: Sequence[Member],
        rooms: Rooms,
    ):
        self.potential, self.minimiser, self.room, self.flexible = potential, minimiser, room, flexible
        self.members = list(first)
        self._slots = self._filled([], first)
        here = self._structures()
        self._lists = self._around(lists_for(potential, here, 0.0).with_room(potential, here, rooms))

    @property
    def rooms(self) -> Rooms:
        """For pairs."""
        return self._lists.plan.rooms

    @property
    def vacancies(self) -> int:
        """Slots that nobody is in."""
        return self.room.slots - len(self.members)

    def enter(self, newcomers: Sequence[Member]) -> None:
        """Fill vacancies."""
        old = [jax.tree.map(lambda rows, n=n: rows[n], self._slots) for n in range(len(self.members))]
        self._slots = self._filled(old, newcomers)
        self.members += newcomers
        self._lists = self._around(self._lists)

    def go(self, goal: Goal) -> list[Arrival]:
        """On until `goal.enough` are at their end, or `goal.most` steps were taken. Those at their end leave."""
        with jax.enable_x64(True):
            while True:
                lists, slots, told = to_device((self._lists, self._slots, jax.tree.map(np.asarray, goal)))
                outcome = to_host(descend(self.potential, lists, self.minimiser, slots, told, self.flexible))
                self._slots = outcome.slots
                if not outcome.outgrown:
                    self._renew()
                    return self._left()
                here, needed = self._structures(), outcome.needed.tolist()
                self._lists = self._around(self._lists.replanned(self.potential, here, needed))

    def _renew(self) -> None:
        """New models of the Hessian for structures that strayed; what they learned on the way is forgotten.

        They wait for that wherever they are, so that company makes no difference to where they go.
        """
        astray = np.flatnonzero(strayed(self._slots)).tolist()
        if not astray:
            return
        here, kept = self._structures(), self._slots
        fresh = {n: self._fresh(self.members[n].start._replace(structure=here[n])) for n in astray}
        for n, one in fresh.items():
            if one.model is None:  # as where an atom has come off: the old one must do
                fresh[n] = replace(one, model=jax.tree.map(lambda rows, n=n: rows[n], kept.model))
        told = lambda slots: (slots.memory, slots.model, slots.home)
        rows = jax.tree.map(np.array, told(kept))
        for n, one in fresh.items():
            for column, row in zip(jax.tree.leaves(rows), jax.tree.leaves(told(one)), strict=True):
                column[n] = row
        memory, model, home = rows
        self._slots = replace(kept, memory=memory, model=model, home=home)

    def _left(self) -> list[Arrival]:
        """Those at their end, who are no members any more."""
        slots, here = self._slots, self._structures()
        over = slots.ending[: len(here)] != Ending.ON_THE_WAY
        arrived = []
        for n in np.flatnonzero(over).tolist():
            one = Arrival(
                member=self.members[n],
                structure=here[n],
                energy=float(slots.energy[n]),
                forces=np.array(slots.forces[n, : here[n].atoms]),
                force=float(slots.force[n]),
                stress=float(slots.stress[n]),
                steps=int(slots.steps[n]),
                ending=Ending(int(slots.ending[n])),
            )
            arrived.append(one)
        self.members = [member for member, ended in zip(self.members, over, strict=True) if not ended]
        if arrived and self.members:
            order = np.argsort(np.pad(over, (0, self.room.slots - over.size), constant_values=True), kind="stable")
            self._slots = jax.tree.map(lambda rows: rows[order], slots)
            self._lists = self._around(self._lists)
        return arrived

    def _structures(self) -> list[System]:
        """The members where they are now."""
        with jax.enable_x64(True):
            positions, cells = to_host(placed(self._slots.variables, self._slots, self.flexible))
        each = zip(self.members, positions, cells, strict=False)
        structures = ((one.start.structure, where, cell) for one, where, cell in each)
        return [
            replace(s, positions=np.array(where[: s.atoms]), cell=np.array(cell)[None]) for s, where, cell in structures
        ]

    def _around(self, lists: Lists) -> Lists:
        """The lists for the members where they are now."""
        room = Size(self.room.slots * self.room.atoms + 1, 0, self.room.slots + 1)
        return lists.around(self.potential, self._structures(), room)

    def _filled(self, old: Sequence[Slots], newcomers: Sequence[Member]) -> Slots:
        """All slots: of the old, of the new, and of nobody."""
        with jax.enable_x64(True):
            fresh = [self._fresh(one.start) for one in newcomers]
        nobody = [_nobody(fresh[0])] * (self.room.slots - len(old) - len(fresh))
        return jax.tree.map(lambda *rows: np.stack(rows), *old, *fresh, *nobody)

    def _fresh(self, one: Held) -> Slots:
        """What a slot holds before the first step."""
        s, extra = one.structure, 0 if self.flexible == "no" else 3
        rows = extra + self.room.atoms
        longer = lambda array, filled: np.concatenate(
            [
                np.full((extra, *array.shape[1:]), filled, array.dtype),
                array,
                np.zeros((self.room.atoms - s.atoms, *array.shape[1:]), array.dtype),
            ]
        )
        return Slots(
            variables=longer(np.asarray(s.positions, np.float64), 0.0),
            cell=np.asarray(s.cell[0], np.float64),
            moving=longer(one.moving, True),
            count=np.asarray(float(s.atoms)),
            energy=np.asarray(np.nan),
            enthalpy=np.asarray(np.nan),
            gradient=np.zeros((rows, 3)),
            forces=np.full((self.room.atoms, 3), np.nan),
            force=np.asarray(np.inf),
            stress=np.asarray(np.inf),
            memory=to_host(self.minimiser.start(3 * rows)),
            model=self._model(one),
            home=longer(np.asarray(s.positions, np.float64), 0.0),
            steps=np.asarray(0),
            ending=np.asarray(int(Ending.ON_THE_WAY)),
        )

    def _model(self, one: Held) -> Spectrum | None:
        """Of the Hessian, where there is one."""
        if not (self.minimiser.modelled and self.room.modelled and self.flexible == "no"):
            return None
        if (known := topology(one.structure)) is None:
            return None
        known, empty = padded(known, self.room.atoms), self.room.atoms - one.structure.atoms
        positions = np.pad(one.structure.positions, ((0, empty), (0, 0)))
        return to_host(model_spectrum(*to_device((positions, np.pad(one.moving, (0, empty)), known))))


def _nobody(like: Slots) -> Slots:
    """An empty slot."""
    zero = jax.tree.map(np.zeros_like, like)
    return Slots(**{**vars(zero), "ending": np.asarray(int(Ending.CONVERGED))})
