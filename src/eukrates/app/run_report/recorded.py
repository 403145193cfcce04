"""`Recorded`: what lies in the folder of a run, as the analysis of it needs it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from eukrates.data.trajectory import Frames, Trajectory, read_h5md
from eukrates.dynamics.journal import CHECKPOINT, H5MD, LOG, read_settings
from eukrates.dynamics.journals import MEMBERS, directories
from eukrates.dynamics.standing import load_arrays
from eukrates.matter import System
from eukrates.plots.history import read_history

MOST_NUMBERS = 12_000_000  # coordinates that are held at once
UNSETTLED = 0.1  # of the run, left out of averages
EMPTY = 1000.0  # Å³ per atom, beyond which a periodic structure is taken for a molecule alone in its box


@dataclass(frozen=True, eq=False)
class Recorded:
    """The settings of a run, its log, its frames, and how it ended."""

    folder: Path
    told: dict[str, Any]  # settings.json
    choices: dict[str, Any]  # md.yaml; empty for runs that have none
    log: dict[str, np.ndarray]  # one number per frame
    notes: tuple[str, ...]
    stopped: str | None  # by its watchdog, and why
    steps_done: int
    stride: int
    home: Path  # what is resumed: the folder, or for a replica the one around it

    @cached_property
    def trajectory(self) -> Trajectory:
        """Every `stride`-th frame.

        Raises:
            ValueError: none, or damaged files.
        """
        found = read_h5md(self.folder / H5MD, slice(None, len(self.log["step"]), self.stride))
        if not len(found):
            raise ValueError(f"{self.folder / H5MD} holds no frame: there is nothing to analyse.")
        return found

    @property
    def structure(self) -> System:
        """The first frame."""
        return self.trajectory.structure

    @property
    def frames(self) -> Frames:
        """Every `stride`-th frame."""
        return self.trajectory.frames

    @property
    def atoms(self) -> int:
        """How many."""
        return len(self.told["system"]["numbers"])

    @property
    def freedom(self) -> int:
        """Degrees of freedom."""
        return self.told["degrees_of_freedom"]

    @property
    def target_kelvin(self) -> float | None:
        """Of the bath; None where there is none, or where it changes in time."""
        return None if self.told["ensemble"]["kind"] == "nve" else self.constant("temperature_kelvin")

    def constant(self, name: str) -> float | None:
        """A setting of the ensemble, if it is one number."""
        value = self.told["ensemble"].get(name)
        return value if isinstance(value, int | float) else None

    @cached_property
    def settled(self) -> dict[str, np.ndarray]:
        """The log without the first tenth of the run."""
        time = self.log["time_fs"]
        rows = time >= UNSETTLED * time[-1]
        return {name: column[rows] for name, column in self.log.items()}

    def some(self, most: int, numbers: int = 0) -> Frames:
        """At most so many frames, evenly spaced, without the first tenth.

        `numbers`: that each frame costs; fewer frames then keep the whole below what is held at once.
        """
        n = len(self.frames)
        first = int(np.searchsorted(self.frames.time_fs, UNSETTLED * self.frames.time_fs[-1])) if n else 0
        most = min(most, max(1, MOST_NUMBERS // max(numbers, 1)))
        return self.frames[first :: max(1, -(-(n - first) // most))]

    def last(self) -> Frames:
        """As many frames as can be held, consecutive, up to the end."""
        if self.stride == 1:
            return self.some(len(self.frames))
        return read_h5md(self.folder / H5MD, slice(-(MOST_NUMBERS // (3 * self.atoms)), None)).frames

    @property
    def volume_per_atom(self) -> float | None:
        """Å³; None where the structure is not periodic along three axes."""
        volume = abs(float(np.linalg.det(self.structure.cell[0])))
        return volume / self.atoms if volume > 0 else None

    @property
    def alone(self) -> str:
        """Why there is no density to speak of, in words; empty where there is one."""
        space = self.volume_per_atom
        if space is None:
            return "the structure is not periodic along three axes"
        return f"the box is nearly empty ({space:.3g} Å³ per atom): a molecule alone" if space > EMPTY else ""


def read_recorded(folder: str | Path) -> Recorded:
    """What a run left in its folder, also while it goes on.

    Raises:
        ValueError: no run there, or no frame yet.
    """
    folder = Path(folder)
    told = read_settings(folder)
    rows = read_history(folder / LOG) if (folder / LOG).exists() else []
    lines = [row for row in rows if "note" not in row]
    if not lines or not (folder / H5MD).exists():
        raise ValueError(f"{folder} holds no frame yet: there is nothing to analyse.")
    log = {name: np.array([line[name] for line in lines], np.float64) for name in lines[0]}
    atoms = len(told["system"]["numbers"])
    stride = max(1, -(-len(lines) * 3 * atoms // MOST_NUMBERS))
    home, number = _home(folder)
    saved = load_arrays(home / CHECKPOINT) if (home / CHECKPOINT).exists() else {}
    halted = int(saved["last"][number]) if "last" in saved else -1  # the step; -1: it was not
    done = halted if halted >= 0 else int(saved["step"] if "step" in saved else log["step"][-1])
    notes = tuple(row["note"] for row in rows if "note" in row)
    ends = [note for note in notes if note.startswith("Stopped")]
    stopped = ends[-1] if ends and (halted >= 0 or rows[-1].get("note") == ends[-1]) else None
    return Recorded(folder, told, _choices(home), log, notes, stopped, done, stride, home)


def _home(folder: Path) -> tuple[Path, int]:
    """The folder of the checkpoint, and which of the systems in it has the folder."""
    around = folder.resolve().parent
    if (folder / CHECKPOINT).exists() or not (around / MEMBERS).exists():
        return folder, 0
    names = [one.name for one in directories(around)]
    return (folder.parent, names.index(folder.resolve().name)) if folder.resolve().name in names else (folder, 0)


def _choices(folder: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load((folder / "md.yaml").read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}
