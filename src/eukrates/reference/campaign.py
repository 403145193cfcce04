"""Label many structures, on several processes, so that a kill at any time loses only the frames in work."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import ase.io
from ase import Atoms

from eukrates.files import replacing
from eukrates.reference.cluster import label_on_cluster
from eukrates.reference.journal import Entry, Journal
from eukrates.reference.labeller import Labeller, labelled
from eukrates.reference.workers import label_here, label_in_processes


@dataclasses.dataclass(frozen=True)
class Campaign:
    """The outcome: where the labelled structures are, how many, and which could not be labelled and why."""

    out: Path
    journal: Path
    labelled: int
    failures: dict[int, str]  # index of the frame → reason
    seconds: float  # of labelling, summed over processes and runs


def label(
    frames: Sequence[Atoms],
    labeller: Labeller,
    out: str | Path,
    *,
    processes: int = 1,
    client: Any = None,
    progress: Callable[[Entry, int, int], None] | None = None,
) -> Campaign:
    """Label `frames` in their order and write them, with labels and level, to the extxyz file `out`.

    Every finished frame goes at once to the journal `<out>.journal.jsonl`; called again with the same frames and
    labeller, the campaign resumes from it. Frames that fail are recorded with the reason, left out of `out` and not
    tried again. `out` appears at the end, whole. `progress(entry, done, total)` is called for each frame.
    With `processes > 1` each process uses one thread, and a script must guard its entry point by
    `if __name__ == "__main__":`. With `client`, a `dask.distributed.Client`, the workers of that cluster do the
    labelling instead (`cluster.label_on_cluster`); the journal is written here.

    Raises ValueError, before anything is computed, when a frame lacks charge or spin or cannot be labelled as it
    stands, when `out` exists but not its journal, and when the journal is of another campaign.
    """
    frames, out = list(frames), Path(out)
    journal_path = out.with_name(out.name + ".journal.jsonl")
    _check(frames, labeller, out, journal_path, processes)
    if client is not None and processes != 1:
        raise ValueError(f"Choose {processes} processes on this machine or the workers of a client, not both.")
    journal = Journal(journal_path, frames, labeller)
    try:
        todo = [(index, frame) for index, frame in enumerate(frames) if index not in journal.entries]
        for entry in _work(todo, labeller, processes, client):
            journal.add(entry)
            if progress is not None:
                progress(entry, len(journal.entries), len(frames))
    finally:
        journal.close()
    entries = [journal.entries[index] for index in range(len(frames))]
    good = [labelled(frames[e.index], e.labels, labeller.level) for e in entries if e.labels is not None]
    if good:
        with replacing(out) as temporary:
            ase.io.write(temporary, good, format="extxyz")
    failures = {entry.index: entry.reason for entry in entries if entry.reason is not None}
    return Campaign(out, journal_path, len(good), failures, sum(entry.seconds for entry in entries))


def _work(todo: list[tuple[int, Atoms]], labeller: Labeller, processes: int, client: Any) -> Iterator[Entry]:
    if client is not None:
        return label_on_cluster(todo, labeller, client)
    return label_here(todo, labeller) if processes == 1 else label_in_processes(todo, labeller, processes)


def _check(frames: list[Atoms], labeller: Labeller, out: Path, journal: Path, processes: int) -> None:
    if processes < 1:
        raise ValueError(f"processes must be 1 or more; it is {processes}.")
    if out.suffix not in (".xyz", ".extxyz"):
        raise ValueError(f"Labelled structures are written as extended XYZ; {out} should end in .extxyz or .xyz.")
    if not out.parent.is_dir():
        raise ValueError(f"The folder {out.parent} of the output does not exist.")
    if out.exists() and not journal.exists():
        raise ValueError(
            f"{out} exists and has no journal to resume from. Nothing was overwritten: choose another name."
        )
    for index, frame in enumerate(frames):
        try:
            labeller.check(frame)
        except ValueError as error:
            raise ValueError(f"Structure {index} cannot be labelled: {error}") from error
