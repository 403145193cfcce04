"""The least distance between two structures over rotations and over relabellings of atoms that are alike."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial.distance import cdist

from eukrates.landscape.automorphisms import Relabellings
from eukrates.matter.superposition import turns_onto

NEAR = 0.2  # times the mean distance of nearest neighbours, by which partners in two structures may differ
LEVER = 0.5  # times the longest lever there is: what an anchor has at least
TRIES = 12  # alignments by anchors that are refined
FARTHEST = 4.0  # tolerances of the RMSD by which one atom may be off
ROUNDS = 50  # of assignment and rotation, that end by themselves long before


@dataclass(frozen=True, eq=False)
class Superposition:
    """How a structure is laid over another: `moving[permutation] @ turn`, both about their centres, lies on `onto`."""

    rmsd: float  # Å, over all atoms
    farthest: float  # Å, between two partners
    permutation: Int[np.ndarray, " atoms"]
    turn: Float[np.ndarray, "3 3"]  # of determinant -1 if it reflects

    def within(self, tolerance: float | int) -> bool:
        """True if the RMSD is not above a tolerance, Å, and no atom farther from its partner than four times that.

        The second is for large molecules: where one hydroxyl of 160 atoms points the other way, the RMSD is 0.12 Å.
        """
        return self.rmsd <= tolerance and self.farthest <= FARTHEST * tolerance

    @property
    def mirrored(self) -> bool:
        """True if the mirror image was laid over."""
        return bool(np.linalg.det(self.turn) < 0)


def superpose(
    relabellings: Relabellings,
    onto: Float[np.ndarray, "atoms 3"],
    moving: Float[np.ndarray, "atoms 3"],
    *,
    mirror: bool = False,
    enough: float | int = 0.0,
) -> Superposition:
    """Lay a structure over another one with the same bonds, so that the RMSD is small.

    rmsd² = min over p, Q of Σᵢ |onto_i - moving_p(i) Q|² / N                                                    (1)

    with p the automorphisms of the bond graph and Q the rotations, reflections too where `mirror`.

    First from several alignments the best p for Q and the best Q for p in turns, until neither changes. The alignments:
    atoms as they are numbered; then two anchors far from the centre and from being in line with it are laid, with the
    centre, on every pair of atoms of their classes that has the same distances within a fifth of the mean distance of
    nearest neighbours. The anchors chosen are those that fewest such pairs in the structure itself could be taken for.

    Found so is an upper bound of (1). If it is above `enough` and there are no more than 2000 automorphisms, all are
    tried, and (1) is exact. With more (neopentane, clusters without bonds) there is no guarantee for structures that
    differ. Those that are the same but for small displacements are recognised: anchors that moved by less than a tenth
    of that mean distance are found among the pairs, their turn is nearly the right one, and with it the assignment
    is the right one unless displacements come near half of the distance between atoms of one class.

    Args:
        enough: Å; the first superposition that is within it (see `Superposition.within`) is returned.
    """
    x, y = (r - r.mean(axis=0) for r in (np.asarray(onto, np.float64), np.asarray(moving, np.float64)))
    tried = []
    for hand in (1.0, -1.0) if mirror else (1.0,):
        for turn in _alignments(relabellings, x, hand * y):
            tried.append(_settled(relabellings, x, y, hand * turn))
            if tried[-1].within(enough):
                return tried[-1]
    if relabellings.all is not None:
        tried.append(_best_of(relabellings.all, x, y, mirror))
    return min(tried, key=lambda found: found.rmsd)


def _best_of(permutations: np.ndarray, x: np.ndarray, y: np.ndarray, mirror: bool) -> Superposition:
    """(1) over these permutations: Σ|onto|² + Σ|moving|² - 2 (s₁ + s₂ ± s₃), s the singular values of Σ moving onto."""
    products = np.swapaxes(y[permutations], 1, 2) @ x
    size, hand = np.linalg.svd(products, compute_uv=False), np.sign(np.linalg.det(products))
    overlap = size[:, 0] + size[:, 1] + np.stack([hand, -hand]) * size[:, 2]
    overlap[1] = overlap[1] if mirror else -np.inf
    reflected, which = np.unravel_index(int(np.argmax(overlap)), overlap.shape)
    sign, permutation = (-1.0 if reflected else 1.0), permutations[which]
    return _measured(x, y, permutation, sign * turns_onto(sign * y[permutation], x))


def _settled(relabellings: Relabellings, x: np.ndarray, y: np.ndarray, turn: np.ndarray) -> Superposition:
    """Assignment and rotation in turns from a first rotation, of the hand of which all others are."""
    hand, least, permutation = np.sign(np.linalg.det(turn)), np.inf, np.arange(len(x))
    for _ in range(ROUNDS):
        better, cost = relabellings.nearest(cdist(x, y @ turn, "sqeuclidean"))
        if cost >= least * (1 - 1e-12):
            break
        permutation, least = better, cost
        turn = hand * turns_onto(hand * y[permutation], x)
    return _measured(x, y, permutation, turn)


def _measured(x: np.ndarray, y: np.ndarray, permutation: np.ndarray, turn: np.ndarray) -> Superposition:
    squared = np.sum((x - y[permutation] @ turn) ** 2, axis=1)
    return Superposition(float(np.sqrt(squared.mean())), float(np.sqrt(squared.max())), permutation, turn)


def _alignments(relabellings: Relabellings, x: np.ndarray, y: np.ndarray) -> Iterator[np.ndarray]:
    """Rotations worth starting from, the most promising first."""
    yield turns_onto(y, x)
    classes = relabellings.graph.classes
    turns = _by_anchors(classes, x, y)
    barred = np.where(classes[:, None] == classes, 0.0, np.inf)
    bound = [(cdist(x, y @ turn, "sqeuclidean") + barred).min(axis=1).sum() for turn in turns]
    for n in np.argsort(bound, kind="stable")[:TRIES]:
        yield turns[n]


def _by_anchors(classes: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Rotations, [some, 3, 3], that lay pairs of atoms of y on the anchors in x, see `superpose`."""
    apart, there = cdist(x, x), cdist(y, y)
    near = NEAR * np.min(apart + np.diag(np.full(len(x), np.inf)), axis=1).mean()
    radius, radius_there = np.linalg.norm(x, axis=1), np.linalg.norm(y, axis=1)
    same = classes[:, None] == classes
    alike = same & (np.abs(radius[:, None] - radius) <= near)
    a = _rarest(alike.sum(axis=1), radius)
    lever = np.linalg.norm(np.cross(x, x[a]), axis=1) / max(radius[a], np.finfo(float).tiny)
    pairs = alike[:, None, :] & (np.abs(apart[alike[a]] - apart[a][:, None, None]) <= 2 * near)
    b = _rarest(pairs.sum(axis=(1, 2)), lever)
    first = same[a] & (np.abs(radius_there - radius[a]) <= near)
    second = same[b] & (np.abs(radius_there - radius[b]) <= near)
    pair = np.argwhere(first[:, None] & second & (np.abs(there - apart[a, b]) <= 2 * near))
    return turns_onto(y[pair], np.broadcast_to(x[[a, b]], (len(pair), 2, 3)))


def _rarest(counts: np.ndarray, lever: np.ndarray) -> int:
    """The atom that fewest others could be taken for, of those with a long lever; of equals that with the longest."""
    some = np.flatnonzero(lever >= LEVER * lever.max())
    return int(min(some.tolist(), key=lambda n: (counts[n], -lever[n])))
