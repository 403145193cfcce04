"""Differences of positions by the nearest periodic image."""

import numpy as np
from jaxtyping import Float


def nearest_images(vectors: Float[np.ndarray, "frames n 3"], cell: Float[np.ndarray, "..."]) -> np.ndarray:
    """The shortest image of every vector (Å), one `cell` for all frames, [3, 3], or one per frame, [frames, 3, 3].

    Rounding fractional coordinates alone can miss the nearest image of a skewed cell, so its neighbours are tried too.
    Rows of the cell that are zero are open axes. Exact for reduced cells; a cell so skewed that its nearest image is
    two cells away should be reduced first.
    """
    cell = np.asarray(cell, np.float64)
    periodic = np.any(cell.reshape(-1, 3, 3)[0] != 0, axis=1)
    if not periodic.any():
        return vectors
    vectors = vectors - np.round(vectors @ np.linalg.pinv(cell)) @ cell
    steps = [(-1, 0, 1) if p else (0,) for p in periodic]
    best = vectors
    for shift in np.stack(np.meshgrid(*steps, indexing="ij"), -1).reshape(-1, 3):
        other = vectors + (shift @ cell)[..., None, :]
        closer = np.sum(other**2, axis=-1, keepdims=True) < np.sum(best**2, axis=-1, keepdims=True)
        best = np.where(closer, other, best)
    return best


def nearest_shifts(vectors: Float[np.ndarray, "n 3"], cell: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "n 3"]:
    """The lattice vectors (Å) that take vectors to their shortest images; equal, bit for bit, for nearby vectors."""
    moved = nearest_images(vectors[None], cell)[0] - vectors
    return np.round(moved @ np.linalg.pinv(cell)) @ cell
