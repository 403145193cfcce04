"""From one level of theory to another: energies of free atoms that bring a potential to new data.

    Δ = argmin Σ_s (E_s - E(s) - Σ_z n_sz Δ_z)²,  E0_z → E0_z + Δ_z            (1)

E_s is the energy of structure s in the data, E(s) what the potential says, n_sz its atoms of element z.
"""

from collections.abc import Mapping, Sequence

import equinox as eqx
import numpy as np

from eukrates.data.atomic_energies import AtomicEnergies, atomic_energies, separate
from eukrates.data.sample import Sample
from eukrates.elements import number
from eukrates.numerics import cast
from eukrates.potential import Potential, bound_energy, evaluate, free_atom_energies, sum_of_free_atoms
from eukrates.training.batches import Batches
from eukrates.training.diagnosis import check_systems


def shifted_energies(
    potential: Potential, samples: Sequence[Sample], given: Mapping[str, float] | None = None, batch_size: int = 16
) -> AtomicEnergies:
    """E0 with which `potential`, as it is, comes closest to the energies of `samples`: (1) by least squares.

    The difference is fitted, not the energies themselves: the binding that the potential already knows does not enter
    E0, and where compositions do not determine the elements (ethanol alone) all atoms are shifted alike. Free atoms
    among the samples do not count: the potential was not made for them.

    Args:
        potential: any potential.
        samples: structures, those with an energy count.
        given: E0 in eV by symbol that stay as they are.
        batch_size: structures evaluated at once.

    Raises:
        ValueError: an element that the potential does not know.
    """
    given, old = dict(given or {}), dict.fromkeys(potential.elements or (), 0.0) | free_atom_energies(potential)
    _, structures = separate(samples)
    labelled = [s for s in structures if s.energy is not None]
    check_systems(potential, structures)
    bound = bound_energies(potential, labelled, batch_size)
    left = [
        s.but(energy=float(s.energy or 0.0) - sum_of_free_atoms(old, s.numbers) - e)
        for s, e in zip(labelled, bound, strict=True)
    ]
    shift = atomic_energies(left, {z: e - old.get(z, 0.0) for z, e in given.items()})
    new = old | {z: old.get(z, 0.0) + e for z, e in shift.energies.items()} | given
    kept = [z for z in old if z not in shift.energies]
    return AtomicEnergies({z: new[z] for z in sorted(new, key=number)}, _source(shift, given, kept))


def bound_energies(potential: Potential, samples: Sequence[Sample], batch_size: int = 16) -> np.ndarray:
    """What `potential` says of each structure without the energies of free atoms: eV, float64 [structures]."""
    if not samples:
        return np.zeros(0)
    batches = Batches(samples, potential.graph, batch_size, {}, 0)
    ask, light = eqx.filter_jit(lambda p, graph: bound_energy(evaluate(p, graph, ()))), cast(potential, "float32")
    found = [np.asarray(ask(light, graph), np.float64)[: batches.batch_size] for graph, _ in batches.in_order()]
    return np.concatenate(found)[: len(samples)]


def _source(shift: AtomicEnergies, given: Mapping[str, float], kept: Sequence[str]) -> str:
    words = [f"given ({' '.join(given)})"] if given else []
    if set(shift.energies) - set(given):
        words.append(f"those of the start model, shifted by {shift.source.removeprefix('given; ')}")
    if kept:
        words.append(f"{' '.join(kept)} as in the start model, for the data have no energy with them")
    return "; ".join(words)
