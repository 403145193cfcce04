"""Labels that are kept by structure: what was labelled once is not labelled again, whatever it is asked with."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from ase import Atoms

from eukrates.files import write_atomically
from eukrates.reference.journal import Entry, fingerprint
from eukrates.reference.labeller import Labeller
from eukrates.reference.workers import label_here, label_in_processes


def label_once(
    frames: Sequence[Atoms],
    labeller: Labeller,
    folder: Path,
    *,
    processes: int = 1,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> list[Entry]:
    """What became of each structure, in their order: its labels, or the reason why there are none.

    Each is kept in a file of its own as soon as it is finished, and found there by `fingerprint`: unlike in `label`,
    the next call may have other structures among them. Failures are not kept: the next call tries again.

    Args:
        frames: any structures.
        labeller: always the same one in one folder.
        folder: of this labeller.
        processes: at once, see `label`.
        progress: is told how many are done, of how many.

    Raises:
        ValueError: before anything is computed, when a structure cannot be labelled as it stands.
    """
    for frame in frames:
        labeller.check(frame)
    files = [folder / f"{fingerprint([frame])}.json" for frame in frames]
    found = {n: replace(Entry.read(file.read_text("utf-8")), index=n) for n, file in enumerate(files) if file.exists()}
    todo = [(n, frame) for n, frame in enumerate(frames) if n not in found]
    for entry in label_here(todo, labeller) if processes == 1 else label_in_processes(todo, labeller, processes):
        if entry.labels is not None:
            write_atomically(files[entry.index], entry.line())
        found[entry.index] = entry
        progress(len(found), len(frames))
    return [found[n] for n in range(len(frames))]
