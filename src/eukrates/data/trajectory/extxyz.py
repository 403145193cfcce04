"""Extended XYZ, for everybody: frames as text at the end of a file."""

import os
from pathlib import Path

import numpy as np

from eukrates.data.trajectory.frames import Frames
from eukrates.elements import symbols
from eukrates.matter import System
from eukrates.units import FS


def append_extxyz(path: str | os.PathLike, structure: System, masses: np.ndarray, frames: Frames) -> int:
    """Append frames with energy, forces and momenta as ASE names them; returns the size of the file in bytes after."""
    names = symbols(structure.numbers.tolist())
    with Path(path).open("a", encoding="ascii") as stream:
        for n in range(len(frames)):
            stream.write(_frame(structure, names, masses, frames, n))
        stream.flush()
        return stream.tell()


def _frame(structure: System, names: tuple[str, ...], masses: np.ndarray, frames: Frames, n: int) -> str:
    columns, properties = [frames.positions[n]], "species:S:1:pos:R:3"
    if frames.velocities is not None:
        columns.append(frames.velocities[n] / FS * masses[:, None])
        properties += ":momenta:R:3"
    if frames.forces is not None:
        columns.append(frames.forces[n])
        properties += ":forces:R:3"
    if frames.charges is not None:
        columns.append(frames.charges[n][:, None])
        properties += ":charges:R:1"
    table = np.concatenate(columns, axis=1)
    line = "{:<2s}" + " {:16.8f}" * table.shape[1] + "\n"
    rows = "".join(line.format(name, *row) for name, row in zip(names, table.tolist(), strict=True))
    return f"{len(names)}\n{_header(structure, properties, frames, n)}\n{rows}"


def _header(structure: System, properties: str, frames: Frames, n: int) -> str:
    periodic = np.any(structure.cell[0] != 0, axis=1)
    parts = []
    if periodic.any():
        cell = structure.cell[0] if frames.cell is None else frames.cell[n]
        parts.append('Lattice="' + " ".join(f"{x:.10g}" for x in cell.ravel()) + '"')
    parts.append(f"Properties={properties}")
    if "potential_energy" in frames.observables:
        parts.append(f"energy={float(frames.observables['potential_energy'][n])!r}")
    parts += [f"step={int(frames.step[n])}", f"time_fs={float(frames.time_fs[n])!r}"]
    for name, column in frames.observables.items():
        if name != "potential_energy":
            parts.append(f"{name}={float(column[n])!r}")
    for name in ("charge", "spin"):
        if getattr(structure, name) is not None:
            parts.append(f"{name}={float(getattr(structure, name)[0])!r}")
    parts.append('pbc="' + " ".join("T" if p else "F" for p in periodic) + '"')
    return " ".join(parts)
