"""Hypothesis strategies for structures of every kind of cell, some of them nasty."""

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from eukrates.matter import system

lengths = st.integers(900, 9000).map(lambda n: n / 1000)  # Å
shears = st.integers(-900, 900).map(lambda n: n / 1000)
coordinates = st.integers(-2500, 2500).map(lambda n: n / 1000)  # in lattice vectors or 3 Å: outside the cell as well


@st.composite
def cells(draw):
    """A triclinic cell of either hand, any of its axes open."""
    a, b, c = (draw(lengths) for _ in range(3))
    cell = np.diag([a, b, c])
    cell[1, 0], cell[2, 0], cell[2, 1] = draw(shears) * a, draw(shears) * a, draw(shears) * b
    turn = np.linalg.qr(np.random.default_rng(draw(st.integers(0, 99))).normal(size=(3, 3)))[0]
    cell = cell @ turn  # rotated, of either hand
    open_axes = draw(st.lists(st.booleans(), min_size=3, max_size=3))
    return np.where(np.array(open_axes)[:, None], 0.0, cell)


@st.composite
def structures(draw, most=4):
    """Up to `most` atoms anywhere: inside the cell, outside, along open axes."""
    cell, count = draw(cells()), draw(st.integers(1, most))
    places = np.array(draw(st.lists(coordinates, min_size=3 * count, max_size=3 * count))).reshape(count, 3)
    frame = np.where(np.any(cell != 0, axis=1)[:, None], cell, 3 * np.eye(3))
    numbers = draw(st.lists(st.sampled_from([1, 6, 8, 79]), min_size=count, max_size=count))
    return system(numbers, places @ frame, cell)


@st.composite
def reaches(draw, structure):
    """A cutoff that may be longer than the cell, with a bounded number of pairs."""
    cutoff = draw(st.integers(500, 8000)) / 1000
    volume = abs(np.linalg.det(np.where(structure.cell[0].any(axis=1)[:, None], structure.cell[0], 3 * np.eye(3))))
    assume(structure.atoms**2 * cutoff**3 / max(volume, 1e-3) < 3000)
    return cutoff
