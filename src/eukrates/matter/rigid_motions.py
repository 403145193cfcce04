"""Motions of the whole that cost no energy, and what is left without them: the coordinates of vibrations.

In mass-weighted coordinates √mᵢ rᵢ (Wilson, Decius & Cross, *Molecular Vibrations*, 1955, ch. 2) a translation along
e and a rotation about e through the centre of mass R are

    √mᵢ e   and   √mᵢ e × (rᵢ - R)                                              (1)

A lattice does not turn: of rotations only those stay that map its vectors on themselves, e × a = 0. Nor do atoms
move that are fixed: of the motions (1) those combinations stay in which every fixed atom is at rest.
"""

import numpy as np
from jaxtyping import Bool, Float

LINEAR = 1e-3  # smallest over largest singular value of (1) below which a motion moves nothing: of linear molecules


def rigid_and_internal(
    positions: Float[np.ndarray, "atoms 3"],
    masses: Float[np.ndarray, " atoms"],
    cell: Float[np.ndarray, "3 3"] | None = None,
    fixed: Bool[np.ndarray, " atoms"] | None = None,
) -> tuple[Float[np.ndarray, "coordinates rigid"], Float[np.ndarray, "coordinates internal"]]:
    """Orthonormal bases, in the 3 × atoms mass-weighted coordinates, of rigid motions and of all that is left.

    Of an open molecule 6 and 3N - 6, of a linear one 5 and 3N - 5, of an atom 3 and none, of a crystal 3 and 3N - 3.
    Fixed atoms appear in neither.

    Args:
        positions: Å.
        masses: u.
        cell: Å, rows are lattice vectors, zero if open; None: open everywhere.
        fixed: atoms that never move; None: there are none.
    """
    atoms, weights = len(positions), np.repeat(np.sqrt(masses), 3)
    centred = positions - np.average(positions, axis=0, weights=masses)
    rigid = [np.tile(axis, atoms) for axis in np.eye(3)]
    rigid += [np.cross(axis, centred).ravel() for axis in _axes(cell)]
    motions = np.array(rigid)
    free = np.repeat(np.ones(atoms, bool) if fixed is None else ~np.asarray(fixed), 3)
    if not free.all():
        motions = _combined(motions[:, ~free]) @ motions
    left, size = np.eye(int(free.sum())), np.zeros(0)
    if len(motions) and free.any():
        left, size, _ = np.linalg.svd((motions * weights)[:, free].T, full_matrices=True)  # (1)
    basis, count = np.zeros((3 * atoms, left.shape[1])), np.count_nonzero(size > LINEAR * np.max(size, initial=0.0))
    basis[free] = left
    return basis[:, :count], basis[:, count:]


def moments_of_inertia(
    positions: Float[np.ndarray, "atoms 3"], masses: Float[np.ndarray, " atoms"]
) -> Float[np.ndarray, " 3"]:
    """Principal moments in u Å² about the centre of mass, ascending; positions in Å, masses in u."""
    centred = positions - np.average(positions, axis=0, weights=masses)
    spread = np.einsum("a,ax,ay->xy", masses, centred, centred)
    return np.maximum(np.linalg.eigvalsh(np.trace(spread) * np.eye(3) - spread), 0.0)


def _axes(cell: np.ndarray | None) -> np.ndarray:
    """Axes of rotations that leave a lattice as it is, in rows: three without one, one along a single vector."""
    if cell is None or not np.any(cell):
        return np.eye(3)
    turned = np.concatenate([np.cross(np.eye(3), row / max(np.linalg.norm(row), 1e-300)) for row in cell], axis=1)
    return _combined(turned)


def _combined(moved: np.ndarray) -> np.ndarray:
    """Orthonormal combinations of the rows, as rows of coefficients, that are zero."""
    left, size, _ = np.linalg.svd(moved, full_matrices=True)
    return left[:, np.count_nonzero(size > LINEAR * np.max(size, initial=0.0)) :].T
