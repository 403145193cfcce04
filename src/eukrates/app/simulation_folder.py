"""The folder of a run of molecular dynamics: new, begun, or somebody's work that must not be touched."""

from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eukrates.app.configuration_file import as_yaml
from eukrates.app.simulation_configuration import differences, read_run
from eukrates.dynamics import Record
from eukrates.dynamics.journal import CHECKPOINT, EXTXYZ, H5MD, LOG, SETTINGS
from eukrates.dynamics.journals import MEMBERS, records
from eukrates.files import write_atomically

CONFIG, REPORT = "md.yaml", "report.html"
OURS = (CONFIG, MEMBERS, SETTINGS, LOG, H5MD, EXTXYZ, REPORT)


def refuse_in_use(folder: Path, settings: Any) -> None:
    """Refuse a folder that holds anything but the beginning of this very run, killed before its first checkpoint.

    Raises:
        ValueError: says what is there. Nothing was touched.
    """
    if not folder.exists():
        return
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else {""}
    there = {name for name in there if not any(name.startswith(f".{ours}.") for ours in OURS)}  # half-written
    if not there:
        return
    if CHECKPOINT in there or CONFIG not in there or there - set(OURS) - _members_begun(folder, settings):
        raise ValueError(
            f"{folder} is not empty. Nothing was touched: choose another folder, or --resume the run in it."
        )
    begun = read_run(folder / CONFIG)
    found = differences(begun, settings)
    if begun.time_ps != settings.time_ps:
        found.append(f"time_ps ({begun.time_ps:g} there, {settings.time_ps:g} here)")
    if found:
        raise ValueError(
            f"{folder} holds the beginning of another run; nothing was touched. It differs in {'; '.join(found)}. "
            "Choose another folder, or remove this one."
        )


def _members_begun(folder: Path, settings: Any) -> set[str]:
    """Names of folders of replicas in which nothing is but what was begun."""
    if (members := settings.choices.members) == 1:
        return set()
    ours = lambda path: path.name in OURS or any(path.name.startswith(f".{name}.") for name in OURS)
    each = [Path(one.directory) for one in records(Record(folder), members) if one.directory is not None]
    return {one.name for one in each if one.is_dir() and all(map(ours, one.iterdir()))}


@contextmanager
def begun(folder: Path, settings: Any):
    """The configuration is in the folder while the block runs, and stays unless nothing was begun.

    A file that is there already says the same, see `refuse_in_use`, and stays as it is.
    """
    new, fresh = not folder.exists(), not (folder / CONFIG).exists()
    if fresh:
        write_atomically(folder / CONFIG, as_yaml(settings))
    try:
        yield
    except BaseException:
        if fresh and not any((folder / name).exists() for name in (SETTINGS, MEMBERS)):
            (folder / CONFIG).unlink(missing_ok=True)
            if new and not any(folder.iterdir()):
                folder.rmdir()
        raise


def known_settings(folder: Path) -> Any:
    """The configuration of the run in a folder; None if it was begun before there was one."""
    return read_run(folder / CONFIG) if (folder / CONFIG).exists() else None


def rewrite(folder: Path, settings: Any, tell: Callable[[str], None], **changed: Any) -> None:
    """Put what has changed into the configuration, if it is there and anything has."""
    if settings is None or all(getattr(settings, name) == value for name, value in changed.items()):
        return
    try:
        write_atomically(folder / CONFIG, as_yaml(settings.model_copy(update=changed)))
    except OSError as error:  # the run itself is safe
        tell(f"{folder / CONFIG} could not be brought up to date: {error}")
