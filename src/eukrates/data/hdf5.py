"""Our HDF5 layout: ragged, without padding; what is absent takes no room. Described in docs/data.md.

/                        format = "eukrates-dataset", version = 1, energy_unit = "eV", length_unit = "Angstrom", …
/structures/first_atom   int64 [structures + 1]: atoms of structure n are first_atom[n] … first_atom[n+1] - 1
/structures/cell         float64 [structures, 3, 3], rows are lattice vectors, zero along open axes
/structures/{name, group, weight}
/structures/{charge, spin}/{structures, values}
/atoms/{numbers, positions}
/labels/<label>/{structures, values}   `structures`: indices of those that have the label; `values` of them, joined
"""

# h5py types every item as group, dataset or datatype
# pyright: reportIndexIssue=false, reportAttributeAccessIssue=false, reportArgumentType=false, reportCallIssue=false
# pyright: reportGeneralTypeIssues=false
from collections.abc import Iterator, Sequence
from pathlib import Path

import h5py
import numpy as np

from eukrates.data.sample import LABELS, Sample
from eukrates.files import replacing
from eukrates.matter import system

FORMAT, VERSION = "eukrates-dataset", 1
_UNITS = {
    "energy_unit": "eV",
    "length_unit": "Angstrom",
    "forces_unit": "eV/Angstrom",
    "stress_unit": "eV/Angstrom^3, positive under tension",
    "dipole_unit": "e Angstrom",
    "charge_unit": "e",
    "spin_unit": "unpaired electrons",
}
_PER_ATOM = ("forces", "charges", "hirshfeld_ratios")


def write_hdf5(samples: Sequence[Sample], path: str | Path) -> None:
    """Write samples in full precision; an existing file is replaced whole, at the end, or not at all."""
    samples = list(samples)
    first = np.concatenate([[0], np.cumsum([s.system.atoms for s in samples])]).astype(np.int64)
    with replacing(Path(path)) as temporary, h5py.File(temporary, "w", track_order=False) as file:
        file.attrs.update({"format": FORMAT, "version": VERSION, **_UNITS})
        text = h5py.string_dtype()
        structures = file.create_group("structures")
        structures["first_atom"] = first
        structures["cell"] = np.array([s.system.cell[0] for s in samples], np.float64).reshape(-1, 3, 3)
        structures["weight"] = np.array([s.weight for s in samples], np.float64)
        structures.create_dataset("name", data=[s.name for s in samples], dtype=text)
        _sparse(structures, "group", [s.group for s in samples], text)
        for quantity in ("charge", "spin"):
            values = [getattr(s.system, quantity) for s in samples]
            _sparse(structures, quantity, [None if v is None else float(v[0]) for v in values])
        atoms = file.create_group("atoms")
        _packed(atoms, "numbers", _joined([s.numbers for s in samples], np.int32, ()))
        _packed(atoms, "positions", _joined([s.system.positions for s in samples], np.float64, (3,)))
        labels = file.create_group("labels")
        for label in LABELS:
            if any(getattr(s, label) is not None for s in samples):
                _sparse(labels, label, [getattr(s, label) for s in samples], joined=label in _PER_ATOM)


def read_hdf5(path: str | Path) -> Iterator[Sample]:
    """The samples of a file that `write_hdf5` wrote.

    Raises:
        ValueError: not such a file, of a later version, or damaged.
    """
    path = Path(path)
    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("format") != FORMAT:
                raise ValueError(
                    f"{path.name} is HDF5, but not in the layout of Eukrates (docs/data.md): its attribute 'format' is "
                    f"{file.attrs.get('format')!r}, expected {FORMAT!r}. Convert it to extended XYZ or .npz."
                )
            if int(file.attrs["version"]) > VERSION:
                raise ValueError(f"{path.name} has version {file.attrs['version']}; this Eukrates reads {VERSION}.")
            yield from _samples(file, path.name)
    except (OSError, KeyError, IndexError) as error:
        raise ValueError(f"{path.name} cannot be read as a data set of Eukrates: {error}") from error


def _samples(file: h5py.File, name: str) -> Iterator[Sample]:
    structures, first = file["structures"], file["structures/first_atom"][:]
    count = len(first) - 1
    numbers, positions = file["atoms/numbers"][:], file["atoms/positions"][:]
    cells, weights = structures["cell"][:], structures["weight"][:]
    names = structures["name"].asstr()[:]
    stated = {key: _dense(structures[key], count, None) for key in ("group", "charge", "spin")}
    labels = {
        label: _dense(file["labels"][label], count, np.diff(first) if label in _PER_ATOM else None)
        for label in file["labels"]
    }
    unknown = set(labels) - set(LABELS)
    if unknown:
        raise ValueError(f"{name} has labels that are not known here: {', '.join(sorted(unknown))}.")
    for n in range(count):
        rows = slice(first[n], first[n + 1])
        structure = system(numbers[rows], positions[rows], cells[n], charge=stated["charge"][n], spin=stated["spin"][n])
        mine = {label: values[n] for label, values in labels.items()}
        mine["energy"] = None if mine.get("energy") is None else float(mine["energy"])
        yield Sample(structure, **mine, weight=float(weights[n]), name=str(names[n]), group=stated["group"][n])


def _sparse(parent: h5py.Group, name: str, values: Sequence, dtype=None, joined: bool = False) -> None:
    present = [n for n, value in enumerate(values) if value is not None]
    group = parent.create_group(name)
    group["structures"] = np.array(present, np.int64)
    kept = [values[n] for n in present]
    if dtype is not None:
        group.create_dataset("values", data=kept, dtype=dtype)
    else:
        arrays = [np.asarray(value, np.float64) for value in kept]
        _packed(group, "values", (np.concatenate if joined else np.array)(arrays) if arrays else np.zeros(0))


def _dense(group: h5py.Group, count: int, atoms: np.ndarray | None) -> list:
    present, values = group["structures"][:], group["values"]
    values = values.asstr()[:] if h5py.check_string_dtype(values.dtype) else values[:]
    found: list = [None] * count
    ends = np.cumsum(np.ones(len(present), int) if atoms is None else atoms[present])
    starts = np.concatenate([[0], ends[:-1]]) if len(present) else ends
    if len(ends) and ends[-1] != len(values):
        raise ValueError(f"{group.name} is damaged: {len(values)} rows, expected {ends[-1]}.")
    for n, start, end in zip(present, starts, ends, strict=True):
        found[n] = values[start] if atoms is None else values[start:end]
    return found


def _joined(arrays: Sequence, dtype, rest: tuple[int, ...]) -> np.ndarray:
    return np.concatenate(arrays).astype(dtype) if arrays else np.zeros((0, *rest), dtype)


def _packed(parent: h5py.Group, name: str, data: np.ndarray) -> None:
    packing = {"compression": "gzip", "shuffle": True} if data.size > 1000 else {}
    parent.create_dataset(name, data=data, track_times=False, **packing)
