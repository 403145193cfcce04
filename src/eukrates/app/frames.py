"""`frame`: a structure with its energy, as files hold it."""

from typing import Any

import ase
from ase.calculators.singlepoint import SinglePointCalculator

from eukrates.data.atoms import to_atoms
from eukrates.matter import System


def frame(structure: System, energy: float, **info: Any) -> ase.Atoms:
    """For extended XYZ.

    Args:
        structure: one.
        energy: eV.
        info: what else is said of it.
    """
    atoms = to_atoms(structure)
    atoms.info |= info
    atoms.calc = SinglePointCalculator(atoms, energy=energy)
    return atoms
