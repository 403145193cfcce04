"""Bins of equal shape in which atoms are sorted, in any lattice: cut along its planes, and along its open axes."""

import itertools
import math
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int

from eukrates.matter.bits import WORD
from eukrates.matter.lattice import completed, heights, reciprocal
from eukrates.shapes import AnyArray

ROUNDING = 1e-8  # of positions in bins
MOST_TURNS = 1 << 28  # lattice vectors that an atom may be away: images are 32-bit integers
MOST_BINS = 256  # along an axis
CROWDED = 1.3  # room in a bin over the most that any holds
LEAST_VOLUME = 1e-9  # of the product of the lengths of lattice vectors


@dataclass(frozen=True)
class Bins:
    """How every system is cut, all in the same way; static, and so part of a compiled program."""

    shape: tuple[int, int, int]  # bins along each axis
    reach: tuple[int, int, int]  # how many of them two atoms within the cutoff may be apart
    room: int  # atoms in a bin

    @property
    def around(self) -> np.ndarray:
        """The steps from a bin to those around it, itself included: [around, 3]."""
        return np.array(list(itertools.product(*(range(-m, m + 1) for m in self.reach))), np.int32)


class Placed(NamedTuple):
    """Atoms in bins."""

    bin: Int[AnyArray, "atoms 3"]
    turns: Int[AnyArray, "atoms 3"]  # lattice vectors from inside the cell to the atom; 0 along open axes
    sound: Bool[AnyArray, ""]  # False where something is not finite, or bins do not reach as far as the cutoff


def place(
    positions: Float[AnyArray, "atoms 3"],
    cell: Float[AnyArray, "systems 3 3"],
    owner: Int[AnyArray, " atoms"],
    real: Bool[AnyArray, " atoms"],
    bins: Bins,
    cutoff: float,
) -> Placed:
    """Each atom's bin. Bins cover the cell along periodic axes, and wherever atoms are along open ones."""
    xp = np if isinstance(positions, np.ndarray) else jnp
    systems, shape = cell.shape[0], np.array(bins.shape)
    lattice, periodic = completed(cell), xp.any(cell != 0, axis=2)
    dual = reciprocal(lattice)
    fraction = xp.einsum("na,nba->nb", positions, dual[owner])
    finite = xp.all(xp.isfinite(fraction), axis=1) & real
    fraction = xp.where(finite[:, None], fraction, 0.0)
    turns = xp.where(periodic[owner], xp.floor(fraction), 0.0)
    low, high = _least(fraction, owner, real, systems), -_least(-fraction, owner, real, systems)
    widest = [n * cutoff * (1 + ROUNDING) / m if m else 1.0 for n, m in zip(bins.shape, bins.reach, strict=True)]
    span = xp.maximum(high - low, np.array(widest))
    share = xp.where(periodic[owner], fraction - turns, (fraction - low[owner]) / span[owner])
    bin = xp.clip(xp.floor(share * shape), 0, shape - 1)
    served = heights(dual) * np.array(bins.reach) >= shape * cutoff * (1 + ROUNDING)
    sound = (
        xp.all(finite | ~real)
        & xp.all(served | ~periodic)
        & xp.all(solid(lattice))
        & xp.all(xp.abs(turns) < MOST_TURNS)
    )
    return Placed(bin.astype(np.int32), xp.clip(turns, -MOST_TURNS, MOST_TURNS).astype(np.int32), sound)


def solid(lattice: Float[AnyArray, "systems 3 3"]) -> Bool[AnyArray, " systems"]:
    """Whether lattices have a volume, and are finite."""
    xp = np if isinstance(lattice, np.ndarray) else jnp
    edges = xp.prod(xp.sqrt(xp.sum(lattice**2, axis=2)), axis=1)
    return xp.abs(xp.linalg.det(lattice)) > LEAST_VOLUME * edges


def _least(values, owner, real, owners: int):
    """The least value of the real atoms of each owner: [owners, 3]; 0 where there are none."""
    if isinstance(values, np.ndarray):
        found = np.full((owners, 3), np.inf)
        np.minimum.at(found, owner[real], values[real])
        return np.where(np.isfinite(found), found, 0.0)
    found = jax.ops.segment_min(jnp.where(real[:, None], values, jnp.inf), owner, owners)
    return jnp.where(jnp.isfinite(found), found, 0.0)


def fitting(
    positions: Float[np.ndarray, "atoms 3"],
    cell: Float[np.ndarray, "systems 3 3"],
    owner: Int[np.ndarray, " atoms"],
    real: Bool[np.ndarray, " atoms"],
    cutoff: float,
    spare: float,
) -> Bins:
    """The bins that leave the fewest candidates: one for each system, or bins as wide as the cutoff, or half as wide.

    They serve until a height of a cell has shrunk by the share `spare`, or a bin has got crowded.

    Raises:
        ValueError: an atom is too many lattice vectors away, or all pairs have more candidates than can be counted.
    """
    choices = []
    for parts in (0, 1, 2):
        shape, reach = _cut(positions, cell, owner, real, cutoff, spare, parts)
        placed = place(positions, cell, owner, real, Bins(shape, reach, 0), cutoff)
        if not placed.sound:
            raise ValueError(f"Atoms are more than {MOST_TURNS} lattice vectors outside of their cell: wrap them.")
        rows = np.column_stack([owner, placed.bin])[real]
        most = int(np.unique(rows, axis=0, return_counts=True)[1].max(initial=1))
        whole = shape == (1, 1, 1)
        bins = Bins(shape, reach, most if whole else math.ceil(CROWDED * most) + 2)
        choices.append((len(positions) * len(bins.around) * bins.room + cell.shape[0] * math.prod(shape), bins))
    best = min(choices, key=lambda choice: choice[0])[1]
    if len(positions) * (len(best.around) * best.room // WORD + 1) >= 1 << 31:
        raise ValueError(f"{len(positions)} atoms with {best} have more candidates for pairs than can be counted.")
    return best


def _cut(positions, cell, owner, real, cutoff: float, spare: float, parts: int):
    """The number of bins along each axis, and their reach, with `parts` bins within the cutoff; 0: one for all."""
    dual = reciprocal(completed(cell))
    periodic, used = np.any(cell != 0, axis=2), np.isin(np.arange(len(cell)), owner[real])
    along = np.einsum("na,nba->nb", positions, dual[owner])
    extent = _least(-along, owner, real, len(cell))
    extent = -extent - _least(along, owner, real, len(cell))
    shape, reach = [], []
    for a in range(3):
        closed = periodic[used, a]
        height = heights(dual)[used, a][closed] * (1 - spare)
        length = height.min() if closed.any() else extent[used, a].max(initial=0.0)
        shape.append(max(1, int(min(parts * length / cutoff, MOST_BINS))))
        steps = np.ceil(shape[a] * cutoff * (1 + 2 * ROUNDING) / height).max(initial=0.0)
        reach.append(int(max(steps, min(parts, shape[a] - 1) if not closed.all() else 0)))
    return tuple(shape), tuple(reach)
