"""Frames from any file that ASE reads. Extended XYZ is cut into frames here, so that one bad frame is not the end."""

from collections.abc import Iterator
from io import StringIO
from itertools import islice
from pathlib import Path

import ase
import ase.io
import numpy as np

from eukrates.data.frame import Fault, Frame, merged

_STRUCTURE = frozenset({"numbers", "positions"})  # arrays of `ase.Atoms` that are not labels


def read_ase(path: Path) -> Iterator[Frame | Fault]:
    """The frames of a file in order; what cannot be read comes as a `Fault`."""
    pieces = _extended_xyz(path) if path.suffix.lower() in (".xyz", ".extxyz") else _other(path)
    for n, piece in enumerate(pieces):
        name = f"{path.name}#{n}"
        if isinstance(piece, Exception):
            yield Fault(name, n, "unreadable", f"cannot be read: {piece or type(piece).__name__}")
        else:
            yield frame_of(piece, name)


def frame_of(atoms: ase.Atoms, name: str) -> Frame:
    """A frame from `ase.Atoms`: calculator results first, then `info` and `arrays`."""
    results = dict(getattr(atoms.calc, "results", None) or {})
    arrays = {key: value for key, value in atoms.arrays.items() if key not in _STRUCTURE}
    return Frame(
        name=name,
        numbers=np.asarray(atoms.numbers),
        positions=np.asarray(atoms.positions, np.float64),
        cell=np.asarray(atoms.cell, np.float64),
        periodic=np.asarray(atoms.pbc, bool),
        fields=merged(name, ("", results), ("info", atoms.info), ("arrays", arrays)),
    )


def _other(path: Path) -> Iterator[ase.Atoms | Exception]:
    frames = ase.io.iread(str(path), index=":")
    while True:
        try:
            yield next(frames)
        except StopIteration:
            return
        except Exception as error:  # ASE's readers raise anything; the frame is named and nothing is hidden
            yield error
            return


def _extended_xyz(path: Path) -> Iterator[ase.Atoms | Exception]:
    for chunk in _chunks(path):
        if isinstance(chunk, Exception):
            yield chunk
            continue
        try:
            yield ase.io.read(StringIO(chunk), format="extxyz")  # type: ignore[misc]
        except Exception as error:
            yield error


def _chunks(path: Path) -> Iterator[str | Exception]:
    """The text of one frame after the other: a line with the number of atoms, a comment, one line per atom."""
    with open(path, encoding="utf-8", errors="replace") as file:
        line_number = 0
        for line in file:
            line_number += 1
            if not line.strip():
                continue
            try:
                atoms = int(line)
            except ValueError:
                yield ValueError(
                    f"line {line_number} should be a number of atoms, it is {line.strip()[:60]!r}; "
                    "the frames after it cannot be found"
                )
                return
            rest = list(islice(file, atoms + 1))
            line_number += len(rest)
            if len(rest) < atoms + 1:
                yield ValueError(f"the file ends after {max(len(rest) - 1, 0)} of {atoms} atoms")
                return
            yield line + "".join(rest)
