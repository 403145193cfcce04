"""The host's part of the loop: it starts chunks, writes frames, renews neighbour lists, decides what verdicts mean."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np

from eukrates.data.trajectory import Frames
from eukrates.dynamics.chunk import Course, Outcome, Snapshots, Verdict, advance, snapshot
from eukrates.dynamics.journal import Journal
from eukrates.dynamics.settings import Settings
from eukrates.dynamics.standing import Standing, neighbours
from eukrates.elements import SYMBOLS
from eukrates.matter import System
from eukrates.numerics import to_device
from eukrates.potential import Potential
from eukrates.units import FS, G_PER_CM3, GPA, KELVIN

FIRST_STEPS = 20  # of the chunk that compiles, and of the next, which tells how fast it goes
SECONDS = 1.0  # that a chunk is to take
COMMIT_SECONDS = 2.0  # between checkpoints
REPORT_SECONDS = 0.2  # between reports of progress
FRAME_BYTES, MOST_FRAMES = 1 << 25, 1000  # that a chunk may hold


@dataclass(frozen=True)
class Progress:
    """Where a run stands, for those who watch it."""

    step: int
    steps: int
    time_fs: float
    potential_energy: float  # eV
    temperature_kelvin: float
    conserved_change: float  # eV since the start, of what exact dynamics would keep constant
    ns_per_day: float  # NaN while compiling
    eta_seconds: float  # NaN while compiling
    notes: tuple[str, ...] = ()  # what happened since the last report


class Engine:
    """Drives one run from where it stands to its end."""

    def __init__(
        self,
        potential: Potential,
        settings: Settings,
        journal: Journal,
        progress: Callable[[Progress], None] | None = None,
    ):
        self.settings, self.journal = settings, journal
        self.stopped: str | None = None
        self.warm_steps, self.warm_seconds = 0, 0.0  # without compilation
        self._progress = progress or (lambda report: None)
        self._told, self._reported = 0, -math.inf  # notes that were reported, and when
        with jax.enable_x64(True):
            self._potential = to_device(potential.for_inference())
            self._freedom = jnp.asarray([float(settings.freedom), 0.0])
            self._ensemble = jax.tree.map(lambda number: jnp.asarray(float(number)), settings.ensemble)
        self._capacity = int(np.clip(FRAME_BYTES // (72 * settings.structure.atoms), 1, MOST_FRAMES))

    @property
    def ns_per_day(self) -> float:
        """Nanoseconds of simulated time per day, compilation not counted; NaN before it is known."""
        if not self.warm_steps:
            return math.nan
        return self.warm_steps * self.settings.timestep_fs * 1e-6 / self.warm_seconds * 86400

    def begin(self, standing: Standing) -> Standing:
        """Feel the forces of the start by a step that takes no time, write frame 0, and go."""
        with jax.enable_x64(True):
            outcome = self._chunk(standing, until=1, timestep=0.0)
            verdict = Verdict(int(outcome.verdict))
            if verdict != Verdict.FINE:
                self._stop(verdict, outcome)
                if self.journal.directory is not None:
                    self.journal.write()
                return standing
            now = snapshot(outcome.phase, jnp.asarray(0))
            frames = self._frames(jax.tree.map(lambda row: np.asarray(row)[None], now))
            total = float(frames.observables["conserved_energy"][0])
            standing = Standing(outcome.phase, 0, standing.neighbours, total)
            self.journal.add(frames)
            self.journal.commit(standing)
        return self.go(standing)

    def go(self, standing: Standing) -> Standing:
        """To the last step, or to where the run must stop."""
        s, committed, compiled = self.settings, time.perf_counter(), False
        with jax.enable_x64(True):
            while standing.step < s.steps and self.stopped is None:
                rate = self.warm_steps / self.warm_seconds if self.warm_steps else FIRST_STEPS / SECONDS
                until = min(s.steps, standing.step + max(1, round(SECONDS * rate)))
                clock = time.perf_counter()
                outcome = self._chunk(standing, until, s.timestep_fs * FS)
                verdict, step, count = Verdict(int(outcome.verdict)), int(outcome.step), int(outcome.count)
                if compiled:
                    self.warm_steps += step - standing.step
                    self.warm_seconds += time.perf_counter() - clock
                self.journal.add(
                    self._frames(jax.tree.map(lambda rows, n=count: np.asarray(rows)[:n], outcome.snapshots))
                )
                standing = replace(standing, phase=outcome.phase, step=step)
                compiled = True
                if verdict == Verdict.OUTDATED and step > standing.neighbours.born:
                    room = standing.neighbours.room
                    standing = self._renewed(standing)
                    compiled = standing.neighbours.room == room
                elif verdict != Verdict.FINE:
                    self._stop(verdict, outcome)
                over, now = step == s.steps or self.stopped is not None, time.perf_counter()
                if over or now - committed >= COMMIT_SECONDS:
                    self.journal.commit(standing)
                    committed = now
                if over or now - self._reported >= REPORT_SECONDS:
                    self._report(standing)
                    self._reported = now
        return standing

    def _chunk(self, standing: Standing, until: int, timestep: float) -> Outcome:
        listed, s = standing.neighbours.listed, self.settings
        systems = listed.graph.system.systems
        graph, freedom = listed.graph, self._freedom[:systems]
        farthest = max(edges.cutoff for edges in (graph.near, graph.far) if edges is not None)
        course = Course(timestep, until, s.record.every, listed.reach, farthest, freedom, s.ensemble.bound_kelvin)
        course = jax.tree.map(jnp.asarray, course)
        inputs = to_device((listed.graph, listed.origin))
        start = (to_device(standing.phase), jnp.asarray(standing.step))
        outcome = advance(self._potential, *inputs, self._ensemble, course, start, self._capacity)
        return jax.block_until_ready(outcome)

    def _frames(self, rows: Snapshots) -> Frames:
        s = self.settings
        n, host = s.structure.atoms, np.asarray
        potential, kinetic, heat = (host(column)[:, 0] for column in (rows.energy, rows.kinetic, rows.heat))
        observables = {
            "potential_energy": potential,
            "kinetic_energy": kinetic,
            "conserved_energy": potential + kinetic - heat,
            "temperature_kelvin": self._temperature(kinetic),
        }
        if s.ensemble.flexible:
            volume = np.abs(np.linalg.det(host(rows.cell)[:, 0]))
            observables |= {
                "pressure_gpa": host(rows.pressure)[:, 0] / GPA,
                "volume_angstrom3": volume,
                "density_g_per_cm3": s.masses.sum() / volume * G_PER_CM3,
            }
        return Frames(
            step=host(rows.step),
            time_fs=host(rows.step) * s.timestep_fs,
            positions=host(rows.positions)[:, :n],
            velocities=host(rows.velocities)[:, :n] * FS if "velocities" in s.record.what else None,
            forces=host(rows.forces)[:, :n] if "forces" in s.record.what else None,
            observables=observables,
            cell=host(rows.cell)[:, 0] if s.ensemble.flexible else None,
        )

    def _temperature(self, kinetic):
        return kinetic * 2 / (KELVIN * max(self.settings.freedom, 1))

    def _renewed(self, standing: Standing) -> Standing:
        """With a neighbour list for where the atoms are now."""
        s, old = self.settings.structure, standing.neighbours
        positions = np.asarray(standing.phase.positions)[: s.atoms]
        cell = np.asarray(standing.phase.cell)[:1]
        here = System(s.numbers, positions, cell, s.owner, s.real, s.charge, s.spin)
        new = neighbours(self._potential, here, self.settings.skin, standing.step, old.room)
        if new.room != old.room:
            grew = f"Room for neighbour pairs grew from {_pairs(old.room)} to {_pairs(new.room)}"
            self.journal.note(standing.step, f"{grew} at step {standing.step}; the step is compiled anew.")
        return replace(standing, phase=standing.phase.but(moved=jnp.zeros(())), neighbours=new)

    def _stop(self, verdict: Verdict, outcome: Outcome) -> None:
        """Say what, where and when; what was good is kept."""
        s, atom, step = self.settings, int(outcome.atom), int(outcome.step)
        name = f"atom {atom} ({SYMBOLS[int(s.structure.numbers[atom])]})" if atom < s.structure.atoms else "the energy"
        what = {
            Verdict.NOT_FINITE: f"something about {name} is NaN or infinite",
            Verdict.TOO_HOT: f"the temperature is above {s.ensemble.bound_kelvin:g} K, {name} being the fastest",
            Verdict.OUTDATED: f"an atom moved by more than {s.skin / 2:g} Å in one step, {name} being the fastest",
        }[verdict]
        self.stopped = (
            f"Stopped: in step {step + 1} ({(step + 1) * s.timestep_fs:g} fs) {what}. Everything up to step {step} is "
            "kept. Look at the last frames: either the potential is used where it was not trained (atoms too close, "
            "bonds breaking), or the time step is too long, or the start is far from equilibrium and needs relaxing."
        )
        self.journal.note(step, self.stopped)

    def _report(self, standing: Standing) -> None:
        s, phase = self.settings, standing.phase
        n = s.structure.atoms
        potential, heat = (float(np.asarray(x)[0]) for x in (phase.energy, phase.heat))
        kinetic = float(np.sum(np.asarray(phase.momenta)[:n] ** 2 / s.masses[:, None]) / 2)
        rate = self.warm_steps / self.warm_seconds if self.warm_steps else math.nan
        notes, self._told = tuple(self.journal.notes[self._told :]), len(self.journal.notes)
        self._progress(
            Progress(
                step=standing.step,
                steps=s.steps,
                time_fs=standing.step * s.timestep_fs,
                potential_energy=potential,
                temperature_kelvin=float(self._temperature(kinetic)),
                conserved_change=potential + kinetic - heat - standing.start_energy,
                ns_per_day=self.ns_per_day,
                eta_seconds=(s.steps - standing.step) / rate,
                notes=notes,
            )
        )


def _pairs(room) -> int:
    return room.pairs + room.far_pairs
