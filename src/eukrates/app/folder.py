"""The folder of a training run: new, resumable, or somebody's work that must not be touched."""

from pathlib import Path
from typing import Any

from eukrates.app.configuration import Configuration
from eukrates.app.configuration_file import as_yaml, read_configuration
from eukrates.files import write_atomically
from eukrates.training.loop import BEST, CHECKPOINT, LAST, METRICS

CONFIG, SPLIT, REPORT, EVALUATION = "config.yaml", "split.json", "report.html", "evaluation.json"
OURS = (CONFIG, SPLIT, REPORT, EVALUATION, CHECKPOINT, METRICS, BEST, LAST)


def may_use(folder: Path, configuration: Configuration, resume: bool = False, overwrite: bool = False) -> bool:
    """True if the folder holds a checkpoint of the same run, False if the run starts afresh there.

    Nothing is written or removed. The card and `checkpoint_minutes` may differ: they change no weight.

    Raises:
        ValueError: the folder holds something else, or nothing to resume.
    """
    if folder.is_file():
        raise ValueError(f"{folder} is a file, expected a folder for the output. Choose another name.")
    config = folder / CONFIG
    if not config.exists():
        if resume:
            raise ValueError(f"{folder} holds no run to resume. Leave --resume out to start one.")
        if not overwrite and folder.exists() and any(folder.iterdir()):
            raise ValueError(f"{folder} is not empty and holds no run of Eukrates. Choose another folder.")
        return False
    if overwrite:
        return False
    try:
        differences = _differences(read_configuration(config).as_dict(), configuration.as_dict())
    except ValueError as error:
        raise ValueError(f"{folder} holds a run that cannot be understood. Nothing was touched. {error}") from error
    if differences:
        raise ValueError(
            f"{folder} holds another run; nothing was touched. It differs in {'; '.join(differences)}. Choose another "
            "folder, restore the settings to resume it, or give --overwrite to replace it."
        )
    return (folder / CHECKPOINT).exists()


def begin(folder: Path, configuration: Configuration, fresh: bool) -> None:
    """Make the folder and put the configuration there; `fresh` removes the files of a run (and no others)."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in OURS if fresh else ():
        (folder / name).unlink(missing_ok=True)
    write_atomically(folder / CONFIG, as_yaml(configuration))


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
