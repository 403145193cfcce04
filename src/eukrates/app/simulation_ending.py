"""What `eukrates md` says at the end: of one run, or of replicas."""

import math
from collections.abc import Sequence
from pathlib import Path

from eukrates.app.simulation_folder import REPORT
from eukrates.dynamics import Run


def last_words(done: Sequence[Run], with_report: bool) -> list[str]:
    """Lines about what happened, how far it came, how fast, and where it is."""
    first, folder = done[0], home(done)
    if len(done) == 1:
        lines = [*first.notes, f"{_length(first)}, {first.ns_per_day:.3g} ns/day, in {folder}"]
    else:
        lines = list(dict.fromkeys(note for one in done for note in one.notes if note != one.stopped))
        if any(one.stopped for one in done):
            lines += [f"{_name(one)}: {one.stopped or f'{one.steps_done} steps, finished.'}" for one in done]
        furthest = max(done, key=lambda one: one.steps_done)
        alike = sum(one.steps_done for one in done) / max(furthest.steps_done, 1)
        pace = math.nan if not alike else alike * first.ns_per_day
        lines.append(f"{len(done)} replicas of {_length(furthest)}, {pace:.3g} ns/day together, in {folder}")
    if folder is not None and with_report and (folder / REPORT).exists():
        lines.append(f"See {folder / REPORT}.")
    return lines


def failure(done: Sequence[Run]) -> str | None:
    """Why the command failed; None: it did not."""
    stopped = [one for one in done if one.stopped]
    if not stopped or len(done) == 1:
        return stopped[0].stopped if stopped else None
    names = ", ".join(map(_name, stopped))
    return f"{len(stopped)} of {len(done)} replicas stopped before their end: {names}. See above why."


def home(done: Sequence[Run]) -> Path | None:
    """The folder of a run, or of all replicas."""
    folder = done[0].directory
    return folder if folder is None or len(done) == 1 else folder.parent


def _length(one: Run) -> str:
    return f"{one.steps_done} steps of {one.settings.timestep_fs:g} fs"


def _name(one: Run) -> str:
    return "?" if one.directory is None else one.directory.name
