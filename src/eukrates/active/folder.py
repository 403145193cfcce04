"""The folder of a loop: one folder a generation, every step's outcome in a file that is there whole or not at all."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ase.io
from ase import Atoms

from eukrates.files import replacing, write_atomically
from eukrates.reference.journal import fingerprint

SETTINGS = "active.json"
CHOSEN, LABELLED, CANDIDATES, MODEL, DONE = (
    "chosen.extxyz",
    "labelled.extxyz",
    "candidates.extxyz",
    "model",
    "done.json",
)


class Folder:
    """Where a loop keeps everything."""

    def __init__(self, path: Path):
        self.path = Path(path)

    def generation(self, n: int) -> Path:
        """The folder of generation `n`."""
        return self.path / f"generation_{n:02d}"

    def begin(self, start: Sequence[Atoms], settings: Mapping[str, Any]) -> None:
        """Make the folder, or make sure that it is that of the same loop.

        Raises:
            ValueError: it is that of another loop, or of something else.
        """
        told = dict(settings) | {"start": fingerprint(list(start)), "structures": len(start)}
        told = json.loads(json.dumps(told))
        if not (self.path / SETTINGS).exists():
            if self.path.exists() and any(not hidden(file) for file in self.path.iterdir()):
                raise ValueError(f"{self.path} holds something else. Nothing was touched: choose another folder.")
            self.path.mkdir(parents=True, exist_ok=True)
            write_atomically(self.path / SETTINGS, json.dumps(told, indent=1))
        before = json.loads((self.path / SETTINGS).read_text())
        if wrong := [name for name in sorted({*told, *before}) if told.get(name) != before.get(name)]:
            raise ValueError(
                f"{self.path} is of a loop with other {', '.join(wrong)}. Restore what it was told to go on, or choose "
                "another folder."
            )
        if not (self.generation(0) / CHOSEN).exists():
            self.generation(0).mkdir(exist_ok=True)
            write_structures(self.generation(0) / CHOSEN, start)

    def tried(self, up_to: int) -> list[Atoms]:
        """Structures of generations 0 … `up_to` that were given to the labeller, whether or not it could label them."""
        files = [self.generation(n) / CHOSEN for n in range(up_to + 1)]
        return [atoms for file in files for atoms in read_structures(file)]

    def labelled(self, up_to: int) -> list[Path]:
        """Files of labelled structures of generations 0 … `up_to`."""
        files = [self.generation(n) / LABELLED for n in range(up_to + 1)]
        return [file for file in files if file.exists()]


def hidden(file: Path) -> bool:
    """True for what a killed process leaves of a file that it was about to write."""
    return file.name.startswith(".")


def write_structures(path: Path, structures: Sequence[Atoms]) -> None:
    """An extxyz file, atomically; no structures make an empty file."""
    with replacing(path) as temporary:
        if structures:
            ase.io.write(temporary, list(structures), format="extxyz")
        else:
            temporary.write_text("")


def read_structures(path: Path) -> list[Atoms]:
    """The inverse of `write_structures`."""
    return list(ase.io.iread(path, ":", format="extxyz")) if path.stat().st_size else []
