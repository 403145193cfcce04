"""Sampling of two molecules beside each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from scipy.spatial.transform import Rotation

from eukrates.active.sampler import copied, some
from eukrates.elements import COVALENT_RADII
from eukrates.potential import Potential

FAR = 50.0  # Å, from where the second molecule comes
STEP = 0.02  # Å


@dataclass(frozen=True)
class Dimers:
    """Pairs of molecules, turned at random and brought together until their closest atoms are a given way apart.

    Charges add; molecules with unpaired electrons are passed over, since how these couple nobody said, and so are pairs
    of earlier generations.

    Args:
        count: pairs.
        closest, farthest: distances of the closest two atoms, in sums of covalent radii; drawn evenly between. Hydrogen
            bonds are at 1.8 or so, van der Waals contacts at 2.2 to 3.
        atoms: the largest number of atoms of a pair.
    """

    count: int = 20
    closest: float = 1.4
    farthest: float = 3.5
    atoms: int = 100

    def __post_init__(self):
        if self.count < 1 or not 1 <= self.closest <= self.farthest or self.atoms < 2:
            raise ValueError(f"Expected count ≥ 1, 1 ≤ closest ≤ farthest and atoms ≥ 2, got {self}.")

    def __call__(
        self, potential: Potential, starts: Sequence[Atoms], rho: float, rng: np.random.Generator
    ) -> list[Atoms]:
        """See `Sampler`."""
        single = lambda atoms: atoms.info.get("sampled_by") != "dimers" and not atoms.info.get("spin")
        alone = [atoms for atoms in starts if single(atoms) and not atoms.pbc.any()]
        found = []
        for one, other in zip(*(some(alone, self.count, rng) for _ in range(2)), strict=True) if alone else ():
            wanted = rng.uniform(self.closest, self.farthest)
            turns = Rotation.random(2, rng=rng)
            if len(one) + len(other) <= self.atoms:
                found.append(_together(one, other, turns, wanted))
        return found


def _together(one: Atoms, other: Atoms, turns: Rotation, wanted: float) -> Atoms:
    """The second molecule comes along z until the closest contact is `wanted` sums of covalent radii."""
    a, b = (turns[n].apply(m.positions - m.positions.mean(axis=0)) for n, m in enumerate((one, other)))
    radii = COVALENT_RADII[one.numbers][:, None] + COVALENT_RADII[other.numbers]
    ways = np.arange(FAR, -FAR, -STEP)
    for way in ways:
        r = np.linalg.norm(a[:, None] - (b + np.array([0.0, 0.0, way])), axis=-1)
        if np.min(r / radii) <= wanted:
            break
    pair = Atoms([*one.numbers, *other.numbers], np.concatenate([a, b + np.array([0.0, 0.0, way])]))
    states = ("charge", "spin")
    pair.info = {k: one.info[k] + other.info[k] for k in states if k in one.info and k in other.info}
    return copied(pair, "dimers", contact=float(wanted))
