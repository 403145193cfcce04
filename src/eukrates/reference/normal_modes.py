"""Thermal displacements along the harmonic normal modes of a molecule, with any ASE calculator."""

import dataclasses
from collections.abc import Iterator

import numpy as np
from ase import Atoms

from eukrates.matter.normal_coordinates import normal_coordinates
from eukrates.matter.rigid_motions import rigid_and_internal
from eukrates.units import KELVIN, WAVENUMBER

RELAXED = 0.02  # eV/Å: above this largest force a structure is not a minimum


@dataclasses.dataclass(frozen=True)
class NormalModes:
    """The harmonic vibrations around a minimum."""

    minimum: Atoms
    angular_frequencies: np.ndarray  # [modes] √(eV/u)/Å, ascending
    vectors: np.ndarray  # [modes, atoms, 3] mass-weighted and orthonormal

    @property
    def wavenumbers(self) -> np.ndarray:
        """Frequencies in 1/cm, ascending."""
        return self.angular_frequencies * WAVENUMBER


def normal_modes(minimum: Atoms, calculator, *, step: float = 0.005) -> NormalModes:
    """Normal modes of an open molecule from central differences of forces, `step` in Å.

    Diagonalises the mass-weighted Hessian M^-1/2 H M^-1/2 after rigid translations and rotations have been
    projected out (Wilson, Decius & Cross, *Molecular Vibrations*, 1955, ch. 2). Raises ValueError when the molecule is
    periodic, not relaxed (largest force above 0.02 eV/Å) or not a minimum (a negative curvature).
    """
    if minimum.pbc.any() or len(minimum) < 2:
        raise ValueError("Normal modes are defined here for open molecules of two atoms or more.")
    moving = minimum.copy()
    moving.calc = calculator
    largest = float(np.abs(moving.get_forces()).max())
    if largest > RELAXED:
        raise ValueError(
            f"The structure is not relaxed for this calculator: its largest force is {largest:.3f} eV/Å. "
            f"Relax it first, for example with ase.optimize.BFGS(atoms).run(fmax=0.002)."
        )
    curvature, vectors = _modes(minimum, _hessian(moving, step))
    if curvature[0] <= 0:
        imaginary = np.sqrt(-curvature[0]) * WAVENUMBER
        raise ValueError(f"The structure is a saddle point, not a minimum: it has a mode at {imaginary:.0f}i 1/cm.")
    return NormalModes(minimum.copy(), np.sqrt(curvature), vectors)


def local_modes(atoms: Atoms, hessian: np.ndarray, softest: float) -> NormalModes:
    """Modes of a structure that need not be a minimum, from its Hessian [3 atoms, 3 atoms] in eV/Å².

    They span what displacements are worth trying: a mode that is softer than `softest`, in 1/cm, or along which the
    energy falls, has that wavenumber instead, so that its thermal amplitude is bounded. Rigid motions are left out.

    Raises:
        ValueError: a periodic structure, or a single atom.
    """
    if atoms.pbc.any() or len(atoms) < 2:
        raise ValueError("Normal modes are defined here for open molecules of two atoms or more.")
    curvature, vectors = _modes(atoms, hessian)
    floor = softest / WAVENUMBER
    return NormalModes(atoms.copy(), np.sqrt(np.maximum(curvature, floor**2)), vectors)


def thermal_displacements(
    modes: NormalModes, *, temperature_kelvin: float | int, count: int, seed: int
) -> Iterator[Atoms]:
    """Yield `count` structures with Boltzmann-distributed harmonic displacements.

    In mass-weighted normal coordinates the classical harmonic ensemble is Gaussian, mode by mode:

        p(Qₖ) ∝ exp(-ωₖ² Qₖ² / 2 k_B T),   so   Qₖ ~ N(0, k_B T / ωₖ²)             (1)
        rᵢ = rᵢ⁰ + mᵢ^-1/2 Σₖ Qₖ vₖᵢ                                              (2)

    Sampling structures this way for machine learning: Rupp, Ramakrishnan & von Lilienfeld 2015,
    doi:10.1021/acs.jpclett.5b01456; Smith, Isayev & Roitberg 2017, doi:10.1039/C6SC05720A (with other amplitudes).
    Straight displacements stretch bonds when a soft torsion moves far: keep to moderate temperatures.
    """
    if temperature_kelvin <= 0:
        raise ValueError(f"temperature_kelvin must be positive; it is {temperature_kelvin}.")
    rng = np.random.default_rng(seed)
    widths = np.sqrt(KELVIN * temperature_kelvin) / modes.angular_frequencies
    inverse_root_mass = 1 / np.sqrt(modes.minimum.get_masses())[:, None]
    for _ in range(count):
        amplitudes = rng.normal(size=widths.size) * widths  # (1)
        displaced = modes.minimum.copy()
        displaced.positions += inverse_root_mass * np.tensordot(amplitudes, modes.vectors, axes=1)  # (2)
        displaced.info["temperature_kelvin"] = float(temperature_kelvin)
        yield displaced


def _modes(atoms: Atoms, hessian: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Curvatures ω², ascending, and mass-weighted modes [modes, atoms, 3] of a Hessian without rigid motions."""
    _, inside = rigid_and_internal(atoms.positions, atoms.get_masses())
    return normal_coordinates(hessian, atoms.get_masses(), inside)


def _hessian(moving: Atoms, step: float) -> np.ndarray:
    """∂²E/∂r∂r, symmetric, [3 atoms, 3 atoms] in eV/Å²."""
    rows, rest = [], moving.positions.copy()
    for atom, axis in np.ndindex(rest.shape):
        forces = []
        for sign in (1, -1):
            moving.positions = rest
            moving.positions[atom, axis] += sign * step
            forces.append(moving.get_forces().ravel())
        rows.append((forces[1] - forces[0]) / (2 * step))
    hessian = np.array(rows)
    return (hessian + hessian.T) / 2
