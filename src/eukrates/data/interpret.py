"""From raw frames to samples: labels converted to eV, Å, e; every frame checked for what makes it unusable."""

from collections.abc import Mapping

import numpy as np

from eukrates.data.advice import say_keys, say_units
from eukrates.data.declared import Units
from eukrates.data.frame import Frame, FrameError
from eukrates.data.sample import Sample
from eukrates.matter import system

_SHAPES = {"forces": ("atoms", 3), "dipole": (3,), "charges": ("atoms",), "hirshfeld_ratios": ("atoms",)}


def interpret(frame: Frame, chosen: Mapping[str, str], units: Units) -> Sample:
    """One sample; labels that the frame does not have are absent. Stress is read for fully periodic frames only.

    Raises:
        FrameError: with the kind of fault and a message that names what is wrong.
    """
    structure = _structure(frame, chosen, units)
    values = {label: frame.fields[key] for label, key in chosen.items() if frame.fields.get(key) is not None}
    labels = {
        "energy": _energy(values, units),
        "stress": _stress(values, chosen, units, structure),
        **{label: _array(label, values, units, structure.atoms) for label in _SHAPES},
    }
    for label, value in labels.items():
        if value is not None and not np.all(np.isfinite(value)):
            raise FrameError("not finite", f"{label} is not finite ({_where(value, label)}). {_REPAIR}")
    return Sample(
        structure,
        **labels,
        weight=_weight(values),
        name=frame.name,
        group=None if "group" not in values else str(values["group"]),
    )


_REPAIR = "Remove the frame, or compute it again."


def _structure(frame: Frame, chosen: Mapping[str, str], units: Units):
    if not np.all(np.isfinite(frame.positions)):
        where = _where(frame.positions, "positions")
        raise FrameError("not finite", f"positions are not finite ({where}). {_REPAIR}")
    cell = None if frame.cell is None else np.asarray(frame.cell, np.float64) * units.length_factor
    periodic = False if cell is None and frame.periodic is None else frame.periodic
    charge, spin = _electrons(frame, chosen)
    try:
        return system(frame.numbers, frame.positions * units.length_factor, cell, periodic, charge, spin)
    except ValueError as error:
        raise FrameError("structure", str(error)) from error


def _electrons(frame: Frame, chosen: Mapping[str, str]) -> tuple[float | None, float | None]:
    found = {}
    for label in ("charge", "spin", "multiplicity"):
        value = frame.fields.get(chosen.get(label, ""))
        if value is None:
            continue
        number = _number(label, value)
        if not np.isfinite(number):
            raise FrameError("charge or spin", f"{label} is {number}, expected a finite number.")
        found[label] = number
    if "multiplicity" in found:
        if found["multiplicity"] < 1:
            raise FrameError(
                "charge or spin",
                f"multiplicity is {found['multiplicity']:g}, expected 2S+1, which is 1 or more.",
            )
        unpaired = found["multiplicity"] - 1
        if found.get("spin", unpaired) != unpaired:
            raise FrameError(
                "charge or spin",
                f"spin says {found['spin']:g} unpaired electrons, multiplicity {unpaired:g}. "
                f"Leave one out, for example {say_keys({'spin': None})}.",
            )
        found["spin"] = unpaired
    if found.get("spin", 0) < 0:
        raise FrameError("charge or spin", f"spin is {found['spin']:g}, expected a number of unpaired electrons ≥ 0.")
    return found.get("charge"), found.get("spin")


def _energy(values: Mapping, units: Units) -> float | None:
    return None if "energy" not in values else _number("energy", values["energy"]) * units.energy_factor


def _stress(values: Mapping, chosen: Mapping[str, str], units: Units, structure) -> np.ndarray | None:
    if "stress" not in values or not bool(np.all(structure.periodic)):
        return None
    try:
        matrix = units.matrix(values["stress"])
    except (TypeError, ValueError) as error:
        raise FrameError("shape", f"{error}.") from error
    if np.all(np.isfinite(matrix)) and np.abs(matrix - matrix.T).max() > 1e-3 * np.abs(matrix).max() + 1e-6:
        raise FrameError("shape", f"stress is not symmetric: {matrix.tolist()}. Compute it again, or do not read it.")
    matrix = (matrix + matrix.T) / 2
    key = chosen["stress"].lower()
    named_virial = "virial" in key and "stress" not in key
    if named_virial and (units.stress not in (None, "virial") or units.stress_positive != "tension"):
        raise FrameError(
            "shape",
            f"stress is read from {chosen['stress']!r} and declared as {units.stress!r}, positive under "
            f"{units.stress_positive}: a virial is an energy, -volume · stress. "
            f"Declare {say_units({'stress': 'virial'})} and no sign, or rename the key if it holds a stress.",
        )
    if named_virial or units.stress == "virial":
        volume = abs(np.linalg.det(np.asarray(structure.cell[0])))
        return -matrix * units.energy_factor / volume
    return matrix * units.stress_factor


def _array(label: str, values: Mapping, units: Units, atoms: int) -> np.ndarray | None:
    if label not in values:
        return None
    shape = tuple(atoms if n == "atoms" else n for n in _SHAPES[label])
    try:
        value = np.asarray(values[label], np.float64)
    except (TypeError, ValueError) as error:
        raise FrameError("shape", f"{label} is not made of numbers: {values[label]!r}.") from error
    if label != "forces" and value.size == np.prod(shape):
        value = value.reshape(shape)
    if value.shape != shape:
        raise FrameError("shape", f"expected {label} of shape {shape}, got {value.shape}.")
    return value * {"forces": units.forces_factor, "dipole": units.dipole_factor}.get(label, 1.0)


def _weight(values: Mapping) -> float:
    weight = _number("weight", values.get("weight", 1.0))
    if not (np.isfinite(weight) and weight >= 0):
        raise FrameError("shape", f"weight is {weight}, expected a finite number ≥ 0.")
    return weight


def _number(label: str, value) -> float:
    try:
        array = np.asarray(value, np.float64)
    except (TypeError, ValueError) as error:
        raise FrameError("shape", f"{label} is not a number: {value!r}.") from error
    if array.size != 1:
        raise FrameError("shape", f"expected one number for {label}, got shape {array.shape}.")
    return float(array.reshape(()))


def _where(value, label: str) -> str:
    value = np.asarray(value)
    if value.ndim == 0:
        return f"it is {value}"
    rows = np.flatnonzero(~np.isfinite(value.reshape(value.shape[0], -1)).all(axis=1))
    kind = "rows" if label in ("stress", "dipole") else "atoms"
    return f"{kind} {', '.join(map(str, rows[:8]))}{' …' if rows.size > 8 else ''}"
