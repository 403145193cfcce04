"""What a run is watched for besides numbers that are not finite and heat: atoms that collide, bonds that break, and
members of an ensemble that disagree."""

from collections.abc import Sequence
from dataclasses import dataclass

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from eukrates.dynamics.phase import Phase
from eukrates.elements import COVALENT_RADII, SYMBOLS
from eukrates.matter import Graph, System
from eukrates.matter.bonds import find_nonmetal_bonds
from eukrates.matter.nearest_image import nearest_images, nearest_shifts
from eukrates.matter.neighbours import neighbours, pair_vectors
from eukrates.numerics import norm, sum_by
from eukrates.shapes import AnyArray


@dataclass(frozen=True)
class Watch:
    """Where a run stops: distances in sums of two covalent radii, and disagreement. None: it is not looked at.

    Args:
        contact: atoms that come closer have collided. No bond is shorter than 0.75; models know little below that.
        bonds: bonds of the start between nonmetals that become longer are broken. Switch it off where reactions are
            wanted. A proton that moves from one water to the next stays below 2.
        rho: of ensembles, σ/√N in eV, with the deviation σ of the members and N atoms; beyond it the potential does not
            know what it says. See `eukrates.potential.rho`.
    """

    contact: float | int | None = 0.5
    bonds: float | int | None = 2.0
    rho: float | int | None = None

    def __post_init__(self):
        if self.contact is not None and not 0 < self.contact < 1:
            raise ValueError(f"Expected contact between 0 and 1 sums of covalent radii, got {self.contact!r}.")
        if self.bonds is not None and not self.bonds > 1.25:
            raise ValueError(
                f"Expected bonds above 1.25 sums of covalent radii (found below that), got {self.bonds!r}."
            )
        if self.rho is not None and not self.rho > 0:
            raise ValueError(f"Expected rho above 0 eV, got {self.rho!r}.")


class Bounds(eqx.Module):
    """The same for systems laid end to end."""

    contact: Float[AnyArray, " atoms"]  # Å; two atoms may not come closer than the sum of theirs
    i: Int[AnyArray, " bonds"]
    j: Int[AnyArray, " bonds"]
    image: Float[AnyArray, "bonds 3"]  # lattice vectors crossed on the way from i to j
    longest: Float[AnyArray, " bonds"]  # Å
    widest: Float[AnyArray, " watched"]  # eV, of the deviations of members of an ensemble, of every system or of none

    def lengths(self, positions, cell, owner) -> Float[AnyArray, " bonds"]:
        """Of the bonds, in Å."""
        shift = jnp.einsum("ba,bac->bc", self.image, cell[owner[self.i]])
        return norm(positions[self.j] - positions[self.i] + shift)

    def collided(self, phase: Phase, graph: Graph) -> Bool[Array, " systems"]:
        """Which systems have two atoms too close, by the near pairs of a graph."""
        if self.contact.shape[0] == 0:
            return jnp.zeros(phase.energy.shape, bool)
        near = graph.near
        h = near.half
        here = eqx.tree_at(lambda g: (g.system.positions, g.system.cell), graph, (phase.positions, phase.cell))
        squared = jnp.sum(here.half_vectors(near) ** 2, axis=1)
        i, j = near.i[:h], near.j[:h]
        close = near.real[:h] & (squared < (self.contact[i] + self.contact[j]) ** 2)
        return _of_systems(close, phase.owner[i], phase)

    def broken(self, phase: Phase) -> Bool[Array, " systems"]:
        """Which systems have a bond too long."""
        if self.i.shape[0] == 0:
            return jnp.zeros(phase.energy.shape, bool)
        long = self.lengths(phase.positions, phase.cell, phase.owner) > self.longest
        return _of_systems(long, phase.owner[self.i], phase)

    def unsure(self, phase: Phase) -> Bool[Array, " systems"]:
        """Of which systems the members of an ensemble disagree."""
        watched = self.widest.shape[0]
        return jnp.zeros(phase.energy.shape, bool).at[:watched].set(phase.spread[:watched] > self.widest)


def bounds_of(watch: Watch, structures: Sequence[System], atoms: int) -> Bounds:
    """What to look at in structures laid end to end, with padding up to `atoms`."""
    radii = np.concatenate([COVALENT_RADII[np.asarray(s.numbers)] for s in structures])
    contact = np.zeros(0) if watch.contact is None else watch.contact * np.pad(radii, (0, atoms - radii.size))
    starts = np.cumsum([0, *(s.atoms for s in structures)])
    found = [_bonds(s) for s in structures] if watch.bonds is not None else []
    pairs = np.concatenate([np.zeros((0, 2), int), *(b + n for (b, _), n in zip(found, starts, strict=False))])
    images = np.concatenate([np.zeros((0, 3)), *(image for _, image in found)])
    i, j = pairs.T
    widest = [] if watch.rho is None else [watch.rho * s.atoms**0.5 for s in structures]
    return Bounds(contact, i, j, images, (watch.bonds or 0) * (radii[i] + radii[j]), np.array(widest, float))


def closest_atoms(structure: System) -> str:
    """The two atoms of one structure that are closest for what they are, in words."""
    radii = COVALENT_RADII[np.asarray(structure.numbers)]
    near = neighbours(structure, 2 * float(radii.max()))
    h = near.half
    i, j = near.i[:h], near.j[:h]
    r = np.linalg.norm(pair_vectors(structure, near)[:h], axis=1)
    return _pair(structure, "the distance", i, j, r, int(np.argmin(r / (radii[i] + radii[j]))))


def longest_bond(structure: System, bounds: Bounds) -> str:
    """The bond of one structure, of those in `bounds`, that is longest for what it is, in words."""
    i, j = np.asarray(bounds.i), np.asarray(bounds.j)
    r = _distances(structure, i, j)
    return _pair(structure, "the bond", i, j, r, int(np.argmax(r / np.asarray(bounds.longest))))


def _bonds(structure: System) -> tuple[np.ndarray, np.ndarray]:
    """Bonds between nonmetals of one structure, [bonds, 2], and their images."""
    pairs = find_nonmetal_bonds(structure)
    vectors, cell = structure.positions[pairs[:, 1]] - structure.positions[pairs[:, 0]], structure.cell[0]
    return pairs, np.round(nearest_shifts(vectors, cell) @ np.linalg.pinv(cell))


def _of_systems(bad: Bool[Array, " items"], owner: Int[Array, " items"], phase: Phase) -> Bool[Array, " systems"]:
    return sum_by(bad.astype(jnp.int32), owner, phase.energy.shape[0]) > 0


def _distances(structure: System, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """Between atoms and nearest images of others, Å."""
    vectors = structure.positions[j] - structure.positions[i]
    return np.linalg.norm(nearest_images(vectors[None], structure.cell[0])[0], axis=1)


def _pair(structure: System, what: str, i: np.ndarray, j: np.ndarray, r: np.ndarray, n: int) -> str:
    one, two = (f"{atom} ({SYMBOLS[int(structure.numbers[atom])]})" for atom in (i[n], j[n]))
    return f"{what} of atoms {one} and {two} is {r[n]:.2f} Å"
