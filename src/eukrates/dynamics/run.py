"""Molecular dynamics from beginning to end, on disk or in memory: of one system, or of many in one batch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ase
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from eukrates.data.trajectory import Trajectory
from eukrates.dynamics.begin import Start, initial_momenta, structure_and_masses
from eukrates.dynamics.chunk import Origin
from eukrates.dynamics.constraints import Constraints
from eukrates.dynamics.engine import Engine, Progress
from eukrates.dynamics.ensembles import Ensemble
from eukrates.dynamics.journal import CHECKPOINT, Journal, read_settings, write_settings
from eukrates.dynamics.journals import MEMBERS, Journals, directories, records
from eukrates.dynamics.lists import lists_for
from eukrates.dynamics.momenta import degrees_of_freedom
from eukrates.dynamics.phase import at_rest
from eukrates.dynamics.settings import Record, Settings, identity
from eukrates.dynamics.standing import Standing, load_arrays, moving_atoms, placed, standing_from
from eukrates.matter import System
from eukrates.numerics import to_device, to_host
from eukrates.potential import Potential, check_system

SKIN = 0.5  # Å


@dataclass(frozen=True, eq=False)
class Run:
    """What came of a run."""

    settings: Settings
    steps_done: int
    stopped: str | None  # why it ended before its last step; None: it did not
    notes: tuple[str, ...]  # what else is worth knowing
    log: dict[str, np.ndarray]  # step, time_fs, energies in eV, temperature_kelvin; one row per frame
    final: ase.Atoms  # after the last good step, with momenta
    ns_per_day: float  # without compilation; NaN if too short to tell
    journal: Journal

    @property
    def directory(self) -> Path | None:
        """Where the files are."""
        return self.journal.directory

    @property
    def trajectory(self) -> Trajectory:
        """All frames, read from the directory where there is one."""
        return self.journal.trajectory()


def run(
    potential: Potential,
    start: Start,
    ensemble: Ensemble,
    steps: int,
    timestep_fs: float | int = 0.5,
    seed: int = 0,
    record: Record | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Run:
    """Molecular dynamics of one structure.

    Positions, momenta and energies are float64, the features of the potential have the precision of its parameters.
    The same arguments give the same trajectory, bit for bit, on one machine. The run stops before its end, with what
    was good so far, if something is not finite or hotter than `ensemble.bound_kelvin`: `Run.stopped` says so.

    Args:
        potential: anything with an energy.
        start: one structure, which may be `Constrained`; momenta, isotopes, charge, spin, FixAtoms and FixBondLengths
            of `ase.Atoms` are used.
        ensemble: one of `ENSEMBLES`, such as `NVE`, `Langevin` or `NPT`.
        steps: how many.
        timestep_fs: fs.
        seed: of the initial momenta and the thermostat.
        record: what to write down, how often and where, default: every 20 steps, in memory; and what to stop for.
        progress: called now and then from the host.

    Raises:
        ValueError: an argument that cannot be meant; an unknown element, missing charge or spin; a directory that
            holds a run already.
    """
    ensembles, seeds = [ensemble], [seed]
    return run_many(potential, [start], ensembles, steps, timestep_fs, seeds, record, progress)[0]


def run_many(
    potential: Potential,
    starts: Sequence[Start],
    ensembles: Ensemble | Sequence[Ensemble],
    steps: int,
    timestep_fs: float | int = 0.5,
    seeds: int | Sequence[int] = 0,
    record: Record | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> list[Run]:
    """Molecular dynamics of many structures at once, replicas or different systems: all move with every step.

    Each is as it would be by itself, up to rounding: it has its own random numbers, temperature and bounds, and its own
    directory of results in that of the record, which holds their common checkpoint. One that goes wrong is halted, and
    the others go on. Small systems are done together in little more time than one of them takes.

    Args:
        potential: anything with an energy.
        starts: the structures.
        ensembles: one for all, or one for each; of one kind, with different numbers.
        steps: how many.
        timestep_fs: fs.
        seeds: one for each, or that of the first, which the others follow.
        record: as in `run`.
        progress: called now and then from the host.

    Raises:
        ValueError: what `run` refuses; lists of different lengths; ensembles of different kinds.
    """
    members = len(starts)
    ensembles = [ensembles] * members if isinstance(ensembles, Ensemble) else list(ensembles)
    seeds = [seeds + n for n in range(members)] if isinstance(seeds, int | np.integer) else list(seeds)
    if not members or len(ensembles) != members or len(seeds) != members:
        raise ValueError(
            f"Expected structures, and an ensemble and a seed for each (or one for all), got {members}, "
            f"{len(ensembles)} and {len(seeds)}."
        )
    record = record or Record()
    plan = {"potential": identity(potential), "steps": steps, "timestep_fs": float(timestep_fs)}
    told = zip(starts, ensembles, seeds, records(record, members), strict=True)
    each = [_member(potential, *its, plan) for its in told]
    settings, momenta, sources, keys = map(list, zip(*each, strict=True))
    standing = _start(potential, settings, momenta, keys)
    directory = None if record.directory is None else Path(record.directory)
    journals = Journals(settings, directory)
    engine = Engine(potential, settings, journals, progress)
    journals.begin()
    for journal, source in zip(journals.each, sources, strict=True):
        journal.note(0, source)
    return _finished(engine, engine.begin(standing), journals)


def _member(
    potential: Potential, start: Start, ensemble: Ensemble, seed: int, record: Record, plan: dict[str, Any]
) -> tuple[Settings, np.ndarray, str, Key[Array, ""]]:
    """Settings and first momenta of one system, where these come from, and the key of random numbers to come."""
    structure, masses, held = structure_and_masses(start)
    _check(potential, structure, ensemble, held)
    with jax.enable_x64(True):
        key, first = jax.random.split(jax.random.key(seed))
    momenta, source = initial_momenta(start, structure, masses, ensemble, first, held)
    settings = Settings(
        **plan,
        ensemble=ensemble,
        seed=seed,
        record=record,
        structure=structure,
        masses=masses,
        freedom=degrees_of_freedom(structure, ensemble.free, held),
        skin=SKIN,
        constraints=held,
    )
    return settings, momenta, source, key


def _start(
    potential: Potential, settings: Sequence[Settings], momenta: Sequence[np.ndarray], keys: Sequence
) -> Standing:
    """Before the first step: nothing is felt yet.

    Raises:
        ValueError: charges are to be recorded and the potential knows none; a bound of rho, and it is no ensemble.
    """
    potential = potential.for_inference()  # which may read less
    lists = lists_for(potential, [one.structure for one in settings], SKIN)
    world, masses = lists.world, np.concatenate([one.masses for one in settings])
    with jax.enable_x64(True):
        each = jnp.stack([*keys, *[keys[-1]] * (world.systems - len(settings))])
        charged = "charges" in settings[0].record.what
        there = to_device(lists)
        told = lambda: potential(there.search(there.world.positions, there.world.cell).graph)
        if charged and eqx.filter_eval_shape(told).charges is None:
            raise ValueError("Charges were to be recorded, and this potential knows none. Leave them out of `what`.")
        if settings[0].record.watch.rho is not None and eqx.filter_eval_shape(told).energy_by_member is None:
            raise ValueError("A bound of rho was set, and this potential is no ensemble. Leave it out of the watch.")
        phase = at_rest(world, masses, each, to_host(settings[0].ensemble.extra(world.systems)), charged)
    p = np.concatenate(momenta)
    phase = phase.but(momenta=np.pad(p, ((0, phase.momenta.shape[0] - p.shape[0]), (0, 0))))
    origin = Origin(phase.positions, phase.cell, np.array(0))
    return Standing(phase, 0, lists, origin, np.full(len(settings), np.nan), np.full(len(settings), -1))


def _check(potential: Potential, structure: System, ensemble: Ensemble, held: Constraints | None) -> None:
    check_system(potential, structure)
    if ensemble.flexible and not np.all(np.linalg.det(structure.cell)):
        raise ValueError(
            "A pressure was asked of a structure that is not periodic along three axes: it has no volume. Give it a "
            "cell, or choose an ensemble without a pressure."
        )
    if ensemble.flexible and held is not None:
        raise ValueError(
            "Fixed atoms and rigid bonds cannot be kept in a cell that moves: it would take them along. Choose an "
            "ensemble without a pressure, or drop the constraints; hydrogen_mass alone works with both."
        )


def resume(
    potential: Potential,
    directory: str | Path,
    steps: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Run:
    """Go on with a run that was interrupted, killed, or is to be longer: as if it had never stopped, bit for bit.

    Args:
        potential: the same as before.
        directory: that of the run.
        steps: the new total; None: that of the run.
        progress: called now and then from the host.

    Raises:
        ValueError: no run there, or one of many systems; damaged files, another potential, fewer steps than were done.
    """
    if (Path(directory) / MEMBERS).exists():
        raise ValueError(f"{directory} holds many systems that run together: go on with `resume_many`.")
    return resume_many(potential, directory, steps, progress)[0]


def resume_many(
    potential: Potential,
    directory: str | Path,
    steps: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> list[Run]:
    """Go on with what `run_many` began, as `resume` does.

    Raises:
        ValueError: as in `resume`.
    """
    directory = Path(directory)
    each = directories(directory)
    told = [read_settings(one) for one in each]
    before, now = told[0]["potential"], identity(potential)
    if any(now[name] != before[name] for name in before):  # runs of the first days say no precision
        raise ValueError(f"{directory} was run with the potential {before}; given is {now}. They differ.")
    arrays = load_arrays(directory / CHECKPOINT)
    settings = [Settings.from_json(*one) for one in zip(told, each, strict=True)]
    standing = standing_from(arrays, potential, [one.structure for one in settings])
    if steps is not None:
        if steps < standing.step:
            raise ValueError(f"{directory} has done {standing.step} steps already, more than the {steps} asked for.")
        settings = [replace(one, steps=steps) for one in settings]
    journals = Journals(settings, directory)
    journals.go_on(arrays)
    for one, was, where in zip(settings, told, each, strict=True):
        if one.steps != was["steps"]:  # so that this run too can be resumed to its end
            write_settings(where, was | {"steps": one.steps})
    engine = Engine(potential, settings, journals, progress)
    ends = [[note for note in journal.notes if note.startswith("Stopped")] for journal in journals.each]
    engine.stopped = [None if alive else end[-1] for alive, end in zip(standing.alive, ends, strict=True)]
    return _finished(engine, engine.go(standing), journals)


def _finished(engine: Engine, standing: Standing, journals: Journals) -> list[Run]:
    phase, runs = jax.tree.map(np.asarray, (standing.phase.positions, standing.phase.momenta, standing.phase.cell)), []
    there = placed([one.structure for one in engine.members], phase[0], phase[2])
    ends = np.cumsum([s.atoms for s in there])
    for n, (settings, journal, last) in enumerate(zip(engine.members, journals.each, there, strict=True)):
        runs.append(
            Run(
                settings=settings,
                steps_done=standing.step if standing.alive[n] else int(standing.last[n]),
                stopped=engine.stopped[n],
                notes=tuple(journal.notes),
                log={name: np.asarray(column) for name, column in journal.log.items()},
                final=moving_atoms(last, settings.masses, phase[1][ends[n] - last.atoms : ends[n]]),
                ns_per_day=engine.ns_per_day,
                journal=journal,
            )
        )
    return runs
