"""Structures to test a potential on: variations of the user's own, and random clusters of the elements it knows."""

from collections.abc import Sequence

import equinox as eqx
import numpy as np
from jaxtyping import Float

from eukrates.data.atomic_energies import is_isolated_atom
from eukrates.data.sample import Sample
from eukrates.elements import COVALENT_RADII, number
from eukrates.matter import System, system
from eukrates.potential import Potential
from eukrates.shapes import AnyArray


def moved(structure: System, positions: Float[AnyArray, "atoms 3"]) -> System:
    """The same structure with other positions (Å)."""
    return eqx.tree_at(lambda s: s.positions, structure, np.asarray(positions, np.float64))


def without_free_atoms(structures: Sequence[Sample | System]) -> list:
    """Those that are no free atoms: a lone atom obeys every law, feels no force and never drifts."""
    return [s for s in structures if not is_isolated_atom(s if isinstance(s, Sample) else Sample(s))]


def bare(structures: Sequence[Sample | System]) -> list[System]:
    """Structures without their labels."""
    return [s.system if isinstance(s, Sample) else s for s in structures]


def chosen(structures: Sequence[System], count: int, rng: np.random.Generator) -> list[System]:
    """At most `count` structures drawn without repetition."""
    places = np.sort(rng.permutation(len(structures))[:count])
    return [structures[int(n)] for n in places]


def rattled(structure: System, rng: np.random.Generator, width: float = 0.03) -> System:
    """Random displacements of about `width` Å, so that no symmetry of the structure hides a fault."""
    return moved(structure, structure.positions + rng.normal(scale=width, size=structure.positions.shape))


def tested_elements(potential: Potential, structures: Sequence[System]) -> list[int]:
    """Atomic numbers that the potential knows; those of the structures where it claims to know all."""
    if potential.elements is not None:
        return sorted(number(s) for s in potential.elements)
    return sorted({int(z) for s in structures for z in s.numbers})


def neutral(potential: Potential, numbers, positions, cell=None) -> System:
    """A structure without net charge and with the lowest spin, stated only where the potential needs it."""
    charge = 0.0 if "charge" in potential.needs else None
    spin = float(int(np.sum(numbers)) % 2) if "spin" in potential.needs else None
    return system(np.asarray(numbers), positions, cell, charge=charge, spin=spin)


def cluster(potential: Potential, elements: Sequence[int], rng: np.random.Generator, atoms: int = 8) -> System:
    """A compact random cluster without contacts closer than 0.95 times the sum of the covalent radii."""
    numbers = np.array([elements[n % len(elements)] for n in range(atoms)])
    positions = np.zeros((0, 3))
    width = 1.0
    while len(positions) < atoms:
        radii = COVALENT_RADII[numbers[: len(positions) + 1]]
        trial = rng.normal(scale=width, size=3)
        near = np.linalg.norm(positions - trial, axis=1) < 0.95 * (radii[:-1] + radii[-1])
        width *= 1.02 if near.any() else 1.0
        positions = positions if near.any() else np.vstack([positions, trial])
    return neutral(potential, numbers, positions)
