"""`run` and `resume`: molecular dynamics from beginning to end, on disk or in memory."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import ase
import jax
import numpy as np

from eukrates.data.atoms import to_atoms
from eukrates.data.trajectory import Trajectory
from eukrates.dynamics.begin import initial_momenta, structure_and_masses
from eukrates.dynamics.engine import Engine, Progress
from eukrates.dynamics.ensembles import Ensemble
from eukrates.dynamics.journal import CHECKPOINT, Journal, read_settings, write_settings
from eukrates.dynamics.momenta import degrees_of_freedom
from eukrates.dynamics.phase import at_rest
from eukrates.dynamics.settings import Record, Settings, identity
from eukrates.dynamics.standing import Standing, load_arrays, neighbours, standing_from
from eukrates.matter import System
from eukrates.numerics import to_host
from eukrates.potential import Potential, check_electrons, check_system

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
    start: System | ase.Atoms,
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
        start: one structure; momenta, isotopes, charge and spin of `ase.Atoms` are used.
        ensemble: `NVE`, `Langevin`, `VelocityRescaling`, `NoseHoover` or `NPT`.
        steps: how many.
        timestep_fs: fs.
        seed: of the initial momenta and the thermostat.
        record: what to write down, how often and where; default: every 20 steps, in memory.
        progress: called now and then from the host.

    Raises:
        ValueError: an argument that cannot be meant; an unknown element, missing charge or spin; a directory that
            holds a run already.
    """
    structure, masses = structure_and_masses(start)
    _check(potential, structure, ensemble)
    settings = Settings(
        potential=identity(potential),
        ensemble=ensemble,
        steps=steps,
        timestep_fs=float(timestep_fs),
        seed=seed,
        record=record or Record(),
        structure=structure,
        masses=masses,
        freedom=degrees_of_freedom(structure, ensemble.free),
        skin=SKIN,
    )
    with jax.enable_x64(True):
        key, first = jax.random.split(jax.random.key(seed))
    momenta, source = initial_momenta(start, structure, masses, ensemble, first)
    journal = Journal(settings)
    journal.begin()
    journal.note(0, source)
    found = neighbours(potential, structure, SKIN, 0)
    world = found.listed.graph.system
    with jax.enable_x64(True):
        keys = jax.random.split(key, world.systems)
        phase = at_rest(world, masses, keys, to_host(ensemble.extra(world.systems)))
    phase = phase.but(momenta=np.pad(momenta, ((0, phase.momenta.shape[0] - masses.size), (0, 0))))
    engine = Engine(potential, settings, journal, progress)
    return _finished(engine, engine.begin(Standing(phase, 0, found, np.nan)), journal)


def _check(potential: Potential, structure: System, ensemble: Ensemble) -> None:
    check_system(potential, structure)
    check_electrons(potential, structure)
    if ensemble.flexible and not np.all(np.linalg.det(structure.cell)):
        raise ValueError(
            "A pressure was asked of a structure that is not periodic along three axes: it has no volume. Give it a "
            "cell, or choose an ensemble without a pressure."
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
        ValueError: no run there, damaged files, another potential, fewer steps than were done.
    """
    directory = Path(directory)
    told = read_settings(directory)
    before, now = told["potential"], identity(potential)
    if any(now[name] != before[name] for name in before):  # runs of the first days say no precision
        raise ValueError(f"{directory} was run with the potential {before}; given is {now}. They differ.")
    arrays = load_arrays(directory / CHECKPOINT)
    atoms = len(told["system"]["numbers"])
    settings = Settings.from_json(told, directory, arrays["positions"][:atoms])
    standing = standing_from(arrays, potential, settings.structure, settings.skin)
    if steps is not None:
        if steps < standing.step:
            raise ValueError(f"{directory} has done {standing.step} steps already, more than the {steps} asked for.")
        settings = replace(settings, steps=steps)
    journal = Journal(settings)
    journal.go_on({name[5:]: int(value) for name, value in arrays.items() if name.startswith("mark_")})
    if settings.steps != told["steps"]:  # so that this run too can be resumed to its end
        write_settings(directory, told | {"steps": settings.steps})
    engine = Engine(potential, settings, journal, progress)
    return _finished(engine, engine.go(standing), journal)


def _finished(engine: Engine, standing: Standing, journal: Journal) -> Run:
    settings, n = engine.settings, engine.settings.structure.atoms
    final = to_atoms(settings.structure)
    final.set_cell(np.asarray(standing.phase.cell)[0])
    final.positions = np.asarray(standing.phase.positions)[:n]
    final.set_masses(settings.masses)  # type: ignore[reportArgumentType]  # ase annotates nothing; its default is a word
    final.set_momenta(np.asarray(standing.phase.momenta)[:n])
    return Run(
        settings=settings,
        steps_done=standing.step,
        stopped=engine.stopped,
        notes=tuple(journal.notes),
        log={name: np.asarray(column) for name, column in journal.log.items()},
        final=final,
        ns_per_day=engine.ns_per_day,
        journal=journal,
    )
