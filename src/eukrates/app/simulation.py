"""`simulate`: molecular dynamics from a model file and a structure file, in a folder that can be resumed."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from eukrates.app.run_report import try_report
from eukrates.app.simulation_choices import Simulation, as_data, check_time
from eukrates.app.simulation_configuration import merged, run_configuration
from eukrates.app.simulation_folder import begun, known_settings, refuse_in_use, rewrite
from eukrates.app.structures import frames_in, read_structure
from eukrates.data import to_system
from eukrates.dynamics import Progress, Run, resume_many, run_many
from eukrates.dynamics.journal import CHECKPOINT, read_settings
from eukrates.dynamics.journals import directories
from eukrates.models import load, with_long_range
from eukrates.numerics import cast
from eukrates.potential import check_system

__all__ = ["Simulation", "go_on", "go_on_many", "simulate", "simulate_many"]

FREE = ("precision", "far_cutoff", "electrostatics")  # what a run without md.yaml must be told again


def simulate(
    model: str | Path,
    structure: str | Path,
    folder: str | Path,
    choices: Simulation | None = None,
    report: bool = True,
    progress: Callable[[Progress], None] | None = None,
    tell: Callable[[str], None] = print,
) -> Run:
    """Run dynamics into a new folder; of replicas, see `simulate_many`, the first is returned.

    Args:
        model: model file.
        structure: any file that ASE reads; velocities in it are used.
        folder: must not hold anything yet, but the beginning of this very run.
        choices: what to do.
        report: make report.html at the end.
        progress: called now and then.
        tell: receives a sentence where the file has several frames, and where a report cannot be made.

    Raises:
        ValueError: an unreadable structure, an element the model does not know, a charge or spin it needs and does
            not get, a folder that is not empty.
    """
    return simulate_many(model, structure, folder, choices, report, progress, tell)[0]


def simulate_many(
    model: str | Path,
    structure: str | Path,
    folder: str | Path,
    choices: Simulation | None = None,
    report: bool = True,
    progress: Callable[[Progress], None] | None = None,
    tell: Callable[[str], None] = print,
) -> list[Run]:
    """`simulate` with all its replicas, each in a folder of its own inside the folder: 00, 01, …"""
    choices, folder = choices or Simulation(), Path(folder)
    settings = run_configuration(model, structure, folder, choices, report)
    refuse_in_use(folder, settings)
    potential = cast(with_long_range(load(model), **choices.long_range), choices.precision)
    atoms, frames = read_structure(structure, choices.frame), frames_in(structure)
    if frames > 1:
        tell(f"Starts from frame {choices.frame % frames} of {frames} in {structure}, counted from 0.")
    atoms.info |= choices.electrons
    check_system(potential, to_system(atoms))
    starts, record = [choices.make_start(atoms)] * choices.members, choices.make_record(folder)
    plan = choices.make_ensembles(), choices.steps, choices.timestep_fs, choices.seed
    with begun(folder, settings):
        done = run_many(potential, starts, *plan, record, progress)
    if report:
        try_report(folder, tell)
    return done


def go_on(
    folder: str | Path,
    time_ps: float | int | None = None,
    model: str | Path | None = None,
    given: Mapping[str, Any] | None = None,
    report: bool | None = None,
    progress: Callable[[Progress], None] | None = None,
    tell: Callable[[str], None] = print,
) -> Run:
    """Resume the run in a folder, bit for bit, to its end or to a later one (`time_ps` since its start).

    A run that was killed before its first checkpoint starts again. Replicas all go on; the first is returned.

    Args:
        folder: of the run; it knows all its settings.
        time_ps: the new total.
        model: where the model file is now; default: where it was.
        given: names and values of `Simulation` that must be those of the run.
        report: make report.html at the end; default: as before.
        progress: called now and then.
        tell: receives sentences.

    Raises:
        ValueError: what `eukrates.dynamics.resume` refuses, other settings, a time that is not finite and positive, a
            model that is not there any more.
    """
    return go_on_many(folder, time_ps, model, given, report, progress, tell)[0]


def go_on_many(
    folder: str | Path,
    time_ps: float | int | None = None,
    model: str | Path | None = None,
    given: Mapping[str, Any] | None = None,
    report: bool | None = None,
    progress: Callable[[Progress], None] | None = None,
    tell: Callable[[str], None] = print,
) -> list[Run]:
    """`go_on` with all replicas."""
    folder, given = Path(folder), dict(given or {})
    if time_ps is not None:
        check_time(time_ps)
    known = known_settings(folder)
    told = read_settings(directories(folder)[0]) if known is None else {}
    _refuse_others(folder, known, given)
    path = Path(_model_of(folder, known, model))
    with_report = report if report is not None else known is None or known.report
    if known is not None and not (folder / CHECKPOINT).exists():
        if time_ps is not None and time_ps != known.time_ps:
            raise ValueError(f"{folder} has no checkpoint yet: its run starts again. Leave the time out until it has.")
        return simulate_many(path, known.structure, folder, known.choices, with_report, progress, tell)
    told = told or read_settings(directories(folder)[0])
    before = told["potential"].get("precision", given.get("precision", "float32"))
    if given.get("precision", before) != before:
        raise ValueError(f"{folder} was run in {before} and cannot go on in {given['precision']}. Leave it out.")
    steps = None if time_ps is None else round(1000 * time_ps / told["timestep_fs"])
    far = {name: given.get(name) for name in FREE[1:]} if known is None else known.choices.long_range
    done = resume_many(cast(with_long_range(load(path), **far), before), folder, steps, progress)
    plan = done[0].settings
    longer = (
        {} if known is None or known.choices.steps == plan.steps else {"time_ps": plan.steps * plan.timestep_fs / 1000}
    )
    rewrite(folder, known, tell, model=str(path), report=with_report, **longer)
    if with_report:
        try_report(folder, tell)
    return done


def _refuse_others(folder: Path, known: Any, given: Mapping[str, Any]) -> None:
    """Refuse settings that are not those of the run."""
    if known is None:
        if unknown := [name for name in given if name not in FREE]:
            raise ValueError(
                f"{', '.join(unknown)} would be ignored: a resumed run keeps its settings. Leave that out."
            )
        return
    there = known.as_dict()
    plain = lambda name, value: os.path.abspath(value) if name == "structure" else value
    here = {name: merged(there.get(name), as_data(plain(name, v))) for name, v in given.items()}
    if found := [f"{name} ({there.get(name)!r} there, {v!r} here)" for name, v in here.items() if there.get(name) != v]:
        raise ValueError(
            f"The run in {folder} cannot go on with other settings; nothing was touched. It differs in "
            f"{'; '.join(found)}. Leave that out, or start a new run in another folder."
        )


def _model_of(folder: Path, known: Any, model: str | Path | None) -> str | Path:
    if model is not None:
        return model
    if known is None:
        raise ValueError(
            f"{folder} does not say which model its run used (no md.yaml). Give it: eukrates md MODEL --resume "
            f"--folder {folder}."
        )
    if not Path(known.model).is_file():
        raise ValueError(
            f"The model of the run in {folder}, {known.model}, is not there any more. Say where it is now: eukrates "
            f"md MODEL --resume --folder {folder}."
        )
    return known.model
