"""Harmonic vibrations around a stationary point: wavenumbers and normal modes from the exact Hessian.

    M^-1/2 H M^-1/2 v = ω² v                                                     (1)

inside the space that rigid motions leave (`eukrates.matter.rigid_motions`). Wilson, Decius & Cross, *Molecular
Vibrations*, 1955, ch. 2.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from eukrates.dynamics.begin import Start, structure_and_masses
from eukrates.landscape.expansion import expansion
from eukrates.matter import System
from eukrates.matter.normal_coordinates import normal_coordinates
from eukrates.matter.rigid_motions import rigid_and_internal
from eukrates.potential import Potential
from eukrates.units import HBAR, WAVENUMBER

STATIONARY = 1e-3  # eV/Å


@dataclass(frozen=True, eq=False)
class Vibrations:
    """The harmonic vibrations around a stationary point.

    An imaginary wavenumber, of a mode along which the energy falls, is written as a negative number.
    """

    structure: System
    masses: Float[np.ndarray, " atoms"]  # u
    fixed: Bool[np.ndarray, " atoms"]
    energy: float  # eV
    largest_force: float  # eV/Å, that is left on an atom that moves
    wavenumbers: Float[np.ndarray, " modes"]  # 1/cm, ascending
    vectors: Float[np.ndarray, "modes atoms 3"]  # mass-weighted, orthonormal
    rigid_wavenumbers: Float[np.ndarray, " rigid"]  # 1/cm, of the rigid motions that were projected out; zero if exact

    @property
    def imaginary(self) -> int:
        """How many modes lead downhill: none at a minimum, one at a saddle point between two minima."""
        return int(np.count_nonzero(self.wavenumbers < 0))

    @property
    def zero_point_energy(self) -> float:
        """½ Σ ħω in eV, of the modes that are not imaginary."""
        return float(np.sum(np.maximum(self.wavenumbers, 0.0)) * HBAR / WAVENUMBER / 2)

    @property
    def displacements(self) -> Float[np.ndarray, "modes atoms 3"]:
        """How atoms move, without units: M^-1/2 v, each mode of length 1."""
        moved = self.vectors / np.sqrt(self.masses)[:, None]
        return moved * np.sqrt(self.reduced_masses)[:, None, None]

    @property
    def reduced_masses(self) -> Float[np.ndarray, " modes"]:
        """1 / |M^-1/2 v|² in u, what goes with `displacements` of length 1: of two equal atoms the mass of one."""
        return 1 / np.sum(self.vectors**2 / self.masses[:, None], axis=(1, 2))


def vibrations(potential: Potential, start: Start, largest_force: float = STATIONARY) -> Vibrations:
    """The vibrations of a molecule, or those of a crystal at Γ: 3N - 6, 3N - 5 if linear, 3N - 3 if periodic.

    Args:
        potential: with second derivatives.
        start: a minimum or a saddle point of this potential. Isotopes, custom masses and FixAtoms of `ase.Atoms` count:
            atoms that are fixed have no vibrations, and rigid motions are those that leave them where they are.
        largest_force: eV/Å; above it the structure is not taken for a stationary point.

    Raises:
        ValueError: a structure that is not stationary, that is held by more than fixed atoms, that has no atom that
            moves; what `expansion` refuses.
    """
    structure, masses, constraints = structure_and_masses(start)
    if constraints is not None and constraints.i.size:
        raise ValueError(
            f"The lengths of {constraints.i.size} bonds are held, and vibrations are of all coordinates: leave these "
            "constraints out (`del atoms.constraints`, then FixAtoms again where atoms shall stay)."
        )
    fixed = np.zeros(structure.atoms, bool) if constraints is None else np.asarray(constraints.fixed)
    if fixed.all():
        raise ValueError("All atoms are fixed: nothing is left to vibrate.")
    found = expansion(potential, structure)
    left = refuse_moving(found.forces[~fixed], largest_force)
    full = found.hessian.reshape(3 * structure.atoms, -1)
    rigid, internal = rigid_and_internal(structure.positions, masses, structure.cell[0], fixed)
    curvature, vectors = normal_coordinates(full, masses, internal)  # (1)
    whole, _ = normal_coordinates(full, masses, rigid)
    return Vibrations(
        structure, masses, fixed, found.energy, left, _wavenumbers(curvature), vectors, _wavenumbers(whole)
    )


def refuse_moving(forces: Float[np.ndarray, "atoms 3"], largest_force: float) -> float:
    """The largest force on an atom, eV/Å.

    Raises:
        ValueError: it is above `largest_force`: the structure is not stationary.
    """
    left = float(np.linalg.norm(forces, axis=1).max())
    if left > largest_force:
        raise ValueError(
            f"The structure is not stationary: the largest force on an atom is {left:.2g} eV/Å, and vibrations are "
            f"those around a point where it is below {largest_force:g}. Relax it with this very potential first, to "
            f"half of that: `eukrates relax --force {largest_force / 2:g}`, or eukrates.landscape.relax with "
            f"Target(force={largest_force / 2:g})."
        )
    return left


def _wavenumbers(curvature: np.ndarray) -> np.ndarray:
    """1/cm of ω² in eV/(Å² u), negative where it is."""
    return np.sign(curvature) * np.sqrt(np.abs(curvature)) * WAVENUMBER
