"""Which candidates are labelled: those that the ensemble is unsure of, far from each other and from what is known."""

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from jaxtyping import Float

from eukrates.active.policy import Policy
from eukrates.data import to_system
from eukrates.matter.neighbours import neighbours, pair_vectors

REACH, WIDTH = 6.0, 0.5  # Å
CENTRES = np.arange(0.75, REACH, WIDTH)
CROWD = 3  # times the batch: so many of the most uncertain candidates compete


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


def chosen(
    candidates: Sequence[Atoms],
    rhos: Float[np.ndarray, " candidates"],
    known: Sequence[Atoms],
    policy: Policy,
    count: int,
    rng: np.random.Generator,
) -> list[int]:
    """At most `count` candidates in the order of their choice.

    Uncertain: of those above `policy.rho` the three times as many with the largest rho compete; one after the other is
    taken that is farthest, in fingerprints, from all that is known or taken already.
    """
    if policy.choose == "random":
        return sorted(rng.permutation(len(candidates))[:count].tolist())
    above = np.flatnonzero(rhos > policy.rho)
    if not above.size or count < 1:
        return []
    crowd = above[np.argsort(-rhos[above], kind="stable")][: CROWD * count]
    rows = fingerprints([*known, *(candidates[n] for n in crowd)])
    there, here = rows[: len(known)], rows[len(known) :]
    apart = lambda others: np.linalg.norm(here[:, None] - others[None], axis=-1).min(axis=1)
    distance = apart(there) if len(known) else np.full(crowd.size, np.inf)
    taken: list[int] = []
    while len(taken) < min(count, crowd.size):
        best = int(np.argmax(distance))
        taken.append(best)
        distance = np.minimum(distance, apart(here[best : best + 1]))
        distance[taken] = -1.0
    return [int(crowd[n]) for n in taken]
