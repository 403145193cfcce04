"""Frames from NumPy archives as sGDML, MD17, rMD17, QM7-X and SpookyNet spread them: R, E, F, z and their aliases."""

import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from zipfile import BadZipFile, is_zipfile

import numpy as np

from eukrates.data.advice import say_units
from eukrates.data.declared import Units
from eukrates.data.frame import Frame

_ALIASES = {
    "positions": ("R", "coords", "coordinates", "positions"),
    "numbers": ("z", "Z", "nuclear_charges", "numbers", "atomic_numbers", "species"),
    "cell": ("unit_cell", "cell", "lattice", "cells"),
    "periodic": ("pbc", "periodic"),
}
_UNIT_KEYS = {"energy": ("e_unit", "energy_unit", "E_unit"), "length": ("r_unit", "length_unit", "R_unit")}


def read_npz(path: Path) -> tuple[list[Frame], dict[str, str]]:
    """The frames of an archive, and the units it states ({} if it states none).

    `numbers` may be [atoms] or [frames, atoms] with 0 as padding. An array whose first axis counts the frames is a
    field of each; a number that stands alone is a field of all.

    Raises:
        ValueError: a damaged archive or none at all, no positions or no atomic numbers, or shapes that do not fit.
    """
    loaded = _load(path)
    content = {key: value for key, value in loaded.items() if value is not None}
    names = {what: _first(content, aliases) for what, aliases in _ALIASES.items()}
    for what in ("positions", "numbers"):
        if names[what] is None:
            raise ValueError(
                f"{path.name}: expected {what} under one of {', '.join(_ALIASES[what])}; found {', '.join(content)}."
            )
    positions, numbers = content[str(names["positions"])], content[str(names["numbers"])]
    positions = positions[None] if positions.ndim == 2 else positions
    if positions.ndim != 3 or positions.shape[2] != 3:
        raise ValueError(f"{path.name}: expected {names['positions']} [frames, atoms, 3], got {positions.shape}.")
    if numbers.shape not in (positions.shape[1:2], positions.shape[:2]):
        raise ValueError(
            f"{path.name}: expected {names['numbers']} {positions.shape[1:2]} or {positions.shape[:2]} "
            f"to fit {names['positions']} {positions.shape}, got {numbers.shape}."
        )
    fields = {key: value for key, value in content.items() if key not in names.values()}
    frames = list(_frames(path.name, positions, numbers, content, names, fields))
    return frames, _units(content)


def _load(path: Path) -> dict[str, np.ndarray | None]:
    """The arrays of an archive; None for arrays of Python objects."""
    advice = "Expected an archive that numpy.savez wrote; copy or download it again, and compare its size."
    try:
        whole = is_zipfile(path)
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read: {error}") from error
    if not whole:
        raise ValueError(f"{path.name} is damaged, cut off, or no .npz archive. {advice}")
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {key: _value(archive, key) for key in archive.files}
    except (OSError, EOFError, BadZipFile, zlib.error, KeyError, NotImplementedError) as error:
        raise ValueError(f"{path.name} is damaged: {error or type(error).__name__}. {advice}") from error


def _frames(file: str, positions, numbers, content, names, fields) -> Iterator[Frame]:
    count, width = positions.shape[:2]
    for n in range(count):
        z = numbers if numbers.ndim == 1 else numbers[n]
        keep = np.flatnonzero(z > 0)
        mine = {}
        for key, value in fields.items():
            if value.ndim and value.shape[0] == count and (count > 1 or value.ndim > 1):
                one = value[n]
                one = one[keep] if one.ndim and one.shape[0] == width and len(keep) < width else one
                mine[key] = one.item() if one.size == 1 and one.ndim <= 1 else one
            elif value.size == 1:
                mine[key] = value.reshape(()).item()
        yield Frame(
            name=f"{file}#{n}",
            numbers=z[keep].astype(np.int64),
            positions=positions[n][keep].astype(np.float64),
            cell=_of_frame(content, names["cell"], n, (3, 3)),
            periodic=_of_frame(content, names["periodic"], n, (3,)),
            fields=mine,
        )


def _of_frame(content, key: str | None, n: int, shape: tuple[int, ...]):
    if key is None:
        return None
    value = content[key]
    return value[n] if value.ndim == len(shape) + 1 else value


def _units(content: Mapping[str, np.ndarray]) -> dict[str, str]:
    stated = {what: _first(content, keys) for what, keys in _UNIT_KEYS.items()}
    return {what: str(content[key].reshape(()).item()) for what, key in stated.items() if key is not None}


def declare(stated: Mapping[str, str], units: Units | None, path: Path) -> Units:
    """The units of an archive: what the user declares, or what the file states; both must agree.

    Raises:
        ValueError: nobody says the units, or the two disagree.
    """
    if units is None:
        if set(stated) != {"energy", "length"}:
            raise ValueError(
                f"{path.name} does not state its units, and .npz archives have no convention. Declare them: "
                f"{say_units({'energy': 'kcal/mol', 'length': 'Angstrom'})}, as in MD17."
            )
        return Units(**stated)
    for what, name in stated.items():
        said, found = getattr(units, f"{what}_factor"), getattr(Units(**{what: name}), f"{what}_factor")
        if not np.isclose(said, found, rtol=1e-6):
            raise ValueError(
                f"{path.name} states its unit of {what} as {name!r}, but {getattr(units, what)!r} was declared. "
                "Leave the declaration out, or repair the file."
            )
    return units


def _value(archive, key: str) -> np.ndarray | None:
    try:
        return np.asarray(archive[key])
    except ValueError:  # an array of Python objects: reading it would run code
        return None


def _first(content: Mapping[str, np.ndarray], names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in content), None)
