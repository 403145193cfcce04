"""What a batch should come out as: labels beside a graph, absent ones masked out."""

from collections.abc import Mapping, Sequence

import equinox as eqx
import numpy as np
from jaxtyping import Bool, Float

from eukrates.data.sample import Sample
from eukrates.potential import sum_of_free_atoms
from eukrates.shapes import AnyArray


class Targets(eqx.Module):
    """Labels of a padded batch. Energies are relative to free atoms, so that float32 is enough for them."""

    energy: Float[AnyArray, " systems"]  # eV, minus Σ E0
    forces: Float[AnyArray, "atoms 3"]  # eV/Å
    stress: Float[AnyArray, "systems 3 3"]  # eV/Å³
    dipole: Float[AnyArray, "systems 3"]  # e Å
    has_energy: Bool[AnyArray, " systems"]
    has_forces: Bool[AnyArray, " atoms"]
    has_stress: Bool[AnyArray, " systems"]
    has_dipole: Bool[AnyArray, " systems"]
    weight: Float[AnyArray, " systems"]
    sizes: Float[AnyArray, " systems"]  # number of atoms, 1 for padding


def targets(samples: Sequence[Sample], e0: Mapping[str, float], atoms: int, systems: int) -> Targets:
    """Labels of `samples` in the order and padding of their batched graph, float32 on the host."""

    def per_system(values, shape):
        rows = np.zeros((systems, *shape), np.float32)
        for n, value in enumerate(values):
            if value is not None:
                rows[n] = value
        return rows

    def present(label):
        return np.array([getattr(s, label) is not None for s in samples] + [False] * (systems - len(samples)))

    relative = [None if s.energy is None else s.energy - sum_of_free_atoms(e0, s.numbers) for s in samples]
    counts = [s.system.atoms for s in samples]
    forces = [np.zeros((n, 3)) if s.forces is None else s.forces for s, n in zip(samples, counts, strict=True)]
    owned = np.repeat([s.forces is not None for s in samples], counts)
    rest = atoms - sum(counts)
    ones = np.ones(systems - len(samples))
    return Targets(
        energy=per_system(relative, ()),
        forces=np.pad(np.concatenate(forces), ((0, rest), (0, 0))).astype(np.float32),
        stress=per_system([s.stress for s in samples], (3, 3)),
        dipole=per_system([s.dipole for s in samples], (3,)),
        has_energy=present("energy"),
        has_forces=np.pad(owned, (0, rest)),
        has_stress=present("stress"),
        has_dipole=present("dipole"),
        weight=np.concatenate([[s.weight for s in samples], ones]).astype(np.float32),
        sizes=np.concatenate([counts, ones]).astype(np.float32),
    )
