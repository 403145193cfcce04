"""The journals of systems that run together, and their common checkpoint.

Alone, a system has a directory to itself. Several have one each in a common directory, in which the checkpoint is, and
`members.json` says what they are called.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from eukrates.dynamics.journal import CHECKPOINT, Journal, read_settings
from eukrates.dynamics.settings import Record, Settings
from eukrates.dynamics.standing import Standing, save_standing
from eukrates.files import write_atomically

MEMBERS = "members.json"


class Journals:
    """One journal for each of `settings`, in order; `directory` is that of the checkpoint."""

    def __init__(self, settings: Sequence[Settings], directory: Path | None):
        self.each, self.directory = [Journal(one) for one in settings], directory

    def begin(self) -> None:
        """Make the directories and their files.

        Raises:
            ValueError: there is a run, or something else of the same names.
        """
        if self.directory is not None and len(self.each) > 1:
            self._begin_together(self.directory)
        elif self.directory is not None and (self.directory / MEMBERS).exists():
            raise ValueError(f"{self.directory} holds {MEMBERS} of other runs: choose another directory.")
        for one in self.each:
            one.begin()

    def go_on(self, arrays: dict[str, np.ndarray]) -> None:
        """Cut the files back to what a checkpoint knows of."""
        marks = {name[5:]: values for name, values in arrays.items() if name.startswith("mark_")}
        for n, one in enumerate(self.each):
            one.go_on({name: int(values[n]) for name, values in marks.items()})

    def write(self) -> dict[str, list[int]]:
        """Frames and notes to disk, without a checkpoint; returns how much each file holds now."""
        marks = [one.write() for one in self.each]
        return {name: [one[name] for one in marks] for name in marks[0]}

    def commit(self, standing: Standing) -> None:
        """Everything to disk; the run can be resumed from here."""
        if self.directory is not None:
            save_standing(self.directory / CHECKPOINT, standing, self.write())

    def note(self, step: int, text: str) -> None:
        """Something that happened to all."""
        for one in self.each:
            one.note(step, text)

    def _begin_together(self, directory: Path) -> None:
        if (directory / CHECKPOINT).exists():
            raise ValueError(f"{directory} holds a run. Resume it, or choose another directory for a new one.")
        names = [one.directory.name for one in self.each if one.directory is not None]
        told = json.dumps(names)
        if (directory / MEMBERS).exists() and (directory / MEMBERS).read_text("utf-8") != told:
            raise ValueError(f"{directory} holds {MEMBERS} of something else: choose another directory.")
        directory.mkdir(parents=True, exist_ok=True)
        write_atomically(directory / MEMBERS, told)


def records(record: Record, members: int) -> list[Record]:
    """What each of the systems writes: the same, each of many in a directory of its own."""
    if record.directory is None or members == 1:
        return [record] * members
    width = len(str(members - 1))
    return [replace(record, directory=Path(record.directory) / f"{n:0{width}}") for n in range(members)]


def directories(directory: Path) -> list[Path]:
    """The directories of the members of a run, which may be one in its own."""
    if not (directory / MEMBERS).exists():
        return [directory]
    try:
        names = json.loads((directory / MEMBERS).read_text("utf-8"))
        found = [directory / name for name in names]
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(f"{directory / MEMBERS} cannot be read ({error}).") from error
    for one in found:
        read_settings(one)
    return found
