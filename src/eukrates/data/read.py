"""`read`: a file of structures with labels becomes a `Dataset`, and says what it understood."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from eukrates.data.ase_files import read_ase
from eukrates.data.dataset import Dataset, Source, join
from eukrates.data.declared import Units, as_units
from eukrates.data.electrons import spin_is_multiplicity
from eukrates.data.frame import Fault, Frame, FrameError
from eukrates.data.hdf5 import read_hdf5
from eukrates.data.interpret import interpret
from eukrates.data.keys import NPZ_CANDIDATES, choose
from eukrates.data.npz_files import declare, read_npz
from eukrates.data.sample import Sample

HDF5_SUFFIXES = (".h5", ".hdf5")


def read(
    path: str | Path | Sequence[str | Path],
    keys: Mapping[str, str | None] | None = None,
    units: Units | Mapping[str, str] | None = None,
    on_error: Literal["raise", "collect"] = "raise",
) -> Dataset:
    """Read one file, or several that share keys and units.

    Args:
        path: anything that ASE reads (extended XYZ, …), a .npz archive of R, E, F, z, or our HDF5 (.h5, .hdf5).
        keys: label → name in the file, for energy, forces, stress, dipole, charges, hirshfeld_ratios, charge, spin,
            multiplicity, group, weight. Labels not mentioned are detected; None as a name leaves the label out.
            `spin` counts unpaired electrons, `multiplicity` is 2S+1: keys={"multiplicity": "spin"} reads OMol files.
        units: of the file; default eV and Å (the convention of ASE). An .npz archive must state or be told its units.
        on_error: "raise" at the first frame that cannot be read, or "collect" them in `Dataset.faults`.

    Raises:
        ValueError: a missing or unknown file, a key that is nowhere, an ambiguous label, unknown units; with "raise"
            also a frame that cannot be read (non-finite numbers, wrong shapes, impossible charge or spin).
    """
    if on_error not in ("raise", "collect"):
        raise ValueError(f"Expected on_error 'raise' or 'collect', got {on_error!r}.")
    if not isinstance(path, str | Path):
        return join([read(one, keys, units, on_error) for one in path])
    path, units = Path(path), as_units(units)
    if not path.is_file():
        raise ValueError(f"There is no file {path}.")
    if path.suffix.lower() in HDF5_SUFFIXES:
        return _hdf5(path, keys, units)
    frames, faults, units, units_from = _raw(path, units)
    dataset = _interpreted(path, frames, faults, keys, units, units_from)
    found = list(dataset.faults)
    if found and on_error == "raise":
        more = f" ({len(found)} such frames)" if len(found) > 1 else ""
        raise ValueError(f"{found[0]}{more} `eukrates check` lists all of them.")
    return dataset


def _raw(path: Path, units: Units | None) -> tuple[list[Frame], list[Fault], Units, str]:
    if path.suffix.lower() == ".npz":
        frames, told = read_npz(path)
        return frames, [], declare(told, units, path), "declared" if units else "stated in the file"
    pieces = list(read_ase(path))
    frames = [piece for piece in pieces if isinstance(piece, Frame)]
    faults = [piece for piece in pieces if isinstance(piece, Fault)]
    if not pieces:
        raise ValueError(f"{path} holds no structures.")
    return frames, faults, units or Units(), "declared" if units else "not declared: the convention of ASE"


def _interpreted(path: Path, frames, faults, keys, units: Units, units_from: str) -> Dataset:
    """The dataset of one file; unreadable frames as faults, in the order of the file."""
    more = NPZ_CANDIDATES if path.suffix.lower() == ".npz" else None
    chosen = choose(frames, keys, more) if frames or keys else {}
    explicit = dict(keys or {})
    faults, samples = list(faults), []
    if "spin" in chosen and "spin" not in explicit and "multiplicity" not in explicit:
        faults += spin_is_multiplicity(path.name, frames, chosen)
    for frame in frames:
        try:
            samples.append(interpret(frame, chosen, units))
        except FrameError as error:
            faults.append(Fault(frame.name, int(frame.name.rpartition("#")[2]), error.kind, str(error)))
    unread = Counter(key for frame in frames for key in frame.fields if key not in chosen.values())
    source = Source(
        path=str(path),
        frames=len(frames) + sum(f.kind == "unreadable" for f in faults),
        keys=chosen,
        units=units,
        units_from=units_from,
        unread=dict(unread),
        faults=tuple(sorted(faults, key=lambda f: -1 if f.frame is None else f.frame)),
        notes=_notes(frames, samples, chosen),
    )
    return Dataset(tuple(samples), (source,))


def _notes(frames: Sequence[Frame], samples: Sequence[Sample], chosen: Mapping[str, str]) -> tuple[str, ...]:
    notes = []
    if "spin" in chosen and samples:
        notes.append(f"{chosen['spin']!r} is read as the number of unpaired electrons (0 for a closed shell)")
    if "multiplicity" in chosen:
        notes.append(f"{chosen['multiplicity']!r} is read as multiplicity 2S+1 (1 for a closed shell)")
    with_stress = sum(frame.fields.get(chosen.get("stress", "")) is not None for frame in frames)
    left = with_stress - sum(sample.stress is not None for sample in samples)
    if left > 0 and len(samples) == len(frames):
        notes.append(f"stress of {left} structures that are not periodic along all axes is left out: it is not defined")
    if any("free_energy" in frame.fields for frame in frames) and chosen.get("energy") != "free_energy":
        notes.append("'free_energy' is there as well and not read; with smeared occupations forces belong to it")
    return tuple(notes)


def _hdf5(path: Path, keys, units: Units | None) -> Dataset:
    if keys or units:
        raise ValueError(
            f"{path.name}: our HDF5 files name their labels and are in eV, Å, e; leave keys and units out."
        )
    samples = tuple(read_hdf5(path))
    names = {label: f"labels/{label}" for s in samples for label in s.labels}
    names |= {
        k: f"structures/{k}" for k in ("charge", "spin") if any(getattr(s.system, k) is not None for s in samples)
    }
    return Dataset(samples, (Source(str(path), len(samples), names, Units(), "stated in the file"),))
