"""E0: the energy of each element alone, and where it comes from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eukrates.data.sample import Sample
from eukrates.elements import SYMBOLS, by_number, number

ISOLATED = ("isolatedatom", "isolated_atom", "isolated atom")


@dataclass(frozen=True)
class AtomicEnergies:
    """Energy by element in eV, with its source in words for the model card."""

    energies: dict[str, float]  # symbol → eV
    source: str

    def __post_init__(self):
        for symbol, energy in self.energies.items():
            number(symbol)
            if not np.isfinite(energy):
                raise ValueError(f"Expected a finite energy of {symbol} in eV, got {energy!r}.")

    def total(self, numbers: np.ndarray) -> float:
        """Sum over the atoms of a structure in eV; ValueError names an element without E0."""
        numbers = np.asarray(numbers)
        missing = sorted({SYMBOLS[int(z)] for z in np.unique(numbers)} - set(self.energies))
        if missing:
            raise ValueError(f"No E0 for {', '.join(missing)}; known are {', '.join(self.energies)} ({self.source}).")
        return float(self.table()[numbers].sum())

    def table(self) -> np.ndarray:
        """eV by atomic number, [119]; zero for elements that are not known."""
        return by_number(self.energies)


def is_isolated_atom(sample: Sample) -> bool:
    """True for a free atom: one atom, and an open system or a group called IsolatedAtom."""
    named = (sample.group or "").lower() in ISOLATED
    return sample.system.atoms == 1 and (named or not np.any(sample.system.cell))


def separate(samples: Sequence[Sample]) -> tuple[list[Sample], list[Sample]]:
    """Free atoms, and the structures that remain."""
    atoms = [sample for sample in samples if is_isolated_atom(sample)]
    return atoms, [sample for sample in samples if not is_isolated_atom(sample)]


def atomic_energies(samples: Sequence[Sample], given: Mapping[str, float] | None = None) -> AtomicEnergies:
    """E0 of every element in `samples`: given ones first, then free atoms in the data, then least squares.

    Least squares solve Σ_z n_z E0_z = E over the structures (n_z atoms of element z) for what is still unknown. Where
    the compositions do not determine it (ethanol alone: one equation, three unknowns) the solution nearest to the same
    energy for every atom is taken, and `source` says so: energies of other compositions then mean nothing.

    Raises:
        ValueError: nothing to determine an element from, or free atoms of one element that disagree.
    """
    free, structures = separate(samples)
    wanted = sorted({int(z) for sample in samples for z in np.unique(sample.numbers)})
    known = {number(symbol): float(energy) for symbol, energy in (given or {}).items()}
    sources = ["given"] if known else []
    from_atoms = {z: e for z, e in _free_energies(free).items() if z not in known}
    if from_atoms:
        sources.append(f"free atoms in the data ({' '.join(SYMBOLS[z] for z in sorted(from_atoms))})")
    known |= from_atoms
    unknown = [z for z in wanted if z not in known]
    if unknown:
        fitted, how = _least_squares(structures, known, unknown)
        known |= fitted
        sources.append(how)
    return AtomicEnergies({SYMBOLS[z]: known[z] for z in sorted(known)}, "; ".join(sources))


def _free_energies(free: Sequence[Sample]) -> dict[int, float]:
    """Energy by atomic number of neutral free atoms (a charge that is not stated counts as neutral)."""
    found: dict[int, Sample] = {}
    for sample in free:
        charged = sample.system.charge is not None and sample.system.charge[0] != 0
        if sample.energy is None or charged:
            continue
        z = int(sample.numbers[0])
        other = found.setdefault(z, sample)
        if abs(other.energy - sample.energy) > 1e-3:  # type: ignore[operator]
            raise ValueError(
                f"Free atoms of {SYMBOLS[z]} disagree: {other.name} has {other.energy:.6f} eV, {sample.name} "
                f"{sample.energy:.6f} eV. Keep the ground state, or give E0 by hand."
            )
    return {z: float(sample.energy) for z, sample in found.items()}  # type: ignore[arg-type]


def _least_squares(structures, known: Mapping[int, float], unknown: Sequence[int]) -> tuple[dict[int, float], str]:
    rows = [s for s in structures if s.energy is not None]
    counts = np.array([[np.sum(s.numbers == z) for z in unknown] for s in rows], np.float64).reshape(-1, len(unknown))
    undetermined = [SYMBOLS[z] for z, n in zip(unknown, counts.sum(axis=0), strict=True) if n == 0]
    if undetermined:
        raise ValueError(
            f"There is no energy to determine E0 of {', '.join(undetermined)} from: give it, for example "
            f"{{{undetermined[0]!r}: -13.6}}, or add a free atom with its energy."
        )
    rest = np.array([s.energy - sum(known.get(int(z), 0.0) for z in s.numbers) for s in rows])
    mean = np.sum(rest * counts.sum(axis=1)) / np.sum(counts.sum(axis=1) ** 2)  # every atom the same
    solution, _, rank, _ = np.linalg.lstsq(counts, rest - mean * counts.sum(axis=1), rcond=1e-9)
    how = f"least squares over {len(rows)} structures for {' '.join(SYMBOLS[z] for z in unknown)}"
    if rank < len(unknown):
        how += (
            f" (rank {rank} of {len(unknown)} elements: only sums are determined; nearest to the average per atom; "
            "energies of other compositions mean nothing)"
        )
    return {z: float(mean + x) for z, x in zip(unknown, solution, strict=True)}, how
