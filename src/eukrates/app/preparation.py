"""From a configuration to everything that a training run needs, and sentences about what was understood."""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import numpy as np

from eukrates.app.configuration import Configuration
from eukrates.app.parts import Parts, read_parts
from eukrates.data import AtomicEnergies, Statistics, atomic_energies, mean_neighbours, statistics
from eukrates.numerics import is_float
from eukrates.potential import Potential

Tell = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Prepared:
    """Data and model of a run."""

    configuration: Configuration
    parts: Parts
    energies: AtomicEnergies
    potential: Potential

    @property
    def parameters(self) -> int:
        """Trainable numbers of the model."""
        return sum(int(np.size(leaf)) for leaf in jax.tree.leaves(self.potential) if is_float(leaf))


def prepare(configuration: Configuration, tell: Tell = print) -> Prepared:
    """Read, divide and measure the data, and make the model.

    Raises:
        ValueError: files that are missing or cannot be read, a split that cannot be, data without labels to learn E0
            from, or a model that does not fit the data.
    """
    parts = read_parts(configuration.data)
    train = parts["train"]
    tell(parts.everything.describe())
    tell(f"Split ({parts.split.rule}): {_counts(parts)}; {len(parts.free_atoms)} free atoms.")
    energies = free_atom_energies(parts, configuration.given_e0)
    tell(
        "E0 in eV: " + ", ".join(f"{s} {e:.6f}" for s, e in energies.energies.items()) + f". Source: {energies.source}."
    )
    known = statistics(train, energies)
    elements = train.elements
    scale = natural_scale(known)
    bare = configuration.potential(elements=elements, e0=energies.energies, scale=scale, neighbours=1.0)
    near = mean_neighbours(train, bare.cutoff)
    from_data = {"elements": elements, "e0": energies.energies, "scale": scale, "neighbours": near}
    potential = configuration.potential(**from_data)
    tell(f"From the data: scale {scale:.4g} eV (RMS force times 1 Å), {near:.4g} neighbours within {bare.cutoff:g} Å.")
    prepared = Prepared(configuration, parts, energies, potential)
    tell(_model(prepared))
    return prepared


def free_atom_energies(parts: Parts, given: dict[str, float]) -> AtomicEnergies:
    """E0 from what is given, the free atoms, and the training structures; of no element where no energy is known."""
    samples = [*parts.free_atoms, *parts["train"]]
    if not given and all(s.energy is None for s in samples):
        return AtomicEnergies({}, "none: the data have no energies")
    return atomic_energies(samples, given)


def natural_scale(known: Statistics) -> float:
    """The RMS force times 1 Å in eV; without forces the spread of the energy per atom; 1 eV where all is zero."""
    for value in (known.force_rms, None if known.energy_per_atom is None else known.energy_per_atom[1]):
        if value is not None and value > 0:
            return float(value)
    return 1.0


def _counts(parts: Parts) -> str:
    return ", ".join(f"{len(indices)} {part}" for part, indices in parts.split.parts.items())


def _model(prepared: Prepared) -> str:
    ((name, options),) = prepared.configuration.model.spec.items()
    said = ", ".join(f"{key} {value}" for key, value in options.items()) or "defaults"
    p = prepared.potential
    known = " ".join(p.elements or ("all",))
    return f"Model: {name} ({said}), {prepared.parameters} parameters, cutoff {p.cutoff:g} Å, elements {known}."
