"""The directory of a run: what is written, in an order that survives being killed at any moment.

Frames first, the checkpoint last. The checkpoint says how many frames and bytes of the other files belong to it; what
is beyond was written by a process that died before its next checkpoint, and is cut off when the run is resumed.
"""

import json
import os
from pathlib import Path
from typing import Any

import ase
import ase.io
import numpy as np

from eukrates.data.trajectory import Frames, Trajectory, append_extxyz, append_h5md, create_h5md, keep_h5md, read_h5md
from eukrates.data.trajectory.frames import joined
from eukrates.dynamics.settings import Settings
from eukrates.files import write_atomically

OBSERVABLES = ("potential_energy", "kinetic_energy", "conserved_energy", "temperature_kelvin")
OF_A_PISTON = ("pressure_gpa", "volume_angstrom3", "density_g_per_cm3")
STOPPED = "stopped.extxyz"
SETTINGS, LOG, H5MD, EXTXYZ, CHECKPOINT = (
    "settings.json",
    "log.jsonl",
    "trajectory.h5",
    "trajectory.extxyz",
    "checkpoint.npz",
)


class Journal:
    """Takes frames and notes, keeps them until `commit`; without a directory it keeps them for ever."""

    def __init__(self, settings: Settings):
        self.settings, self.notes = settings, []
        self.observables = OBSERVABLES + (OF_A_PISTON if settings.ensemble.flexible else ())
        self.log: dict[str, list[float]] = {name: [] for name in ("step", "time_fs", *self.observables)}
        self._frames: list[Frames] = []  # not yet on disk
        self._lines: list[str] = []
        directory = settings.record.directory
        self.directory = None if directory is None else Path(directory)

    def begin(self) -> None:
        """Make the directory and its files.

        Raises:
            ValueError: it holds a run already, or files of the same names that are not the beginning of this very run.
        """
        if self.directory is None:
            return
        s = self.settings
        told = s.to_json()
        if (self.directory / CHECKPOINT).exists():
            raise ValueError(f"{self.directory} holds a run. Resume it, or choose another directory for a new one.")
        taken = [name for name in (SETTINGS, LOG, H5MD, EXTXYZ) if (self.directory / name).exists()]
        if taken and not (_is_beginning_of(told, self.directory) or _never_began(self.directory)):
            raise ValueError(f"{self.directory} holds {', '.join(taken)} of something else: choose another directory.")
        self.directory.mkdir(parents=True, exist_ok=True)
        write_settings(self.directory, told)
        what = tuple({"velocities": "velocity", "forces": "force", "charges": "charge"}[name] for name in s.record.what)
        path = self.directory / H5MD
        create_h5md(path, s.structure, s.masses, what, self.observables, s.record.precision, told)
        for name in (LOG, EXTXYZ):
            (self.directory / name).write_bytes(b"")

    def go_on(self, marks: dict[str, int]) -> None:
        """Cut the files back to what a checkpoint knows of, and read the log."""
        folder = self._folder()
        keep_h5md(folder / H5MD, marks["frames"])
        for name, mark in ((LOG, "log"), (EXTXYZ, "extxyz")):
            if (size := (folder / name).stat().st_size) < marks[mark]:
                raise ValueError(f"{folder / name} has {size} bytes and {marks[mark]} were written: it was changed.")
            os.truncate(folder / name, marks[mark])
        for line in (folder / LOG).read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            if "note" in entry:
                self.notes.append(entry["note"])
            else:
                for name, column in self.log.items():
                    column.append(entry[name])

    def add(self, frames: Frames) -> None:
        """Frames to be written."""
        if not len(frames):
            return
        self._frames.append(frames)
        columns = {"step": frames.step, "time_fs": frames.time_fs, **frames.observables}
        for name, column in self.log.items():
            column.extend(np.asarray(columns[name]).tolist())
        rows = zip(*(np.asarray(columns[name]).tolist() for name in self.log), strict=True)
        self._lines += [json.dumps(dict(zip(self.log, row, strict=True))) for row in rows]

    def last_words(self, good: ase.Atoms, refused: ase.Atoms) -> None:
        """The last structure that was good and the one that was refused, side by side, where they can be looked at."""
        if self.directory is not None:
            shown = [good, refused] if np.isfinite(refused.positions).all() else [good]
            ase.io.write(self.directory / STOPPED, shown, format="extxyz")

    def note(self, step: int, text: str) -> None:
        """Something worth knowing that happened."""
        self.notes.append(text)
        self._lines.append(json.dumps({"step": step, "note": text}, ensure_ascii=False))

    def write(self) -> dict[str, int]:
        """Frames and notes to disk, without a checkpoint; returns how much there is now."""
        s, folder = self.settings, self._folder()
        extxyz = (folder / EXTXYZ).stat().st_size
        if self._frames:
            frames = joined(self._frames)
            append_h5md(folder / H5MD, frames)
            extxyz = append_extxyz(folder / EXTXYZ, s.structure, s.masses, frames)
        with (folder / LOG).open("a", encoding="utf-8") as stream:
            stream.writelines(line + "\n" for line in self._lines)
            log = stream.tell()
        for name in (H5MD, EXTXYZ, LOG):
            with (folder / name).open("rb+") as stream:
                os.fsync(stream.fileno())
        self._frames, self._lines = [], []
        return {"frames": len(self.log["step"]), "log": log, "extxyz": extxyz}

    def _folder(self) -> Path:
        if self.directory is None:
            raise ValueError("This run keeps its frames in memory: only one with a directory has files.")
        return self.directory

    def trajectory(self) -> Trajectory:
        """What was recorded: from the file, or from memory."""
        if self.directory is not None:
            return read_h5md(self.directory / H5MD)
        if not self._frames:
            raise ValueError("Nothing was recorded: the run stopped before its first frame.")
        return Trajectory(self.settings.structure, self.settings.masses, joined(self._frames))


def write_settings(directory: Path, told: dict[str, Any]) -> None:
    """`settings.json` of a run, replaced whole."""
    write_atomically(directory / SETTINGS, json.dumps(told, indent=1) + "\n")


def read_settings(directory: Path) -> dict[str, Any]:
    """`settings.json` of a run."""
    try:
        return json.loads((directory / SETTINGS).read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise ValueError(f"{directory} holds no run: {SETTINGS} cannot be read ({error}).") from error


def _never_began(directory: Path) -> bool:
    """True where a run of ours was refused at its start: there are settings, and no frame."""
    try:
        return "eukrates" in read_settings(directory) and not len(read_h5md(directory / H5MD))
    except (OSError, ValueError):
        return False


def _is_beginning_of(told: dict[str, Any], directory: Path) -> bool:
    """True where these very settings were written by a run that was killed before its first checkpoint."""
    try:
        return json.loads((directory / SETTINGS).read_text(encoding="utf-8")) == json.loads(json.dumps(told))
    except (OSError, ValueError):
        return False
