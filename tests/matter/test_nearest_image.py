"""Nearest images against all images."""

import numpy as np
import pytest

from eukrates.matter.nearest_image import nearest_images

CUBE = 5 * np.eye(3)
SKEWED = np.array([[6.0, 0, 0], [2.9, 5.0, 0], [-2.8, 2.4, 5.0]])  # rounding alone misses some
SLAB = np.array([[6.0, 0, 0], [2.9, 4.0, 0], [0, 0, 0]])


def by_all_images(vectors, cell):
    shifts = np.stack(np.meshgrid(*3 * [np.arange(-6, 7)], indexing="ij"), -1).reshape(-1, 3)
    images = vectors[..., None, :] + shifts @ cell
    return np.linalg.norm(images, axis=-1).min(axis=-1)


@pytest.mark.parametrize("cell", [CUBE, SKEWED, SLAB])
def test_one_cell(cell):
    vectors = np.random.default_rng(0).uniform(-9, 9, (3, 200, 3))
    found = nearest_images(vectors, cell)
    np.testing.assert_allclose(np.linalg.norm(found, axis=-1), by_all_images(vectors, cell), atol=1e-9)
    whole = (found - vectors) @ np.linalg.pinv(cell)
    np.testing.assert_allclose(whole, np.round(whole), atol=1e-9)  # moved by lattice vectors only


def test_a_cell_for_each_frame_and_none():
    vectors = np.random.default_rng(1).uniform(-9, 9, (3, 100, 3))
    cells = np.array([1.0, 1.1, 0.9])[:, None, None] * SKEWED
    each = np.stack([nearest_images(v[None], cell)[0] for v, cell in zip(vectors, cells, strict=True)])
    np.testing.assert_allclose(nearest_images(vectors, cells), each)
    np.testing.assert_array_equal(nearest_images(vectors, np.zeros((3, 3))), vectors)
