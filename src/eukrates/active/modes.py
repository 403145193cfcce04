"""Sampling along normal modes of the ensemble's own surface."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from eukrates.active.sampler import copied, crowded, some
from eukrates.data import to_system
from eukrates.potential import Potential, hessian
from eukrates.reference.normal_modes import local_modes, thermal_displacements

SOFTEST = 100.0  # 1/cm; what is softer, or falls, is given the amplitude of this


@dataclass(frozen=True)
class Modes:
    """Thermal displacements along all normal modes at once, of structures that need not be minima.

    Smith, Isayev & Roitberg, Chem. Sci. 8, 3192 (2017), doi:10.1039/C6SC05720A; here with the curvatures of the
    ensemble and with Boltzmann amplitudes. Open molecules only: others are passed over.

    Args:
        structures: whose modes are computed.
        count: displaced structures of each.
        temperature_kelvin: K.
    """

    structures: int = 4
    count: int = 10
    temperature_kelvin: float = 600.0

    def __post_init__(self):
        if not all(value > 0 for value in (self.structures, self.count, self.temperature_kelvin)):
            raise ValueError(f"Expected numbers above 0, got {self}.")

    def __call__(
        self, potential: Potential, starts: Sequence[Atoms], rho: float, rng: np.random.Generator
    ) -> list[Atoms]:
        """See `Sampler`."""
        open_ones = [atoms for atoms in starts if len(atoms) > 1 and not atoms.pbc.any()]
        found = []
        for atoms in some(open_ones, self.structures, rng) if open_ones else []:
            curvature = np.asarray(hessian(potential, potential.graph(to_system(atoms))), np.float64)
            if not np.all(np.isfinite(curvature)):
                continue
            modes = local_modes(atoms, curvature.reshape(3 * len(atoms), -1), SOFTEST)
            told = {"temperature_kelvin": self.temperature_kelvin, "count": self.count}
            for moved in thermal_displacements(modes, **told, seed=int(rng.integers(2**31))):
                found.append(copied(moved, "modes", temperature_kelvin=self.temperature_kelvin))
        return [atoms for atoms in found if not crowded(atoms)]
