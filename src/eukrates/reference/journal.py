"""The journal of a labelling campaign: one line for each finished structure, on disk before the next one starts."""

import dataclasses
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from eukrates.reference.labeller import Labeller, Labels

SCHEMA = 1
ARRAYS = ("forces", "dipole", "charges", "stress", "positions")


@dataclasses.dataclass(frozen=True)
class Entry:
    """What became of one structure: labels, or the reason why there are none."""

    index: int
    seconds: float
    labels: Labels | None = None
    reason: str | None = None

    def line(self) -> str:
        """As one line of JSON; floats keep every bit."""
        record: dict[str, Any] = {"index": self.index, "seconds": self.seconds}
        if self.labels is None:
            return json.dumps(record | {"reason": self.reason})
        record["energy"] = self.labels.energy
        for name in ARRAYS:
            value = getattr(self.labels, name)
            if value is not None:
                record[name] = np.asarray(value, float).tolist()
        return json.dumps(record | {"details": dict(self.labels.details)})

    @classmethod
    def read(cls, line: str) -> "Entry":
        """The inverse of `line`."""
        record = json.loads(line)
        index, seconds = record["index"], record["seconds"]
        if "reason" in record:
            return cls(index, seconds, reason=record["reason"])
        arrays = {name: np.array(record[name]) for name in ARRAYS if name in record}
        return cls(index, seconds, Labels(record["energy"], details=record["details"], **arrays))


class Journal:
    """Append-only file of entries, headed by what the campaign is about.

    Opening a file that exists resumes it, and is refused (ValueError) when its header speaks of other structures
    or another labeller. A last line that was cut short by a kill is dropped.
    """

    def __init__(self, path: Path, frames: list[Atoms], labeller: Labeller):
        self.path = path
        self.entries: dict[int, Entry] = {}
        header = {"schema": SCHEMA, "level": labeller.level, "labeller": repr(labeller)}
        header |= {"frames": len(frames), "fingerprint": fingerprint(frames)}
        if path.exists() and path.stat().st_size:
            self._resume(header)
        self._file = path.open("a", encoding="utf-8")
        if not path.stat().st_size:
            self._append(json.dumps(header))

    def add(self, entry: Entry) -> None:
        """Write one entry through to the disk."""
        self._append(entry.line())
        self.entries[entry.index] = entry

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _append(self, line: str) -> None:
        self._file.write(line + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def _resume(self, header: dict[str, Any]) -> None:
        whole = self.path.read_bytes()
        complete = whole[: whole.rfind(b"\n") + 1]
        if len(complete) < len(whole):
            os.truncate(self.path, len(complete))
        lines = complete.decode("utf-8").splitlines()
        if not lines:
            return
        found = json.loads(lines[0])
        wrong = [key for key in header if found.get(key) != header[key]]
        if wrong:
            differences = "; ".join(f"{key}: {found.get(key)!r} there, {header[key]!r} here" for key in wrong)
            raise ValueError(
                f"{self.path} belongs to another campaign ({differences}). Choose another output file, or delete the "
                f"journal if its labels are not wanted any more."
            )
        for number, line in enumerate(lines[1:], start=2):
            try:
                entry = Entry.read(line)
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(
                    f"Line {number} of {self.path} is damaged ({error}). Delete that line to go on."
                ) from error
            self.entries[entry.index] = entry


def fingerprint(frames: list[Atoms]) -> str:
    """A hash of what a labeller sees of the structures: elements, positions, cell, boundaries, charge and spin."""
    digest = hashlib.sha256()
    for frame in frames:
        for array in (frame.numbers.astype("<i8"), frame.positions.astype("<f8"), frame.cell.array.astype("<f8")):
            digest.update(np.ascontiguousarray(array).tobytes())
        digest.update(f"{frame.pbc.tolist()} {frame.info.get('charge')} {frame.info.get('spin')}".encode())
    return digest.hexdigest()[:16]
