"""`write`: samples to extended XYZ (for everybody) or HDF5 (full precision, compact)."""

from collections.abc import Sequence
from pathlib import Path

import ase
import ase.io
import numpy as np
from ase.calculators.singlepoint import SinglePointCalculator

from eukrates.data.atoms import to_atoms
from eukrates.data.hdf5 import write_hdf5
from eukrates.data.sample import Sample
from eukrates.files import replacing

_RESULTS = ("energy", "forces", "dipole", "charges")


def write(samples: Sequence[Sample], path: str | Path) -> None:
    """Write samples with their labels, in eV, Å, e.

    A path that ends in .h5 or .hdf5 gives our HDF5 in full precision; .xyz or .extxyz gives extended XYZ with the names
    of ASE (energy, forces, stress, dipole, charges) and info keys charge, spin, config_type, config_weight. The file
    is replaced whole, at the end, or not at all.

    Raises:
        ValueError: no samples, another suffix.
    """
    path, samples = Path(path), list(samples)
    if not samples:
        raise ValueError(f"There are no structures to write to {path}.")
    if path.suffix.lower() in (".h5", ".hdf5"):
        write_hdf5(samples, path)
        return
    if path.suffix.lower() not in (".xyz", ".extxyz"):
        raise ValueError(f"Expected a path ending in .extxyz, .xyz, .h5 or .hdf5, got {path}.")
    with replacing(path) as temporary:
        ase.io.write(str(temporary), [labelled_atoms(sample) for sample in samples], format="extxyz")


def labelled_atoms(sample: Sample) -> ase.Atoms:
    """`ase.Atoms` with the labels as calculator results (stress in Voigt order) and the rest in `info` and `arrays`."""
    atoms = to_atoms(sample.system)
    results = {label: getattr(sample, label) for label in _RESULTS if getattr(sample, label) is not None}
    if sample.stress is not None:
        s = np.asarray(sample.stress)
        results["stress"] = np.array([s[0, 0], s[1, 1], s[2, 2], s[1, 2], s[0, 2], s[0, 1]])
    if results:
        atoms.calc = SinglePointCalculator(atoms, **results)
    if sample.hirshfeld_ratios is not None:
        atoms.arrays["hirshfeld_ratios"] = np.asarray(sample.hirshfeld_ratios)
    if sample.group is not None:
        atoms.info["config_type"] = sample.group
    if sample.weight != 1.0:
        atoms.info["config_weight"] = sample.weight
    return atoms
