"""Neighbour pairs by exhaustive search: slow, short, and independent of the package."""

import itertools

import numpy as np


def pairs(positions, cell, cutoff):
    """{(i, j, n1, n2, n3): distance} of all directed pairs with distance < cutoff, self-images included."""
    rows = np.flatnonzero(np.any(cell != 0, axis=1))
    lattice = cell[rows]
    dual = np.linalg.pinv(lattice) if rows.size else np.zeros((3, 0))  # r @ dual = multiples of the lattice vectors
    reach = cutoff * np.linalg.norm(dual, axis=0) + 1e-9
    found = {}
    for i, j in itertools.product(range(len(positions)), repeat=2):
        difference = positions[j] - positions[i]
        start = difference @ dual
        low, high = np.ceil(-start - reach).astype(int), np.floor(-start + reach).astype(int)
        for steps in itertools.product(*(range(a, b + 1) for a, b in zip(low, high, strict=True))):
            image = np.zeros(3, int)
            image[rows] = steps
            if i == j and not image.any():
                continue
            distance = np.linalg.norm(difference + image @ cell)
            if distance < cutoff:
                found[(i, j, *image.tolist())] = distance
    return found
