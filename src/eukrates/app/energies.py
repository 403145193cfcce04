"""E0 as a configuration wants them: given, from free atoms, by least squares, or from the start model."""

from eukrates.app.configuration import Configuration
from eukrates.app.parts import Parts
from eukrates.data import AtomicEnergies, atomic_energies
from eukrates.potential import Potential, free_atom_energies
from eukrates.training import shifted_energies


def energies_of_data(configuration: Configuration, parts: Parts) -> AtomicEnergies:
    """E0 from what is given, the free atoms, and the training structures; of no element where no energy is known.

    Raises:
        ValueError: an element without anything to determine its energy from.
    """
    if configuration.e0 == "atoms":
        return _free_atoms(parts)
    samples = [*parts.free_atoms, *parts["train"]]
    if not configuration.given_e0 and all(s.energy is None for s in samples):
        return AtomicEnergies({}, "none: the data have no energies")
    return atomic_energies(samples, configuration.given_e0)


def energies_for_start(configuration: Configuration, potential: Potential, parts: Parts) -> AtomicEnergies:
    """E0 for a start model at the level of theory of the data; raises as `energies_of_data`, and where the model does
    not know an element. Elements that are not in the data keep theirs."""
    old = free_atom_energies(potential)
    kept = lambda why: AtomicEnergies(old, f"{'those' if old else 'none, as those'} of the start model, {why}")
    if configuration.e0 == "keep":
        return kept("kept")
    if configuration.e0 == "atoms":
        return _completed(_free_atoms(parts), potential, old)
    if not configuration.given_e0 and all(s.energy is None for s in parts["train"]):
        return kept("for the data have no energies")
    return shifted_energies(potential, parts["train"].samples, configuration.given_e0)


def _free_atoms(parts: Parts) -> AtomicEnergies:
    return atomic_energies([*parts.free_atoms, *(s.but(energy=None) for s in parts["train"])])


def _completed(found: AtomicEnergies, potential: Potential, old: dict[str, float]) -> AtomicEnergies:
    whole = dict.fromkeys(potential.elements or (), 0.0) | old | found.energies
    kept = " ".join(symbol for symbol in whole if symbol not in found.energies)
    return AtomicEnergies(whole, found.source + (f"; {kept} as in the start model" if kept else ""))
