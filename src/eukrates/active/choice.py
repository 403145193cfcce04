"""Which candidates are labelled: those whose labels would tell most about all of them."""

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from jaxtyping import Float

from eukrates.active.environments import environments
from eukrates.active.policy import Policy
from eukrates.potential import Prediction
from eukrates.units import KELVIN

PAIRS = 10_000_000  # of environments that are compared at once, which bounds the memory
SAME = 1e-9  # squared distance of environments below which they are copies


def doubts(prediction: Prediction) -> Float[np.ndarray, " atoms"]:
    """Of every atom the variance of its force over the members of an ensemble, eV²/Å².

    v_i = Σ_m |F_im - F_i|² / (M - 1)                                                                           (1)
    """
    return np.sum(np.var(np.asarray(prediction.forces_by_member), axis=1, ddof=1), axis=-1)  # (1)


def temperatures(
    candidates: Sequence[Atoms],
    energies: Float[np.ndarray, " candidates"],
    known: Sequence[Atoms],
    known_energies: Float[np.ndarray, " known"],
) -> Float[np.ndarray, " candidates"]:
    """K, at which a harmonic molecule would have the potential energy of each candidate.

    T = 2 (E - E_lowest) / (3N - 6) k_B                                                                        (2)

    E_lowest is the lowest energy of the same formula, charge and spin among all that is known, or where nothing is
    known of it among the candidates. Energies in eV. What is not finite is infinitely hot.
    """
    lowest = _lowest(candidates, energies) | _lowest(known, known_energies)
    above = np.array([e - lowest.get(_kind(a), np.nan) for a, e in zip(candidates, energies, strict=True)])
    above = np.where(np.isfinite(above), above, np.inf)
    modes = np.array([max(3 * len(atoms) - 6, 1) for atoms in candidates])
    return 2 * above / (modes * KELVIN)  # (2)


def _kind(atoms: Atoms) -> tuple:
    return atoms.get_chemical_formula(), atoms.info.get("charge"), atoms.info.get("spin")


def _lowest(structures: Sequence[Atoms], energies: Float[np.ndarray, " structures"]) -> dict[tuple, float]:
    found: dict[tuple, float] = {}
    for atoms, energy in zip(structures, energies.tolist(), strict=True):
        if np.isfinite(energy):
            found[_kind(atoms)] = min(energy, found.get(_kind(atoms), energy))
    return found


def chosen(
    candidates: Sequence[Atoms],
    unsure: Sequence[Float[np.ndarray, " atoms"]],
    known: Sequence[Atoms],
    policy: Policy,
    count: int,
    rng: np.random.Generator,
) -> list[int]:
    """At most `count` candidates in the order of their choice; nothing is taken twice, nor what is known.

    Uncertain: a label is expected to leave of the variance v_i of the force on an atom (`doubts`) what it leaves of the
    distance d_i to the nearest environment that is labelled, among those of atoms of its element,

    left_i = min(1, d_i(labels)² / d_i(known)²)                                                                 (3)

    and one candidate after the other is taken of which Σ_i v_i left_i over its atoms is the largest. Random: one after
    the other, whatever it is.

    Args:
        candidates: where to choose from.
        unsure: `doubts` of each.
        known: structures that are labelled, with all elements of the candidates.
        policy: how to choose.
        count: how many.
        rng: all chance there is.
    """
    if not candidates:
        return []
    order = rng.permutation(len(candidates))
    there = _Surroundings([candidates[n] for n in order], known)
    variances = np.concatenate([unsure[n] for n in order])
    before, taken = there.apart(known), []
    left = (before > SAME).astype(float)
    while len(taken) < count and (new := there.by_structure(left > 0) > 0).any():
        expected = new if policy.choose == "random" else np.where(new, there.by_structure(variances * left), -1.0)
        taken.append(int(order[np.argmax(expected)]))
        after = there.apart([candidates[taken[-1]]])
        left = np.where(after > SAME, np.minimum(left, after / np.maximum(before, SAME)), 0.0)  # (3)
    return taken


class _Surroundings:
    """The environments of the atoms of structures, one after the other."""

    def __init__(self, structures: Sequence[Atoms], others: Sequence[Atoms]):
        self.elements = sorted({int(z) for atoms in (*structures, *others) for z in atoms.numbers})
        self.rows, self.owner = environments(structures, self.elements)
        self.numbers, self.count = np.concatenate([atoms.numbers for atoms in structures]), len(structures)

    def by_structure(self, values: np.ndarray) -> Float[np.ndarray, " structures"]:
        """Sums over atoms."""
        return np.bincount(self.owner, values, self.count)

    def apart(self, others: Sequence[Atoms]) -> Float[np.ndarray, " atoms"]:
        """d², squared distances to the nearest environment of an atom of the same element in other structures."""
        rows, _ = environments(others, self.elements)
        numbers = np.concatenate([np.zeros(0, int), *(atoms.numbers for atoms in others)])
        found = np.full(len(self.rows), np.inf)
        for element in np.unique(numbers):
            here, there = np.flatnonzero(self.numbers == element), rows[numbers == element]
            lengths = np.sum(there**2, axis=1)
            for some in np.array_split(here, 1 + here.size * len(there) // PAIRS):
                one = self.rows[some]
                squares = np.sum(one**2, axis=1)[:, None] + lengths - 2 * one @ there.T
                found[some] = np.maximum(squares.min(axis=1), 0.0)
        return found
