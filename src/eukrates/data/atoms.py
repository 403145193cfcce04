"""The bridge to `ase.Atoms`, the lingua franca of files: structures in, structures out."""

from collections.abc import Mapping

import ase
import numpy as np

from eukrates.matter import System, system


def to_system(atoms: ase.Atoms, charge: float | None = None, spin: float | None = None) -> System:
    """One structure. Charge (e) and spin (unpaired electrons) come from the arguments, else from
    `atoms.info["charge"]` and `atoms.info["spin"]`, else stay unknown."""
    charge = _stated(atoms.info, "charge") if charge is None else charge
    spin = _stated(atoms.info, "spin") if spin is None else spin
    return system(atoms.numbers, atoms.positions, np.asarray(atoms.cell), atoms.pbc, charge, spin)


def to_atoms(structure: System) -> ase.Atoms:
    """One structure as `ase.Atoms`; stated charge and spin go to `info`."""
    if structure.systems != 1:
        raise ValueError(f"Expected one structure, got {structure.systems}.")
    info = {k: float(getattr(structure, k)[0]) for k in ("charge", "spin") if getattr(structure, k) is not None}
    cell = np.asarray(structure.cell[0])
    periodic = np.any(cell != 0, axis=1)
    return ase.Atoms(np.asarray(structure.numbers), np.asarray(structure.positions), cell=cell, pbc=periodic, info=info)


def _stated(info: Mapping, key: str) -> float | None:
    value = info.get(key)
    return None if value is None else float(np.asarray(value).reshape(()))
