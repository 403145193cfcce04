"""H5MD files: trajectories in HDF5 that MDAnalysis and any HDF5 reader understand.

Layout and units after de Buyl, Colberg & Höfling, Comput. Phys. Commun. 185, 1546 (2014),
doi:10.1016/j.cpc.2014.01.018. Lengths in Angstrom, times in fs, velocities in Angstrom fs-1; forces in
kJ mol-1 Angstrom-1, because readers refuse forces in eV; observables in eV and K. Every dataset says its unit.

Frames are appended in HDF5's single-writer mode (SWMR): a process killed while it writes leaves a readable file.
See `keep_h5md` for how to go on after that.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

from eukrates.data.trajectory.frames import Frames, Trajectory
from eukrates.files import replacing
from eukrates.matter import System, system
from eukrates.units import KJ_PER_MOL
from eukrates.version import __version__

UNITS = {"position": "Angstrom", "velocity": "Angstrom fs-1", "force": "kJ mol-1 Angstrom-1", "charge": "e"}
SUFFIXES = {"_kelvin": "K", "_gpa": "GPa", "_angstrom3": "Angstrom3", "_g_per_cm3": "g cm-3"}
CHUNK_BYTES = 1 << 18
WHERE = "particles/all"


def create_h5md(
    path: str | os.PathLike,
    structure: System,
    masses: np.ndarray,
    what: Sequence[str],
    observables: Sequence[str],
    precision: str = "float32",
    parameters: dict | None = None,
) -> None:
    """A file without frames, ready to be appended to; an existing one is replaced.

    Args:
        path: the file.
        structure: one structure; numbers, cell, charge and spin are written.
        masses: u, [atoms].
        what: of "velocity", "force" and "charge"; positions are always recorded.
        observables: names of scalars recorded per frame; their ends say the unit (see `SUFFIXES`), else it is eV.
        precision: "float32" or "float64", of what is recorded per atom.
        parameters: whatever describes the run, JSON-able.
    """
    atoms = structure.atoms
    rows = max(1, min(4096, CHUNK_BYTES // (atoms * 3 * np.dtype(precision).itemsize)))
    with replacing(Path(path)) as temporary, h5py.File(temporary, "w", libver="latest") as file:
        _describe(file, structure, masses, parameters)
        step = file.create_dataset(f"{WHERE}/position/step", (0,), np.int64, maxshape=(None,), chunks=(4096,))
        time = file.create_dataset(f"{WHERE}/position/time", (0,), np.float64, maxshape=(None,), chunks=(4096,))
        time.attrs["unit"] = "fs"

        def series(where, shape, dtype, unit, chunk):
            value = file.create_dataset(
                f"{where}/value", (0, *shape), dtype, maxshape=(None, *shape), chunks=(chunk, *shape)
            )
            value.attrs["unit"] = unit
            if f"{where}/step" not in file:
                file[f"{where}/step"], file[f"{where}/time"] = step, time  # hard links: one clock

        for name in ("position", *what):
            series(f"{WHERE}/{name}", (atoms,) if name == "charge" else (atoms, 3), precision, UNITS[name], rows)
        if np.any(structure.cell):
            series(f"{WHERE}/box/edges", (3, 3), np.float64, "Angstrom", 1024)
        for name in observables:
            series(f"observables/{name}", (), np.float64, _unit(name), 4096)


def append_h5md(path: str | os.PathLike, frames: Frames) -> int:
    """Append frames; returns how many the file then holds."""
    with h5py.File(path, "r+", libver="latest") as file:
        file.swmr_mode = True
        have, more = whole_frames(file), len(frames)
        recorded = {"position": frames.positions, "velocity": frames.velocities, "force": frames.forces}
        recorded["charge"] = frames.charges
        columns = {f"{WHERE}/{k}/value": v for k, v in recorded.items() if f"{WHERE}/{k}" in file}
        for where, values in columns.items():
            if values is None:
                raise ValueError(f"Expected frames with what {path} records; these lack {where}.")
        if frames.forces is not None and f"{WHERE}/force/value" in columns:
            columns[f"{WHERE}/force/value"] = frames.forces / KJ_PER_MOL
        if f"{WHERE}/box/edges" in file:
            still = np.broadcast_to(_cell(file), (more, 3, 3))
            columns[f"{WHERE}/box/edges/value"] = still if frames.cell is None else frames.cell
        columns |= {
            f"observables/{name}/value": frames.observables[name] for name in map(str, _group(file, "observables"))
        }
        columns |= {f"{WHERE}/position/time": frames.time_fs, f"{WHERE}/position/step": frames.step}
        for name, values in columns.items():  # the steps come last: they count the whole frames
            dataset = _dataset(file, name)
            dataset.resize(have + more, axis=0)
            dataset[have:] = values
            dataset.flush()
        return have + more


def read_h5md(path: str | os.PathLike, rows: slice = slice(None)) -> Trajectory:
    """The trajectory in a file of ours, `rows` of its frames; works while it is being written.

    Raises:
        ValueError: the file is not HDF5, or not a trajectory with our units.
    """
    path = Path(path)
    with opened(path) as file:
        if f"{WHERE}/position" not in file:
            raise ValueError(f"{path} has no {WHERE}/position: it is not a trajectory.")
        group, count = _group(file, WHERE), whole_frames(file)
        for name in UNITS:
            if name in group and (unit := _dataset(group, f"{name}/value").attrs["unit"]) != UNITS[name]:
                raise ValueError(f"{path}: expected {name} in {UNITS[name]}, found {unit}.")
        column = lambda where: np.asarray(_dataset(file, where)[:count][rows])
        some = lambda name: column(f"{WHERE}/{name}/value") if name in group else None
        force, cell = some("force"), some("box/edges")
        frames = Frames(
            step=column(f"{WHERE}/position/step"),
            time_fs=column(f"{WHERE}/position/time"),
            positions=column(f"{WHERE}/position/value"),
            velocities=some("velocity"),
            forces=None if force is None else force * KJ_PER_MOL,
            observables={name: column(f"observables/{name}/value") for name in map(str, _group(file, "observables"))},
            charges=some("charge"),
            cell=None if cell is None or np.all(cell == _cell(file)) else cell,
        )
        stated = {k: float(np.asarray(group.attrs[k])) for k in ("charge", "spin") if k in group.attrs}
        numbers, masses = (np.asarray(_dataset(group, name)[:]) for name in ("species", "mass"))
        first = _dataset(group, "position/value")
        start = np.asarray(first[0], np.float64) if count else np.zeros((len(numbers), 3))
        return Trajectory(system(numbers, start, _cell(file), **stated), masses, frames)


def _describe(file: h5py.File, structure: System, masses: np.ndarray, parameters: dict | None) -> None:
    file.create_group("h5md").attrs["version"] = np.array([1, 1])
    file.create_group("h5md/author").attrs["name"] = "unknown"
    creator = file.create_group("h5md/creator")
    creator.attrs["name"], creator.attrs["version"] = "eukrates", __version__
    file.create_group("parameters").attrs["eukrates"] = json.dumps(parameters or {})
    file.create_group("observables")
    group = file.create_group(WHERE)
    for name in ("charge", "spin"):
        if getattr(structure, name) is not None:
            group.attrs[name] = float(getattr(structure, name)[0])
    periodic = np.any(structure.cell[0] != 0, axis=1)
    box = group.create_group("box")
    box.attrs["dimension"] = 3
    box.attrs["boundary"] = ["periodic" if p else "none" for p in periodic]
    box.attrs["eukrates_cell"] = structure.cell[0]
    group["species"] = np.asarray(structure.numbers)
    group["mass"] = masses
    group["mass"].attrs["unit"] = "u"


def _unit(observable: str) -> str:
    return next((unit for end, unit in SUFFIXES.items() if observable.endswith(end)), "eV")


def _group(file: h5py.Group, name: str) -> h5py.Group:
    found = file[name]
    if not isinstance(found, h5py.Group):
        raise ValueError(f"{file.file.filename}: expected a group at {name}, found {found!r}.")
    return found


def _dataset(file: h5py.Group, name: str) -> h5py.Dataset:
    found = file[name]
    if not isinstance(found, h5py.Dataset):
        raise ValueError(f"{file.file.filename}: expected a dataset at {name}, found {found!r}.")
    return found


def _cell(file: h5py.File) -> np.ndarray:
    return np.asarray(file[f"{WHERE}/box"].attrs["eukrates_cell"])


def whole_frames(file: h5py.File) -> int:
    """The number of frames that are there in full: the steps are written last."""
    return _dataset(file, f"{WHERE}/position/step").shape[0]


def opened(path: Path) -> h5py.File:
    """For reading, whether it was closed, is being written, or its writer was killed."""
    try:
        return h5py.File(path, "r", libver="latest")
    except OSError:
        pass
    try:
        return h5py.File(path, "r", libver="latest", swmr=True)  # being written, or its writer was killed
    except OSError as error:
        raise ValueError(f"{path} cannot be read as HDF5: {error}") from error
