"""`relax` and `quench`: structures of any size, many at once, to where their forces vanish."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf

import ase
import jax
import numpy as np

from eukrates.dynamics.lists import Rooms
from eukrates.landscape.crew import Arrival, Crew, Member, Room
from eukrates.landscape.descent import Ending, Flexible, Goal
from eukrates.landscape.held import Held, held
from eukrates.landscape.lbfgs import LBFGS
from eukrates.landscape.minimiser import Minimiser
from eukrates.matter import System
from eukrates.numerics import to_device
from eukrates.potential import Potential, check_system
from eukrates.units import GPA

TOGETHER = {"cpu": 512}  # atoms of structures that relax together, where nothing else is said
TOGETHER_ELSEWHERE = 16384
SHARE = 8  # one of so many slots is empty before they are filled again
CHUNK = 100  # steps, after which progress is told at the latest


@dataclass(frozen=True)
class Target:
    """Where a relaxation ends.

    Args:
        force: eV/Å, the largest force on an atom that moves.
        steps: evaluations of energy and forces, of one structure.
        cell: "no": cells stay; "isotropic": their volume relaxes; "full": their volume and shape. With a cell that
            relaxes fixed atoms keep their place within it (fractional coordinates).
        pressure_gpa: GPa, that cells relax under.
        stress_gpa: GPa, of the stress beyond the pressure: where cells are "full" the largest component, where they are
            "isotropic" the mean normal stress (trace/3) alone; shear and anisotropy are left then.
    """

    force: float = 0.01
    steps: int = 1000
    cell: Flexible = "no"
    pressure_gpa: float = 0.0
    stress_gpa: float = 0.1

    def __post_init__(self):
        if not (self.force > 0 and self.stress_gpa > 0 and self.steps > 0):
            raise ValueError(f"Expected a force, a stress and steps above 0, got {self}.")
        if self.cell not in ("no", "isotropic", "full"):
            raise ValueError(f"Unknown cell={self.cell!r}. Known: no, isotropic, full.")
        if self.cell == "no" and self.pressure_gpa:
            raise ValueError(f"A pressure of {self.pressure_gpa} GPa needs a cell that relaxes: isotropic or full.")


@dataclass(frozen=True, eq=False)
class Relaxed:
    """Where a structure came to rest, or where it was left."""

    structure: System
    energy: float  # eV, potential; NaN where it starts with energy or forces that are not finite
    forces: np.ndarray  # eV/Å, [atoms, 3]; NaN there too
    force: float  # eV/Å, the largest on an atom that moves; infinite there
    stress_gpa: float  # GPa, beyond the pressure, see `Target`; 0 where the cell stays
    steps: int  # evaluations of energy and forces
    ending: Ending
    pressure_gpa: float = 0.0  # GPa, that the cell relaxed under

    @property
    def converged(self) -> bool:
        """Whether it rests."""
        return self.ending == Ending.CONVERGED

    @property
    def enthalpy(self) -> float:
        """E + pV in eV, of which this is the minimum where the cell relaxed under a pressure p; else E."""
        volume = abs(float(np.linalg.det(self.structure.cell[0])))
        return self.energy + self.pressure_gpa * GPA * volume


def relax(
    potential: Potential,
    structures: Sequence[System | ase.Atoms | Held],
    target: Target | None = None,
    minimiser: Minimiser | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> list[Relaxed]:
    """Where each of the structures comes to rest, in their order.

    What fails is in the result too, with what it failed of: look at `converged`.

    Args:
        potential: any potential.
        structures: open or periodic, of any size; FixAtoms of `ase.Atoms` counts, see `Target.cell`.
        target: where to end.
        minimiser: L-BFGS where not given.
        progress: is told how many structures are at their end, of how many.

    Raises:
        ValueError: a structure that the potential does not know, see `predict`, or without a volume where its cell is
            to relax; constraints other than FixAtoms.
    """
    starts = [one if isinstance(one, Held) else held(one) for one in structures]
    for one in starts:
        _check(potential, one, target or Target())
    order = sorted(range(len(starts)), key=lambda n: _kind(starts[n]))  # those that go down together
    found: dict[int, Relaxed] = {}
    together = min(_together(), len(starts) * max((one.structure.atoms for one in starts), default=1))
    for n, one in quench(potential, (starts[n] for n in order), target, minimiser, together):
        found[order[n]] = one
        progress(len(found), len(starts))
    return [found[n] for n in range(len(starts))]


def quench(
    potential: Potential,
    structures: Iterable[System | ase.Atoms | Held],
    target: Target | None = None,
    minimiser: Minimiser | None = None,
    together: int | None = None,
    capacity: "Capacity | None" = None,
) -> Iterator[tuple[int, Relaxed]]:
    """The same for a stream of structures, as they come to rest: (place in the stream, result).

    Structures are drawn where there is room for them. Those of similar size follow each other best.

    Args:
        potential, structures, target, minimiser: see `relax`.
        together: atoms of structures that relax together.
        capacity: of earlier calls for structures of one kind, which grows; with it nothing is compiled that was before.

    Raises:
        ValueError: see `relax`; when the structure is drawn.
    """
    target, minimiser = target or Target(), minimiser or LBFGS()
    together, capacity = together or _together(), capacity or Capacity()
    with jax.enable_x64(True):
        ready = to_device(potential.for_inference())
    waiting = _Queue(structures, lambda one: _check(potential, one, target))
    while (first := waiting.first()) is not None:
        room = Room.of(first.start, together)
        crew = Crew(ready, minimiser, room, target.cell, waiting.draw(room, room.slots), capacity.rooms)
        goal = _goal(target, max(1, room.slots // SHARE))
        while crew.members:
            full = crew.vacancies == 0 or waiting.first() is not None
            for one in crew.go(goal if full else goal._replace(enough=max(1, len(crew.members) // 2))):
                yield one.member.number, _relaxed(one, target)
            if newcomers := waiting.draw(room, crew.vacancies):
                crew.enter(newcomers)
        capacity.rooms = Rooms(*map(max, capacity.rooms, crew.rooms))


@dataclass
class Capacity:
    """Room for neighbours that quenches have needed so far."""

    rooms: Rooms = field(default_factory=Rooms)


class _Queue:
    """A stream, of which the next is known."""

    def __init__(self, structures: Iterable, check: Callable[[Held], None]):
        self._stream, self._check = enumerate(structures), check
        self._next: Member | None = None

    def first(self) -> Member | None:
        """Who comes next; None: nobody."""
        if self._next is None and (told := next(self._stream, None)) is not None:
            number, one = told
            start = one if isinstance(one, Held) else held(one)
            self._check(start)
            self._next = Member(number, start)
        return self._next

    def draw(self, room: Room, most: int) -> list[Member]:
        """The next, as far as they fit."""
        found: list[Member] = []
        while len(found) < most and (one := self.first()) is not None and room.takes(one.start):
            found.append(one)
            self._next = None
        return found


def _kind(one: Held) -> tuple[bool, bool, bool, int]:
    """Equal for structures that may share a crew, but for their size; the largest first."""
    s = one.structure
    return s.charge is None, s.spin is None, bool(np.any(s.cell)), -s.atoms


def _together() -> int:
    return TOGETHER.get(jax.default_backend(), TOGETHER_ELSEWHERE)


def _goal(target: Target, enough: int) -> Goal:
    stress = target.stress_gpa * GPA if target.cell != "no" else inf
    return Goal(target.force, stress, target.pressure_gpa * GPA, target.steps, enough, CHUNK)


def _check(potential: Potential, one: Held, target: Target) -> None:
    check_system(potential, one.structure)
    if target.cell != "no" and np.linalg.det(one.structure.cell[0]) == 0:
        raise ValueError(
            f"cell={target.cell!r} was asked for, and a structure is not periodic along three axes: it has no volume "
            "that could relax."
        )


def _relaxed(one: Arrival, target: Target) -> Relaxed:
    stress = 0.0 if target.cell == "no" else one.stress / GPA
    pressure = target.pressure_gpa
    return Relaxed(one.structure, one.energy, one.forces, one.force, stress, one.steps, one.ending, pressure)
