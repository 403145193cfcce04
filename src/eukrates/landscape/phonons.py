"""Phonons of a crystal at any wave vector: exact force constants of a supercell, handed to phonopy.

Togo, J. Phys. Soc. Jpn. 92, 012001 (2023), doi:10.7566/JPSJ.92.012001. phonopy is an extra, imported here alone.
"""

from typing import Any

import numpy as np

from eukrates.dynamics.begin import Start, structure_and_masses
from eukrates.elements import symbols
from eukrates.landscape.expansion import expansion
from eukrates.landscape.vibrations import STATIONARY, refuse_moving
from eukrates.matter import system
from eukrates.potential import Potential


def phonons(
    potential: Potential,
    start: Start,
    repeat: tuple[int, int, int] = (2, 2, 2),
    largest_force: float = STATIONARY,
) -> Any:
    """A `phonopy.Phonopy` with the force constants of `repeat` cells, in eV/Å²; bands, densities and heat are its own.

    The force constants are the Hessian of the supercell, by automatic differentiation instead of displacements: the
    sum over all atoms is zero to rounding. Interactions that reach farther than half of the supercell are folded back,
    so enlarge `repeat` until nothing changes. Long-range electrostatics of ionic crystals need phonopy's correction.

    Args:
        potential: with second derivatives.
        start: a relaxed crystal, periodic along three axes, without constraints.
        repeat: how many cells along each axis.
        largest_force: eV/Å; above it the structure is not taken for relaxed.

    Raises:
        ImportError: phonopy is not installed.
        ValueError: a structure that is not periodic, not stationary or constrained; what `expansion` refuses.
    """
    try:
        from phonopy import Phonopy  # pyright: ignore[reportMissingImports]
        from phonopy.structure.atoms import PhonopyAtoms  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise ImportError("Phonons need phonopy: pip install 'eukrates[phonons]'.") from error
    structure, masses, constraints = structure_and_masses(start)
    if constraints is not None or not np.all(np.any(structure.cell[0], axis=1)):
        raise ValueError(
            "Phonons are those of a crystal that is periodic along three axes and has no constraints; use "
            "eukrates.landscape.vibrations for anything else."
        )
    names = [*symbols(structure.numbers.tolist())]
    cell = PhonopyAtoms(names, cell=structure.cell[0], positions=structure.positions, masses=masses)
    found = Phonopy(cell, supercell_matrix=np.diag(repeat), primitive_matrix=np.eye(3))
    many = found.supercell
    electrons = [None if s is None else float(s[0]) * int(np.prod(repeat)) for s in (structure.charge, structure.spin)]
    at = expansion(potential, system(many.numbers, many.positions, many.cell, True, *electrons))
    refuse_moving(at.forces, largest_force)
    found.force_constants = np.ascontiguousarray(np.transpose(at.hessian, (0, 2, 1, 3)))
    return found
