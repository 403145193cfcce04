"""Structures in any file that ASE reads."""

from contextlib import suppress
from pathlib import Path

import ase
import ase.io


def read_structure(path: str | Path, frame: int = 0) -> ase.Atoms:
    """One frame of a structure file.

    Raises:
        ValueError: no such file or frame, or one that ASE cannot read.
    """
    return _read(path, frame, f"another format of ASE that has a frame {frame}")[0]


def read_structures(path: str | Path) -> list[ase.Atoms]:
    """All frames of a structure file; raises as `read_structure`."""
    return _read(path, ":", "another format of ASE")


def frames_in(path: str | Path) -> int:
    """How many frames a structure file has, as far as they can be read."""
    count = 0
    with suppress(Exception):  # ASE's readers raise anything; a frame that is wanted is read by `read_structure`
        for _ in ase.io.iread(str(path), index=":"):
            count += 1
    return count


def _read(path: str | Path, index: int | str, other: str) -> list[ase.Atoms]:
    if not Path(path).is_file():
        raise ValueError(f"There is no structure file {path}.")
    try:
        found = ase.io.read(str(path), index=index)
    except Exception as error:  # ASE's readers raise anything
        why = str(error).strip() or type(error).__name__
        raise ValueError(
            f"{path} cannot be read as a structure: {why}. Expected extended XYZ, PDB, CIF, or {other}."
        ) from error
    frames = found if isinstance(found, list) else [found]
    if not frames or not all(isinstance(atoms, ase.Atoms) and len(atoms) for atoms in frames):
        raise ValueError(f"{path} holds no atoms" + (f" in frame {index}." if isinstance(index, int) else "."))
    return frames
