"""The host's part of the loop: it starts chunks, writes frames, renews neighbour lists, decides what verdicts mean."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np

from eukrates.data.atoms import to_atoms
from eukrates.data.trajectory import Frames
from eukrates.dynamics.chunk import Course, Departure, Outcome, Place, Snapshots, advance, snapshot
from eukrates.dynamics.clusters import together
from eukrates.dynamics.ensembles import Ensemble
from eukrates.dynamics.journals import Journals
from eukrates.dynamics.phase import temperature
from eukrates.dynamics.settings import Settings
from eukrates.dynamics.standing import Standing, moving_atoms, placed
from eukrates.dynamics.verdict import Verdict, explained
from eukrates.dynamics.watch import bounds_of
from eukrates.numerics import to_device
from eukrates.potential import Potential
from eukrates.units import FS, G_PER_CM3, GPA

FIRST_STEPS = 5  # of the chunk that tells how fast it goes
SECONDS = 1.0  # that a chunk is to take
COMMIT_SECONDS, COMMIT_SHARE = 2.0, 20.0  # between checkpoints at least, and at least so many times what one takes
REPORT_SECONDS = 0.2  # between reports of progress
FRAME_BYTES, MOST_FRAMES = 1 << 25, 1000  # that a chunk may hold


@dataclass(frozen=True)
class Progress:
    """Where a run stands, for those who watch it. Energies and temperature are means over the systems that go on."""

    step: int
    steps: int
    time_fs: float
    potential_energy: float  # eV
    temperature_kelvin: float
    conserved_change: float  # eV since the start, of what exact dynamics would keep constant
    ns_per_day: float  # of all systems together; NaN while compiling
    eta_seconds: float  # NaN while compiling
    notes: tuple[str, ...] = ()  # what happened since the last report
    systems: int = 1  # that go on


class Engine:
    """Drives systems that run together from where they stand to their end."""

    def __init__(
        self,
        potential: Potential,
        members: Sequence[Settings],
        journals: Journals,
        progress: Callable[[Progress], None] | None = None,
    ):
        self.members, self.journals, self._common = members, journals, members[0]
        self.stopped: list[str | None] = [None] * len(members)
        self.warm_steps, self.warm_seconds = 0, 0.0  # without compilation
        self._progress = progress or (lambda report: None)
        self._told, self._reported = [0] * len(members), -math.inf  # notes that were reported, and when
        self._ends = np.cumsum([one.structure.atoms for one in members])
        with jax.enable_x64(True):
            self._potential = to_device(potential.for_inference())
            self._ensemble = stacked([one.ensemble for one in members])
            self._freedom = jnp.array([*(float(one.freedom) for one in members), 0.0])
            self._hottest = jnp.array([*(one.ensemble.bound_kelvin for one in members), math.inf])
        self._structures, self._fixed = [one.structure for one in members], None
        self._capacity = int(np.clip(FRAME_BYTES // (72 * self._ends[-1]), 1, MOST_FRAMES))

    @property
    def ns_per_day(self) -> float:
        """Nanoseconds of each system's time per day, compilation not counted; NaN before it is known."""
        if not self.warm_steps:
            return math.nan
        return self.warm_steps * self._common.timestep_fs * 1e-6 / self.warm_seconds * 86400

    def begin(self, standing: Standing) -> Standing:
        """Feel the forces of the start by a step that takes no time, write frame 0, and go."""
        with jax.enable_x64(True):
            outcome = self._chunk(standing, until=1, timestep=0.0)
            standing = replace(standing, last=self._last(standing, outcome.place))
            self._explain(~standing.alive, standing.last, outcome.place, begun=False)
            if not standing.alive.any():
                if self.journals.directory is not None:
                    self.journals.write()
                return standing
            now = jax.tree.map(lambda row: np.asarray(row)[None], snapshot(outcome.place.phase, jnp.asarray(0)))
            started = [self._frames(now, n) for n in range(len(self.members))]
            energies = np.array([frames.observables["conserved_energy"][0] for frames in started])
            standing = replace(standing, phase=outcome.place.phase, step=0, start_energy=energies)
            for n in _which(standing.alive):
                self.journals.each[n].add(started[n])
            self.journals.commit(standing)
        return self.go(standing)

    def go(self, standing: Standing) -> Standing:
        """To the last step, or to where the run must stop."""
        common, committed, cost, compiled = self._common, time.perf_counter(), 0.0, False
        with jax.enable_x64(True):
            while standing.step < common.steps and standing.alive.any():
                clock, before, warm = time.perf_counter(), standing, compiled
                outcome = self._chunk(standing, self._until(standing.step, warm), common.timestep_fs * FS)
                place, step, compiled = outcome.place, int(outcome.place.step), True
                standing = replace(standing, phase=place.phase, step=step, origin=place.origin)
                standing = replace(standing, last=self._last(standing, place))
                self._record(outcome, before.alive, standing.last)
                self._explain(before.alive & ~standing.alive, standing.last, place)
                if bool(place.outgrown):
                    standing, compiled = self._with_room(standing, place), False
                over, now = step == common.steps or not standing.alive.any(), time.perf_counter()
                if over or now - committed >= max(COMMIT_SECONDS, COMMIT_SHARE * cost):
                    self.journals.commit(standing)
                    committed = time.perf_counter()
                    cost = committed - now
                if warm:
                    self.warm_steps += step - before.step
                    self.warm_seconds += time.perf_counter() - clock
                if over or now - self._reported >= REPORT_SECONDS:
                    self._report(standing)
                    self._reported = now
        return standing

    def _until(self, step: int, compiled: bool) -> int:
        """Where the next chunk ends: after a step to compile, a few to see how fast they are, then as many as fit."""
        rate = self.warm_steps / self.warm_seconds if self.warm_steps else FIRST_STEPS / SECONDS
        return min(self._common.steps, step + (max(1, round(SECONDS * rate)) if compiled else 1))

    def _chunk(self, standing: Standing, until: int, timestep: float) -> Outcome:
        atoms, systems = standing.lists.world.atoms, standing.lists.world.systems
        limits = self._freedom[:systems], self._hottest[:systems]
        if self._fixed is None:
            bounds = bounds_of(self._common.record.watch, self._structures, atoms)
            each = [one.constraints for one in self.members], [s.atoms for s in self._structures]
            self._fixed = to_device((together(*each, atoms), bounds))
        course = Course(timestep, until, self._common.record.every, *limits, *self._fixed)
        course = jax.tree.map(jnp.asarray, course)
        ensemble = jax.tree.map(lambda numbers: numbers[:systems], self._ensemble)
        alive = np.pad(standing.alive, (0, systems - len(self.members)))
        start = Departure(standing.phase, standing.origin, jnp.asarray(standing.step), jnp.asarray(alive))
        lists, start = to_device((standing.lists, start))
        outcome = advance(self._potential, lists, ensemble, course, start, self._capacity)
        return jax.block_until_ready(outcome)

    def _record(self, outcome: Outcome, alive: np.ndarray, last: np.ndarray) -> None:
        """Frames to the journals of those that were `alive`, as far as each came."""
        count = int(outcome.count)
        rows = jax.tree.map(lambda rows: np.asarray(rows)[:count].copy(), outcome.snapshots)  # buffers are much larger
        for n in _which(alive):
            good = rows.step <= last[n] if last[n] >= 0 else slice(None)
            self.journals.each[n].add(self._frames(jax.tree.map(lambda rows, good=good: rows[good], rows), n))

    def _frames(self, rows: Snapshots, n: int) -> Frames:
        """The frames of one member."""
        s, atoms = self.members[n], slice(self._ends[n] - self.members[n].structure.atoms, self._ends[n])
        host = np.asarray
        potential, kinetic, heat = (host(column)[:, n] for column in (rows.energy, rows.kinetic, rows.heat))
        observables = {
            "potential_energy": potential,
            "kinetic_energy": kinetic,
            "conserved_energy": potential + kinetic - heat,
            "temperature_kelvin": temperature(kinetic, s.freedom),
        }
        if s.ensemble.flexible:
            volume = np.abs(np.linalg.det(host(rows.cell)[:, n]))
            observables |= {
                "pressure_gpa": host(rows.pressure)[:, n] / GPA,
                "volume_angstrom3": volume,
                "density_g_per_cm3": s.masses.sum() / volume * G_PER_CM3,
            }
        return Frames(
            step=host(rows.step),
            time_fs=host(rows.step) * s.timestep_fs,
            positions=host(rows.positions)[:, atoms],
            velocities=host(rows.velocities)[:, atoms] * FS if "velocities" in s.record.what else None,
            forces=host(rows.forces)[:, atoms] if "forces" in s.record.what else None,
            charges=host(rows.charges)[:, atoms] if "charges" in s.record.what else None,
            observables=observables,
            cell=host(rows.cell)[:, n] if s.ensemble.flexible else None,
        )

    def _with_room(self, standing: Standing, place: Place) -> Standing:
        """With neighbour lists that have room for what was needed where they were last made."""
        here = placed(self._structures, np.asarray(standing.origin.positions), np.asarray(standing.origin.cell))
        old, new = standing.lists, standing.lists.replanned(self._potential, here, np.asarray(place.needed).tolist())
        if old.plan == new.plan and np.array_equal(old.world.cell, new.world.cell):
            why = "The plan of neighbour lists that was made for a cell does not serve it."
            raise RuntimeError(f"{why} This is an error in Eukrates; please report it with {new.plan}.")
        grew = f"Room for neighbour pairs grew from {old.plan.room} to {new.plan.room}"
        changed = grew if new.plan.room != old.plan.room else "The search for neighbours was planned anew"
        self.journals.note(standing.step, f"{changed} at step {standing.step}; the step is compiled anew.")
        return replace(standing, lists=new)

    def _last(self, standing: Standing, place: Place) -> np.ndarray:
        """[members], the last good steps of those that were halted until now."""
        members = len(self.members)
        wrong = standing.alive & (np.asarray(place.verdict)[:members] != Verdict.FINE)
        return np.where(wrong, np.asarray(place.last)[:members], standing.last)

    def _explain(self, halted: np.ndarray, last: np.ndarray, place: Place, begun: bool = True) -> None:
        """Say what, where and when; what was good is kept."""
        phase, verdicts = place.phase, np.asarray(place.verdict)
        there = placed(self._structures, np.asarray(phase.positions), np.asarray(phase.cell))
        beyond = placed(self._structures, *map(np.asarray, place.refused))
        for n in _which(halted):
            s, atoms = self.members[n], slice(self._ends[n] - self.members[n].structure.atoms, self._ends[n])
            good, refused = moving_atoms(there[n], s.masses, np.asarray(phase.momenta)[atoms]), beyond[n]
            step = int(last[n]) if begun else None
            said = explained(Verdict(int(verdicts[n])), s, step, refused, np.asarray(place.warmth)[atoms])
            self.stopped[n] = said
            self.journals.each[n].note(int(last[n]), said)
            self.journals.each[n].last_words(good, to_atoms(refused))

    def _report(self, standing: Standing) -> None:
        common, phase, members = self._common, standing.phase, len(self.members)
        potential, heat, kinetic = (np.asarray(x)[:members] for x in (phase.energy, phase.heat, phase.kinetic_energy))
        freedom = np.array([one.freedom for one in self.members])
        alive = standing.alive if standing.alive.any() else np.ones(members, bool)
        mean = lambda values: float(np.mean(values[alive]))
        rate = self.warm_steps / self.warm_seconds if self.warm_steps else math.nan
        notes = [one.notes[told:] for one, told in zip(self.journals.each, self._told, strict=True)]
        self._told = [len(one.notes) for one in self.journals.each]
        self._progress(
            Progress(
                step=standing.step,
                steps=common.steps,
                time_fs=standing.step * common.timestep_fs,
                potential_energy=mean(potential),
                temperature_kelvin=mean(temperature(kinetic, freedom)),
                conserved_change=mean(potential + kinetic - heat - standing.start_energy),
                ns_per_day=self.ns_per_day * int(standing.alive.sum()),
                eta_seconds=(common.steps - standing.step) / rate,
                notes=tuple(dict.fromkeys(note for some in notes for note in some)),
                systems=int(standing.alive.sum()),
            )
        )


def stacked(ensembles: Sequence[Ensemble]) -> Ensemble:
    """One ensemble with the numbers of each system, and those of the last again for padding.

    Raises:
        ValueError: they are of different kinds.
    """
    if len({jax.tree.structure(one) for one in ensembles}) > 1:
        kinds = ", ".join(sorted({type(one).__name__ for one in ensembles}))
        raise ValueError(
            f"Systems that run together need ensembles of one kind with the same settings given, got {kinds}. Their "
            "numbers may differ."
        )
    return jax.tree.map(lambda *numbers: jnp.array([*numbers, numbers[-1]], jnp.float64), *ensembles)


def _which(chosen: np.ndarray) -> list[int]:
    return np.flatnonzero(chosen).tolist()
