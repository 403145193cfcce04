"""Scales of the labels, and how many neighbours an atom has: what a model needs to start well."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eukrates.data.atomic_energies import AtomicEnergies, atomic_energies, separate
from eukrates.data.sample import Sample
from eukrates.elements import SYMBOLS
from eukrates.matter import neighbours


@dataclass(frozen=True)
class Statistics:
    """Scales of the labels of the structures that are not free atoms; None where the label is absent."""

    structures: int
    atoms: int
    energies: AtomicEnergies | None  # E0
    energy_per_atom: tuple[float, float] | None  # mean and standard deviation of (E - Σ E0) / atoms, eV
    force_rms: float | None  # over components, eV/Å
    force_rms_by_element: dict[str, float]  # eV/Å
    stress_rms: float | None  # over components, eV/Å³


def statistics(samples: Sequence[Sample], energies: AtomicEnergies | None = None) -> Statistics:
    """Scales of the labels; E0 is determined from the data unless given."""
    _, structures = separate(samples)
    labelled = [s for s in structures if s.energy is not None]
    if energies is None and any(s.energy is not None for s in samples):
        energies = atomic_energies([s for s in samples if s.energy is not None])
    per_atom = None
    if labelled and energies is not None:
        rest = np.array([(float(s.energy or 0.0) - energies.total(s.numbers)) / s.system.atoms for s in labelled])
        per_atom = (float(rest.mean()), float(rest.std()))
    with_forces = [s for s in structures if s.forces is not None]
    numbers = np.concatenate([s.numbers for s in with_forces]) if with_forces else np.zeros(0, int)
    squares = (
        np.concatenate([np.mean(np.square(np.asarray(s.forces)), axis=1) for s in with_forces])
        if with_forces
        else np.zeros(0)
    )
    stresses = [s.stress for s in structures if s.stress is not None]
    return Statistics(
        structures=len(structures),
        atoms=sum(s.system.atoms for s in structures),
        energies=energies,
        energy_per_atom=per_atom,
        force_rms=float(np.sqrt(squares.mean())) if squares.size else None,
        force_rms_by_element={
            SYMBOLS[int(z)]: float(np.sqrt(squares[numbers == z].mean())) for z in np.unique(numbers)
        },
        stress_rms=float(np.sqrt(np.mean(np.square(stresses)))) if stresses else None,
    )


def mean_neighbours(samples: Sequence[Sample], cutoff: float, most: int = 200, seed: int = 0) -> float:
    """Average number of neighbours of an atom within `cutoff` (Å), over at most `most` structures chosen by `seed`."""
    if not samples:
        raise ValueError("Expected at least one structure, got none.")
    chosen = np.random.default_rng(seed).permutation(len(samples))[:most]
    pairs = sum(2 * neighbours(samples[int(n)].system, cutoff).half for n in chosen)
    return pairs / sum(samples[int(n)].system.atoms for n in chosen)
