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
    charges: Float[AnyArray, " atoms"]  # e
    hirshfeld_ratios: Float[AnyArray, " atoms"]
    has_energy: Bool[AnyArray, " systems"]
    has_forces: Bool[AnyArray, " atoms"]
    has_stress: Bool[AnyArray, " systems"]
    has_dipole: Bool[AnyArray, " systems"]
    has_charges: Bool[AnyArray, " atoms"]
    has_hirshfeld_ratios: Bool[AnyArray, " atoms"]
    weight: Float[AnyArray, " systems"]
    sizes: Float[AnyArray, " systems"]  # number of atoms, 1 for padding


def weighted(goal: Targets, factors: Float[AnyArray, " systems"]) -> Targets:
    """The targets with the weight of every structure times a factor."""
    return eqx.tree_at(lambda t: t.weight, goal, goal.weight * factors)


def targets(samples: Sequence[Sample], e0: Mapping[str, float], atoms: int, systems: int) -> Targets:
    """Labels of `samples` in the order and padding of their batched graph, float32 on the host."""

    def per_system(values, shape):
        rows = np.zeros((systems, *shape), np.float32)
        for n, value in enumerate(values):
            if value is not None:
                rows[n] = value
        return rows

    def per_atom(label, shape):
        found = [getattr(s, label) for s in samples]
        rows = [np.zeros((n, *shape)) if f is None else f for f, n in zip(found, counts, strict=True)]
        owned = np.repeat([f is not None for f in found], counts)
        values = np.pad(np.concatenate(rows), [(0, rest)] + [(0, 0)] * len(shape)).astype(np.float32)
        return {label: values, f"has_{label}": np.pad(owned, (0, rest))}

    def present(label):
        return np.array([getattr(s, label) is not None for s in samples] + [False] * (systems - len(samples)))

    relative = [None if s.energy is None else s.energy - sum_of_free_atoms(e0, s.numbers) for s in samples]
    counts = [s.system.atoms for s in samples]
    rest = atoms - sum(counts)
    ones = np.ones(systems - len(samples))
    return Targets(
        energy=per_system(relative, ()),
        stress=per_system([s.stress for s in samples], (3, 3)),
        dipole=per_system([s.dipole for s in samples], (3,)),
        has_energy=present("energy"),
        has_stress=present("stress"),
        has_dipole=present("dipole"),
        **per_atom("forces", (3,)),
        **per_atom("charges", ()),
        **per_atom("hirshfeld_ratios", ()),
        weight=np.concatenate([[s.weight for s in samples], ones]).astype(np.float32),
        sizes=np.concatenate([counts, ones]).astype(np.float32),
    )
