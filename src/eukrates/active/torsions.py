"""Sampling by turning bonds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from eukrates.active.sampler import copied, crowded, some
from eukrates.analysis.torsions import rotatable_torsions, turned_by
from eukrates.data import to_system
from eukrates.matter.bonds import find_bonds
from eukrates.potential import Potential


@dataclass(frozen=True)
class Torsions:
    """Every rotatable bond of a molecule turned by an angle of its own, all angles alike.

    Bonds are found from distances, see `eukrates.analysis.torsions.rotatable_torsions`. Molecules without any are
    passed over, and so are structures in which atoms come to lie on each other.

    Args:
        count: structures.
    """

    count: int = 40

    def __post_init__(self):
        if self.count < 1:
            raise ValueError(f"Expected a count of at least 1, got {self.count}.")

    def __call__(
        self, potential: Potential, starts: Sequence[Atoms], rho: float, rng: np.random.Generator
    ) -> list[Atoms]:
        """See `Sampler`."""
        found = []
        for atoms in some(starts, self.count, rng):
            structure = to_system(atoms)
            bonds = find_bonds(structure)
            torsions = rotatable_torsions(structure, bonds)
            if atoms.pbc.any() or not len(torsions):
                continue
            turned = copied(atoms, "torsions")
            angles = rng.uniform(-180.0, 180.0, len(torsions))
            turned.positions = turned_by(atoms.positions, bonds, torsions, angles)
            found.append(turned)
        return [atoms for atoms in found if not crowded(atoms)]
