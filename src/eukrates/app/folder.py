"""The folder of a training run: new, resumable, or somebody's work that must not be touched."""

import json
from pathlib import Path
from typing import Any

from eukrates.app.configuration import Configuration
from eukrates.app.configuration_file import as_yaml, read_configuration
from eukrates.files import write_atomically
from eukrates.training.loop import BEST, CHECKPOINT, LAST, METRICS
from eukrates.version import __version__

RUN, CONFIG, SPLIT, REPORT, EVALUATION = "run.json", "config.yaml", "split.json", "report.html", "evaluation.json"
START = "start.json"  # E0 and origin of a start model
OURS = (RUN, CONFIG, SPLIT, START, REPORT, EVALUATION, CHECKPOINT, METRICS, BEST, LAST)
FORMAT = "eukrates-run"  # what run.json says: the files with our names in this folder are those of a run


def may_use(folder: Path, configuration: Configuration, resume: bool = False, overwrite: bool = False) -> bool:
    """True if the folder holds a checkpoint of the same run, False if the run starts afresh there.

    Nothing is written or removed. The card and `checkpoint_minutes` may differ: they change no weight.

    Raises:
        ValueError: the folder holds something else, or nothing to resume, or models without the checkpoint to go on
            from; both `resume` and `overwrite`.
    """
    if resume and overwrite:
        raise ValueError("--resume goes on with a run, --overwrite removes it. Give one of the two.")
    if folder.is_file():
        raise ValueError(f"{folder} is a file, expected a folder for the output. Choose another name.")
    if not _is_run(folder):
        if resume:
            raise ValueError(f"{folder} holds no run to resume. Leave --resume out to start one.")
        _refuse_work_of_others(folder, configuration, overwrite)
        return False
    if overwrite:
        return False
    saved = (folder / CHECKPOINT).exists()
    if saved or (folder / CONFIG).exists():
        _refuse_another_run(folder, configuration)
    models = [name for name in (BEST, LAST) if (folder / name).exists()]
    if not saved and (resume or models):
        kept = f" beside {', '.join(models)}, which a new start would replace" if models else ""
        raise ValueError(
            f"{folder} holds no {CHECKPOINT} to go on from{kept}. Nothing was touched: restore it, choose another "
            f"folder, or {'--overwrite' if models else 'leave --resume out'} to start afresh."
        )
    return saved


def begin(folder: Path, configuration: Configuration, fresh: bool) -> None:
    """Make the folder, mark it as a run, and put the configuration there; `fresh` removes the files of a run.

    A file that holds this very configuration already, such as the one that was given, stays as it is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / RUN, json.dumps({"format": FORMAT, "version": 1, "eukrates": __version__}) + "\n")
    stays = _says(folder / CONFIG, configuration)
    for name in (name for name in OURS if fresh and name not in (RUN, CONFIG)):
        (folder / name).unlink(missing_ok=True)
    if not stays:
        write_atomically(folder / CONFIG, as_yaml(configuration))


def _is_run(folder: Path) -> bool:
    """A checkpoint or our mark: only then files with our names are ours."""
    if (folder / CHECKPOINT).exists():
        return True
    try:
        return json.loads((folder / RUN).read_text(encoding="utf-8"))["format"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _refuse_work_of_others(folder: Path, configuration: Configuration, overwrite: bool) -> None:
    there = {path.name for path in folder.iterdir()} if folder.exists() else set()
    if _says(folder / CONFIG, configuration):  # the file that was given; it stays
        there.discard(CONFIG)
    if taken := [name for name in OURS if name in there]:
        raise ValueError(
            f"{folder} is no run of Eukrates and holds {', '.join(taken)}, which a run would replace. Nothing was "
            "touched: choose another folder."
        )
    if there and not overwrite:
        raise ValueError(f"{folder} is not empty and holds no run of Eukrates. Choose another folder.")


def _refuse_another_run(folder: Path, configuration: Configuration) -> None:
    try:
        differences = _differences(read_configuration(folder / CONFIG).as_dict(), configuration.as_dict())
    except ValueError as error:
        raise ValueError(f"{folder} holds a run that cannot be understood. Nothing was touched. {error}") from error
    if differences:
        raise ValueError(
            f"{folder} holds another run; nothing was touched. It differs in {'; '.join(differences)}. Choose another "
            "folder, restore the settings to resume it, or give --overwrite to replace it."
        )


def _says(path: Path, configuration: Configuration) -> bool:
    """True where a file holds this configuration; the folder may be another."""
    try:
        there = read_configuration(path).as_dict()
    except (ValueError, OSError):
        return False
    return there | {"folder": ""} == configuration.as_dict() | {"folder": ""}


def _differences(there: dict[str, Any], here: dict[str, Any], place: str = "") -> list[str]:
    found = []
    for key in {**there, **here}:
        where = f"{place}.{key}".lstrip(".")
        a, b = there.get(key), here.get(key)
        if where in ("card", "folder", "training.checkpoint_minutes") or a == b:
            continue
        if isinstance(a, dict) and isinstance(b, dict):
            found += _differences(a, b, where)
        else:
            found.append(f"{where} ({a!r} there, {b!r} here)")
    return found
