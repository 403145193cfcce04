"""Which candidates are labelled: those whose labels would tell most about all of them."""

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from jaxtyping import Float

from eukrates.active.environments import environments
from eukrates.active.policy import Policy
from eukrates.potential import Prediction
from eukrates.units import KELVIN

CROWD = 400  # candidates that compete
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

    Uncertain: 400 candidates, drawn at random, compete. Labels are expected to leave of the variance v_i of the force
    on an atom (`doubts`) what they leave of its distance from what is known, among environments of its element,

    left_i = min(1, d_i(labels)² / d_i(known)²)                                                                 (3)

    and one candidate after the other is taken whose label leaves the least of Σ_i v_i left_i, over the atoms of all
    that compete: unsure, unlike what is known, and like many others. Random: one after the other, whatever it is.

    Args:
        candidates: where to choose from.
        unsure: `doubts` of each.
        known: structures that are labelled, with all elements of the candidates.
        policy: how to choose.
        count: how many.
        rng: all chance there is.
    """
    crowd = rng.permutation(len(candidates))[:CROWD]
    if not crowd.size:
        return []
    shares = _shares([candidates[n] for n in crowd], known)
    weights = np.concatenate([unsure[n] for n in crowd])
    owner = np.repeat(np.arange(crowd.size), [len(candidates[n]) for n in crowd])
    new = lambda left: np.bincount(owner, left > 0) > 0
    left, taken = np.any(shares > 0, axis=1).astype(float), []
    while len(taken) < count and new(left).any():
        if policy.choose == "random":
            best = int(np.argmax(new(left)))
        else:
            gains = weights @ np.maximum(left[:, None] - shares, 0.0)
            best = int(np.argmax(np.where(new(left), gains, -1.0)))
        taken.append(best)
        left = np.minimum(left, shares[:, best])
    return [int(crowd[n]) for n in taken]


def _shares(candidates: Sequence[Atoms], known: Sequence[Atoms]) -> Float[np.ndarray, "atoms candidates"]:
    """(3) of every atom of all candidates if one candidate were labelled; 0 where it is known already."""
    numbers, there = (np.concatenate([atoms.numbers for atoms in some]) for some in (candidates, known))
    elements = sorted({*numbers.tolist(), *there.tolist()})
    rows, owner = environments(candidates, elements)
    labelled, _ = environments(known, elements)
    shares = np.ones((len(rows), len(candidates)))
    for element in elements:
        here = np.flatnonzero(numbers == element)
        if not here.size:
            continue
        before = _nearest(rows[here], labelled[there == element])
        for n in range(len(candidates)):
            own = here[owner[here] == n]
            if own.size:
                after = _nearest(rows[here], rows[own])
                shares[here, n] = np.where(
                    np.minimum(before, after) < SAME, 0.0, np.minimum(after / np.maximum(before, SAME), 1.0)
                )
    return shares


def _nearest(
    one: Float[np.ndarray, "atoms features"], other: Float[np.ndarray, "others features"]
) -> Float[np.ndarray, " atoms"]:
    """Squared distances to the nearest; infinite where there is none."""
    squares = np.sum(one**2, axis=1)[:, None] + np.sum(other**2, axis=1) - 2 * one @ other.T
    return np.maximum(squares.min(axis=1, initial=np.inf), 0.0)
