"""`train`: a configuration becomes a folder with a model, its card, its split and a report."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eukrates.app import folder as folders
from eukrates.app.configuration import Configuration
from eukrates.app.gate import pass_gate
from eukrates.app.pages import training_page
from eukrates.app.preparation import Prepared, Tell, prepare
from eukrates.app.provenance import card, restated
from eukrates.app.start import read_record, refuse_start_inside, write_record
from eukrates.data import Dataset
from eukrates.data.check import Report
from eukrates.files import write_atomically
from eukrates.models import load, read_header, save
from eukrates.potential import Potential
from eukrates.training import Progress, Run, Trained
from eukrates.trust import Evaluation, evaluate


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a training run left."""

    folder: Path
    trained: Trained
    evaluations: dict[str, Evaluation]  # of the best model, by part: valid, and test if there is one
    report: Path
    prepared: Prepared
    checked: Report | None  # of the data; None where a checked run was resumed


def train(
    configuration: Configuration,
    *,
    resume: bool = False,
    overwrite: bool = False,
    strict: bool = False,
    tell: Tell = print,
    progress: Callable[[Progress], None] | None = None,
) -> Outcome:
    """Train a model as the configuration says; go on where a killed run of the same configuration stopped.

    Args:
        configuration: see `eukrates.app.configuration_file.read_configuration`, or built in Python.
        resume: insist on a run to resume.
        overwrite: replace another run in the folder.
        strict: let every finding of the data check stop the run, not only those that make training impossible.
        tell: receives sentences about what was understood.
        progress: called about every 20 steps.

    Raises:
        ValueError: a folder that holds something else, data that cannot be used; nothing is overwritten then.
        FloatingPointError: the training diverged; the last good checkpoint is kept.
    """
    folder = Path(configuration.folder)
    refuse_start_inside(configuration)
    going_on = folders.may_use(folder, configuration, resume, overwrite)
    e0, origin = read_record(folder / folders.START) if going_on else (None, {})
    prepared = prepare(configuration, tell, e0)
    labels, incomplete = configuration.plan.loss.labels, configuration.data.incomplete
    checked = None if going_on else pass_gate(prepared.parts, labels, incomplete, strict, tell)
    if prepared.origin is not None:
        origin = origin or prepared.origin | {"errors": _before(prepared, tell)}
    run = _run(prepared, folder, card(configuration, prepared.parts, prepared.energies), origin)
    if going_on:
        run.resume()
    folders.begin(folder, configuration, fresh=not going_on)
    prepared.parts.split.save(folder / folders.SPLIT)
    if origin and not going_on:
        write_record(folder / folders.START, prepared.energies, origin)
    tell(
        f"Training: {run.steps} steps ({configuration.plan.epochs} epochs of {run.batches.per_epoch} batches), "
        f"{len(run.batches.shapes)} padded shapes, into {folder}"
        + (f"; resumed at step {int(run.state.step)}." if going_on else ".")
    )
    trained = run(progress)
    evaluations = _judged(prepared, trained, folder, tell)
    page = training_page(folder, prepared, trained, evaluations).write(folder / folders.REPORT)
    return Outcome(folder, trained, evaluations, page, prepared, checked)


def _run(prepared: Prepared, folder: Path, about: dict, origin: dict) -> Run:
    parts, more = prepared.parts, {"started_from": origin} if origin else {}
    write = lambda potential, path, told: save(potential, path, about | told | {"training": told["training"] | more})
    return Run(prepared.potential, parts["train"], parts["valid"], prepared.configuration.plan, folder, write)


def _judged(prepared: Prepared, trained: Trained, folder: Path, tell: Tell) -> dict[str, Evaluation]:
    """Errors of the best model on the parts it was not trained on: told, in the folder, and in the model's card."""
    best, header = load(trained.best), read_header(trained.best)
    labels = prepared.configuration.plan.loss.labels
    found = {}
    for part in ("valid", "test"):
        if part in prepared.parts.names:
            found[part] = _errors(best, prepared.parts[part], labels)
            tell(f"\n{part}: {found[part].tables()[0].text()}")
            for remark in found[part].remarks():
                tell(remark)
    numbers = {part: evaluation.as_dict() for part, evaluation in found.items()}
    write_atomically(folder / folders.EVALUATION, json.dumps(numbers, indent=1))
    errors = {"errors": {part: _short(e, labels) for part, e in found.items()}}
    sure = found["valid"].calibration
    calibration = {} if sure is None else {"calibration": sure.as_dict() | {"of": "energy, validation structures"}}
    save(best, trained.best, restated(header["card"], prepared.configuration) | errors | calibration)
    last = read_header(trained.last)["card"]
    if (now := restated(last, prepared.configuration)) != last:
        save(load(trained.last), trained.last, now)
    return found


def _before(prepared: Prepared, tell: Tell) -> dict[str, Any]:
    """Errors of the start model with its new E0 on the structures that it will be validated on: told, and for the
    card."""
    labels = prepared.configuration.plan.loss.labels
    found = _errors(prepared.potential, prepared.parts["valid"], labels)
    tell(f"\nBefore training, valid: {found.tables()[0].text()}\n")
    return {"valid": _short(found, labels)}


def _errors(potential: Potential, samples: Dataset, labels: tuple[str, ...]) -> Evaluation:
    want = [label for label in labels if any(getattr(s, label) is not None for s in samples)]
    return evaluate(potential, samples, want)


def _short(evaluation: Evaluation, labels: tuple[str, ...]) -> dict[str, dict[str, float | None]]:
    """MAE and RMSE by label in inside units: what belongs into a card."""
    return {n: {"mae": e.mae, "rmse": e.rmse} for n, e in evaluation.errors.items() if n in labels}
