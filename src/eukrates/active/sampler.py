"""What a sampler is: an ensemble and structures in, structures worth a look out."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from ase import Atoms

from eukrates.data import to_system
from eukrates.elements import COVALENT_RADII
from eukrates.matter.neighbours import neighbours, pair_vectors
from eukrates.potential import Potential

CLOSEST = 0.6  # sums of two covalent radii; no labeller should be asked for atoms that are closer


@runtime_checkable
class Sampler(Protocol):
    """Frozen dataclasses: their arguments are all there is to know about them."""

    def __call__(
        self, potential: Potential, starts: Sequence[Atoms], rho: float, rng: np.random.Generator
    ) -> list[Atoms]:
        """Structures that may be new to an ensemble, each with `info["sampled_by"]`, charge and spin.

        Args:
            potential: an ensemble.
            starts: structures to set out from.
            rho: eV, the deviation of members per √atom above which a structure is worth a label.
            rng: all chance there is.
        """
        ...


def copied(atoms: Atoms, sampled_by: str, **told) -> Atoms:
    """Elements, positions, cell, charge and spin of a structure, and where it comes from; nothing else."""
    kept = {name: atoms.info[name] for name in ("charge", "spin") if name in atoms.info}
    info = kept | {"sampled_by": sampled_by} | told
    return Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc, info=info)


def some(starts: Sequence[Atoms], count: int, rng: np.random.Generator) -> list[Atoms]:
    """`count` of the structures, each as often as any other, in random order."""
    rounds = -(-count // len(starts))
    order = np.concatenate([rng.permutation(len(starts)) for _ in range(rounds)])[:count]
    return [starts[n] for n in order]


def crowded(atoms: Atoms) -> bool:
    """True where two atoms are closer than any bond could be."""
    structure = to_system(atoms)
    radii = COVALENT_RADII[np.asarray(structure.numbers)]
    near = neighbours(structure, 2 * CLOSEST * float(radii.max()))
    if not near.i.size:
        return False
    r = np.linalg.norm(pair_vectors(structure, near), axis=1)
    return bool(np.any(r < CLOSEST * (radii[near.i] + radii[near.j])))
