"""What relaxes: a structure, and those of its atoms that stay where they are, or within a cell that relaxes."""

from collections.abc import Sequence
from typing import NamedTuple

import ase
import numpy as np
from ase.constraints import FixAtoms
from jaxtyping import Bool

from eukrates.data.atoms import to_system
from eukrates.matter import System


class Held(NamedTuple):
    """A structure on the host, and which atoms move."""

    structure: System
    moving: Bool[np.ndarray, " atoms"]


def held(start: System | ase.Atoms, fixed: Sequence[int] = ()) -> Held:
    """A structure and its fixed atoms: those that are named, and those of FixAtoms of `ase.Atoms`.

    Raises:
        ValueError: several structures, atoms that are not there, other constraints of ASE, no atom that could move.
    """
    named = [int(n) for n in fixed]
    for one in start.constraints if isinstance(start, ase.Atoms) else ():
        if not isinstance(one, FixAtoms):
            raise ValueError(
                f"The structure has a constraint of the kind {type(one).__name__}, which relaxation does not obey; it "
                "obeys FixAtoms. Remove it with atoms.set_constraint(), or relax with an optimiser of ASE and "
                "eukrates.interfaces.ase.Calculator."
            )
        named += [int(n) for n in one.get_indices()]
    structure = to_system(start) if isinstance(start, ase.Atoms) else start
    if structure.systems != 1 or not np.all(structure.real):
        raise ValueError(f"Expected one structure without padding, got {structure.systems} systems.")
    if strange := [n for n in named if not 0 <= n < structure.atoms]:
        raise ValueError(f"Expected numbers of fixed atoms from 0 to {structure.atoms - 1}, got {strange[:5]}.")
    moving = np.ones(structure.atoms, bool)
    moving[named] = False
    if not moving.any():
        raise ValueError("All atoms are fixed: there is nothing to relax.")
    return Held(structure, moving)
