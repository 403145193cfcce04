"""From a configuration to everything that a training run needs, and sentences about what was understood."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from eukrates.app.configuration import Configuration
from eukrates.app.energies import energies_of_data
from eukrates.app.parts import Parts, read_parts
from eukrates.app.start import read_start
from eukrates.data import AtomicEnergies, Statistics, mean_neighbours, statistics
from eukrates.potential import Potential
from eukrates.training import Moving, choose

Tell = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Prepared:
    """Data and model of a run."""

    configuration: Configuration
    parts: Parts
    energies: AtomicEnergies
    potential: Potential
    moving: Moving  # the parameters that training changes
    origin: dict[str, Any] | None = None  # of the start model, if there is one

    @property
    def parameters(self) -> int:
        """Numbers that the model has."""
        return self.moving.of


def prepare(configuration: Configuration, tell: Tell = print, e0: AtomicEnergies | None = None) -> Prepared:
    """Read, divide and measure the data, and make the model.

    Args:
        configuration: of the run.
        tell: receives sentences.
        e0: those with which a start model went on, if the run is resumed.

    Raises:
        ValueError: files that are missing or cannot be read, a split that cannot be, data without labels to learn E0
            from, a model that does not fit the data, names of parameters that it does not have.
    """
    parts = read_parts(configuration.data)
    tell(parts.everything.describe())
    tell(f"Split ({parts.split.rule}): {_counts(parts)}; {len(parts.free_atoms)} free atoms.")
    if configuration.start is None:
        energies, potential, origin = *_first_weights(configuration, parts, tell), None
    else:
        start = read_start(configuration, parts, e0)
        energies, potential, origin = start.energies, start.potential, start.origin
        _tell_e0(energies, tell)
    moving = choose(potential, configuration.plan.move)
    if configuration.start is not None:
        _refuse_to_forget(start.reset, moving)
    prepared = Prepared(configuration, parts, energies, potential, moving, origin)
    tell(_model(prepared))
    if origin is not None or moving.parameters < moving.of:
        tell(moving.text())
    if origin is not None and "reset" in origin:
        begun = ", ".join(f"{piece} ({count})" for piece, count in origin["reset"]["pieces"].items())
        tell(f"{origin['reset']['parameters']} parameters began anew: {begun}.")
    return prepared


def natural_scale(known: Statistics) -> float:
    """The RMS force times 1 Å in eV; without forces the spread of the energy per atom; 1 eV where all is zero."""
    for value in (known.force_rms, None if known.energy_per_atom is None else known.energy_per_atom[1]):
        if value is not None and value > 0:
            return float(value)
    return 1.0


def _first_weights(configuration: Configuration, parts: Parts, tell: Tell) -> tuple[AtomicEnergies, Potential]:
    train, energies = parts["train"], energies_of_data(configuration, parts)
    _tell_e0(energies, tell)
    known = statistics(train, energies)
    elements = train.elements
    scale = natural_scale(known)
    bare = configuration.potential(elements=elements, e0=energies.energies, scale=scale, neighbours=1.0)
    near = mean_neighbours(train, bare.cutoff)
    from_data = {"elements": elements, "e0": energies.energies, "scale": scale, "neighbours": near}
    potential = configuration.potential(**from_data)
    tell(f"From the data: scale {scale:.4g} eV (RMS force times 1 Å), {near:.4g} neighbours within {bare.cutoff:g} Å.")
    return energies, potential


def _refuse_to_forget(reset: frozenset[str], moving: Moving) -> None:
    """Raise ValueError where parameters would begin anew and never learn."""
    there = {name.removeprefix("parts.0.") for name in moving.names} | moving.names
    if forgotten := sorted(reset - there):
        raise ValueError(
            f"{', '.join(forgotten[:3])} would begin anew and never learn: training.move does not name them. Leave "
            "them out of reset, or let them move."
        )


def _tell_e0(energies: AtomicEnergies, tell: Tell) -> None:
    values = ", ".join(f"{symbol} {energy:.6f}" for symbol, energy in energies.energies.items()) or "none"
    tell(f"E0 in eV: {values}. Source: {energies.source}.")


def _counts(parts: Parts) -> str:
    return ", ".join(f"{len(indices)} {part}" for part, indices in parts.split.parts.items())


def _model(prepared: Prepared) -> str:
    p, origin = prepared.potential, prepared.origin or {}
    told = ", ".join(origin[name] for name in ("level_of_theory", "licence") if name in origin)
    known = " ".join(p.elements or ("all",))
    words = prepared.configuration.model_in_words + (f" ({told})" if told else "")
    return f"Model: {words}, {prepared.parameters} parameters, cutoff {p.cutoff:g} Å, elements {known}."
