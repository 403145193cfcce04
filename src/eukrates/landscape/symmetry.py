"""The symmetry number of a molecule: in how many ways it can be turned onto itself."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Shaped

TOLERANCE = 0.05  # Å


def symmetry_number(
    positions: Float[np.ndarray, "atoms 3"], kinds: Shaped[np.ndarray, " atoms"], tolerance: float = TOLERANCE
) -> int:
    """The order of the group of proper rotations: 1 of an atom, 2 of water, 12 of benzene and methane, 2 of CO2.

    A rotation about the centre is known by where it takes two atoms that are not on a line with it. Every such image of
    two atoms is tried; it counts if all atoms then lie on atoms of their kind, after the best fit within the tolerance.
    Internal rotations, such as those of a methyl group, are not counted.

    Args:
        positions: Å.
        kinds: what atoms must share to be taken for each other: atomic numbers, or masses where isotopes differ.
        tolerance: Å, by how far the structure may miss its symmetry.
    """
    r = positions - positions.mean(axis=0)
    kinds = np.unique(kinds, return_inverse=True)[1].reshape(-1)
    size = np.linalg.svd(r, compute_uv=False)
    across = size[1] if len(size) > 1 else 0.0
    if size[0] <= tolerance:
        return 1
    if across <= tolerance:
        turned = _images(-r, r, kinds, tolerance)
        return 1 if turned is None else 2
    found = set()
    for rotation in _candidates(r, kinds, tolerance):
        images = _images(r @ rotation.T, r, kinds, np.inf)
        if images is not None and tuple(images) not in found and _misses(r, r[images]) <= tolerance:
            found.add(tuple(images))
    return max(1, len(found))


def _candidates(r: np.ndarray, kinds: np.ndarray, tolerance: float) -> Iterator[np.ndarray]:
    """Rotations that take two atoms of the rarest sorts onto two of the same sorts."""
    far = np.linalg.norm(r, axis=1)
    alike = lambda n: np.flatnonzero((kinds == kinds[n]) & (np.abs(far - far[n]) <= 2 * tolerance))
    sorts = {n: alike(n) for n in range(len(r)) if far[n] > 4 * tolerance}
    rarest = sorted(sorts, key=lambda n: (len(sorts[n]), -far[n]))
    first = rarest[0]
    off = {n: np.linalg.norm(np.cross(r[first], r[n])) / far[first] for n in rarest}
    second = min((n for n in rarest if off[n] > 0.5 * max(off.values())), key=lambda n: (len(sorts[n]), -off[n]))
    base, between = _frame(r[first], r[second]), np.linalg.norm(r[first] - r[second])
    for a in sorts[first]:
        for b in sorts[second]:
            if a != b and abs(np.linalg.norm(r[a] - r[b]) - between) <= 4 * tolerance:
                yield _frame(r[a], r[b]) @ base.T


def _frame(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Right-handed axes in columns: along a, in the plane of a and b, across it."""
    x = a / np.linalg.norm(a)
    y = b - (b @ x) * x
    y = y / np.linalg.norm(y)
    return np.stack([x, y, np.cross(x, y)], axis=1)


def _images(turned: np.ndarray, r: np.ndarray, kinds: np.ndarray, tolerance: float) -> np.ndarray | None:
    """The atom of its kind on which each atom comes to lie; None if two share one or one is beyond the tolerance."""
    apart = np.linalg.norm(turned[:, None] - r, axis=-1)
    apart[kinds[:, None] != kinds] = np.inf
    nearest = apart.argmin(axis=1)
    whole = len(np.unique(nearest)) == len(r)
    return nearest if whole and apart[np.arange(len(r)), nearest].max() <= tolerance else None


def _misses(r: np.ndarray, images: np.ndarray) -> float:
    """The largest distance, Å, that is left after the best rotation of atoms onto their images (Kabsch 1976)."""
    left, _, right = np.linalg.svd(r.T @ images)
    proper = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    return float(np.linalg.norm(r @ (left @ proper @ right) - images, axis=1).max())
