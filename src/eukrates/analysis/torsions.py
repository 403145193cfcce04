"""Torsions: which there are, their angles along a trajectory, and how these are distributed."""

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial.transform import Rotation

from eukrates.analysis.statistics import mean_and_error
from eukrates.elements import COVALENT_RADII
from eukrates.matter import System
from eukrates.matter.bonds import bonded_neighbours
from eukrates.matter.nearest_image import nearest_images

DOUBLE = 0.9  # times the sum of covalent radii, below which a bond counts as multiple (C=C 0.88, amide C-N 0.91)
LINEAR = 1e-8  # sin² of a bond angle below which a torsion does not exist
STRAIGHT = 0.03  # sin² of a bond angle (10° from linear) below which no torsion through it is worth watching


def proper_torsions(bonds: Int[np.ndarray, "bonds 2"]) -> Int[np.ndarray, "torsions 4"]:
    """All chains i-j-k-l of three bonds between four different atoms, j < k, each once."""
    around = bonded_neighbours(bonds)
    found = [
        (i, j, k, l)
        for j, k in sorted((min(b), max(b)) for b in bonds.tolist())
        for i in around[j]
        for l in around[k]
        if len({i, j, k, l}) == 4
    ]
    return np.array(found, np.int64).reshape(-1, 4)


def rotatable_torsions(
    structure: System, bonds: Int[np.ndarray, "bonds 2"], hydrogens: int = 0
) -> Int[np.ndarray, "torsions 4"]:
    """One torsion for each bond that can turn, through the heaviest neighbours of its ends (the first of equals).

    A bond can turn if it lies in no ring, both its atoms are bonded to another atom heavier than hydrogen and not in
    line with it, and it is no shorter than 0.9 times the sum of covalent radii: a guess at single bonds from lengths,
    as no bond orders are known. Take a relaxed structure: a stretched double bond passes for a single one. Groups that
    turn hydrogens alone count too if these are no more than `hydrogens`: 2 are hydroxyl, thiol and amino groups, 3 also
    methyl groups, which look the same after every third of a turn.
    """
    z, around = np.asarray(structure.numbers), bonded_neighbours(bonds)
    r = np.asarray(structure.positions, np.float64)
    between = lambda a, b: nearest_images((r[b] - r[a])[None, None], structure.cell[0])[0, 0]
    found = []
    for j, k in sorted((min(b), max(b)) for b in bonds.tolist()):
        middle = between(j, k)
        single = np.linalg.norm(middle) >= DOUBLE * COVALENT_RADII[z[[j, k]]].sum()
        ends = [
            [n for n in _turning(around[a], b, z, hydrogens) if _sine2(between(a, n), middle) > STRAIGHT]
            for a, b in ((j, k), (k, j))
        ]
        if single and all(ends) and not _in_ring(j, k, around):
            i, l = (max(some, key=lambda n: (z[n], -n)) for some in ends)
            found.append((i, j, k, l))
    return np.array(found, np.int64).reshape(-1, 4)


def _turning(near: list[int], other: int, z: np.ndarray, hydrogens: int) -> list[int]:
    """Of the neighbours of one end those that are somewhere else when it turns."""
    rest = [n for n in near if n != other]
    heavy = [n for n in rest if z[n] > 1]
    return rest if not heavy and len(rest) <= hydrogens else heavy


def torsion_angles(
    structure: System,
    positions: Float[np.ndarray, "frames atoms 3"],
    torsions: Int[np.ndarray, "torsions 4"],
    cells: Float[np.ndarray, "frames 3 3"] | None = None,
) -> Float[np.ndarray, "frames torsions"]:
    """Angles in degrees, -180 < φ ≤ 180: 0 is cis, 180 trans, positive if the far bond is turned clockwise (IUPAC).

    φ = atan2( |b₂| b₁·(b₂ × b₃), (b₁ × b₂)·(b₂ × b₃) ),   bₙ the bonds from i to l                             (1)

    (IUPAC Gold Book, torsion angle, doi:10.1351/goldbook.T06406). Bonds are taken to their nearest images; `cells`: one
    per frame where the cell moves. NaN where three atoms in a row are collinear: the angle does not exist there.
    """
    r = np.asarray(positions, np.float64)
    cell = np.asarray(structure.cell[0]) if cells is None else cells
    b1, b2, b3 = (nearest_images(r[:, torsions[:, n + 1]] - r[:, torsions[:, n]], cell) for n in range(3))
    first, second = np.cross(b1, b2), np.cross(b2, b3)
    dot = lambda x, y: np.sum(x * y, axis=-1)
    angles = np.degrees(np.arctan2(np.sqrt(dot(b2, b2)) * dot(b1, second), dot(first, second)))  # (1)
    bent = np.minimum(_sine2(b1, b2), _sine2(b2, b3)) > LINEAR
    return np.where(bent, np.where(angles <= -180.0, angles + 360.0, angles), np.nan)


def turned_by(
    positions: Float[np.ndarray, "atoms 3"],
    bonds: Int[np.ndarray, "bonds 2"],
    torsions: Int[np.ndarray, "torsions 4"],
    degrees: Float[np.ndarray, " torsions"],
) -> Float[np.ndarray, "atoms 3"]:
    """Positions after each torsion i-j-k-l has grown by its angle: what hangs on k turns about the bond from j to k.

    Of an open molecule; lengths, bond angles and torsions about other bonds stay.

    Raises:
        ValueError: a torsion about a bond in a ring.
    """
    r, around = np.array(positions, np.float64), bonded_neighbours(bonds)
    for (_, j, k, _), angle in zip(torsions.tolist(), degrees, strict=True):
        if _in_ring(j, k, around):
            raise ValueError(f"Atoms {j} and {k} are in one ring: their bond cannot turn.")
        side = sorted(_reached(k, j, around))
        axis = (r[k] - r[j]) / np.linalg.norm(r[k] - r[j])
        r[side] = r[k] + Rotation.from_rotvec(np.radians(angle) * axis).apply(r[side] - r[k])
    return r


def torsion_distribution(
    angles: Float[np.ndarray, "frames torsions"], bins: int = 72
) -> tuple[Float[np.ndarray, " bins"], Float[np.ndarray, " bins"], Float[np.ndarray, " bins"]]:
    """Centres in degrees, probability density in 1/degree (its integral over the circle is 1) and its standard error.

    Pooled over torsions; give one column for one. The first bin is centred at -180° and reaches across ±180°, so that
    trans is one peak. Errors from block averages over frames: NaN if there was one frame.

    Raises:
        ValueError: an angle that is NaN (collinear atoms), or no angle.
    """
    values = np.asarray(angles, np.float64)
    if values.size == 0 or not np.all(np.isfinite(values)):
        bad = np.flatnonzero(~np.isfinite(values).all(axis=0)).tolist()
        raise ValueError(
            f"Expected angles, all finite, got shape {values.shape} with NaN in torsions {bad}: drop those."
        )
    width = 360.0 / bins
    which = np.floor((values + 180.0) / width + 0.5).astype(int) % bins
    counts = np.stack([np.bincount(row, minlength=bins) for row in which]) / (values.shape[1] * width)
    pairs = [mean_and_error(c) if len(c) > 1 else (float(c[0]), np.nan) for c in np.ascontiguousarray(counts.T)]
    density, error = np.array(pairs).T
    return width * np.arange(bins) - 180.0, density, error


def _sine2(a: np.ndarray, b: np.ndarray):
    """sin² of the angle between vectors, [...]."""
    return np.sum(np.cross(a, b) ** 2, axis=-1) / (np.sum(a**2, axis=-1) * np.sum(b**2, axis=-1))


def _in_ring(j: int, k: int, around: dict[int, list[int]]) -> bool:
    """True if k is reached from j without their bond."""
    return k in _reached(j, k, around)


def _reached(start: int, other: int, around: dict[int, list[int]]) -> set[int]:
    """All atoms on the side of `start` of its bond with `other`; all of the molecule where the bond is in a ring."""
    seen, front = {start}, [n for n in around[start] if n != other]
    while front:
        atom = front.pop()
        if atom not in seen:
            seen.add(atom)
            front.extend(around[atom])
    return seen
