"""Which candidates are labelled: those that the ensemble is unsure of, far from each other and from what is known."""

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from jaxtyping import Float
from scipy.spatial.distance import cdist

from eukrates.active.policy import Policy
from eukrates.data import to_system
from eukrates.matter.neighbours import neighbours, pair_vectors
from eukrates.units import KELVIN

REACH, WIDTH = 6.0, 0.5  # Å
CENTRES = np.arange(0.75, REACH, WIDTH)
SAME = 1e-6  # distance of fingerprints below which structures are copies
CROWD = 5  # times the batch: so many candidates above rho compete


def fingerprints(structures: Sequence[Atoms]) -> Float[np.ndarray, "structures features"]:
    """For every pair of elements how many neighbours are how far away: equal structures have equal rows.

    f_ab(R) = Σ_{i<j} exp(-(r_ij - R)²/2w²) (1 - r_ij/6 Å)² / √N over pairs of the elements a, b                (1)
    """
    elements = sorted({int(z) for atoms in structures for z in atoms.numbers})
    place = {z: n for n, z in enumerate(elements)}
    rows = np.zeros((len(structures), len(elements), len(elements), CENTRES.size))
    for row, atoms in zip(rows, structures, strict=True):
        structure = to_system(atoms)
        near = neighbours(structure, REACH)
        h = near.half
        r = np.linalg.norm(pair_vectors(structure, near)[:h], axis=1)
        kinds = np.array([place[int(z)] for z in atoms.numbers])
        low, high = np.sort([kinds[near.i[:h]], kinds[near.j[:h]]], axis=0)
        bumps = np.exp(-((r[:, None] - CENTRES) ** 2) / (2 * WIDTH**2)) * (1 - r[:, None] / REACH) ** 2
        np.add.at(row, (low, high), bumps / np.sqrt(len(atoms)))  # (1)
    return rows.reshape(len(structures), -1)


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
    rhos: Float[np.ndarray, " candidates"],
    known: Sequence[Atoms],
    policy: Policy,
    count: int,
    rng: np.random.Generator,
) -> list[int]:
    """At most `count` candidates in the order of their choice.

    Uncertain: of those above `policy.rho` five times as many, drawn at random, compete; one after the other is taken
    that is farthest, in fingerprints, from all that is known or taken already. The most uncertain of all are not
    preferred: they are the most strained. Random: one after the other, whatever it is. Nothing is taken twice, nor
    what is known.
    """
    anyone = policy.choose == "random"
    crowd = rng.permutation(np.flatnonzero((rhos > policy.rho) | anyone))[: CROWD * count]
    if not crowd.size:
        return []
    rows = fingerprints([*known, *(candidates[n] for n in crowd)])
    there, here = rows[: len(known)], rows[len(known) :]
    distance = cdist(here, there).min(axis=1) if len(known) else np.full(crowd.size, np.inf)
    taken: list[int] = []
    while len(taken) < count and distance.max() > SAME:
        best = int(np.argmax(distance > SAME) if anyone else np.argmax(distance))
        taken.append(best)
        distance = np.minimum(distance, cdist(here, here[best : best + 1])[:, 0])
        distance[best] = 0.0
    return [int(crowd[n]) for n in taken]
