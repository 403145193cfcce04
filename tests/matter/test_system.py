"""Systems: what is refused, what is kept, what is dropped."""

import numpy as np
import pytest

from eukrates.matter import batch, graph, system

R = np.array([[0, 0, 0], [0, 0, 1.0]])
CUBE = 4.0 * np.eye(3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 1], R[:1]), r"numbers \[atoms\] and positions \[atoms, 3\]"),
        (([[1, 1]], R), r"numbers \[atoms\]"),
        (([1, 1], R[:, :2]), "positions"),
        (([], np.zeros((0, 3))), "at least one atom"),
        (([1, 0], R), "atomic numbers from 1 to 118"),
        (([1, 119], R), "atomic numbers"),
        (([1, -1], R), "atomic numbers"),
        (([1.0, 6.0], R), "atomic numbers"),
        (([1, 1], R * np.nan), r"atoms \[0, 1\] are not finite"),
        (([1, 1], [[0, 0, 0], [0, 0, np.inf]]), r"atoms \[1\] are not finite"),
        (([1, 1], R, np.eye(2)), r"finite cell \[3, 3\]"),
        (([1, 1], R, CUBE * np.nan), "finite cell"),
        (([1, 1], R, [[4, 0, 0], [8, 0, 0], [0, 0, 4]]), "linearly dependent"),
        (([1, 1], R, [[1, 2, 3], [4, 5, 6], [7, 8, 9]]), "linearly dependent"),
        (([1, 1], R, [[4, 0, 0], [0, 4, 0], [0, 0, 0]], True), "zero row"),
        (([1, 1], R, None, [True, False, False]), "zero row"),
        (([1, 1], R, None, None, np.nan), "charge"),
        (([1, 1], R, None, None, 0.0, -1), "spin"),
        (([1, 1], R, None, None, 0.0, np.inf), "spin"),
    ],
)
def test_what_cannot_be_right_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        system(*arguments)


def test_rows_along_open_axes_are_dropped():
    slab = system([1, 1], R, CUBE, periodic=[True, True, False])
    assert np.array_equal(slab.cell[0], np.diag([4.0, 4.0, 0.0]))
    assert np.array_equal(slab.periodic, [[True, True, False]])
    assert system([1, 1], R, CUBE, periodic=False).cell.any() == np.False_


def test_charge_and_spin_are_never_assumed():
    unknown = system([1, 1], R)
    assert unknown.charge is None
    assert unknown.spin is None
    stated = system([1, 1], R, charge=-1, spin=1)
    assert (stated.charge[0], stated.spin[0]) == (-1.0, 1.0)


def test_the_volume_knows_no_hand_and_slabs_have_none():
    left = CUBE * [[1], [1], [-1]]
    slab = [[4, 0, 0], [0, 4, 0], [0, 0, 0]]
    cells = (CUBE, left, slab, None, [[3, 0, 0], [1, 2, 0], [1, 1, 5]])
    systems = batch([graph(system([1, 1], R, c), 1.5) for c in cells]).system
    np.testing.assert_allclose(systems.volume, [64, 64, 0, 0, 30], rtol=1e-6)


def test_the_arguments_are_copied_not_kept():
    cell = CUBE.copy()
    structure = system([1, 1], R, cell)
    cell[0, 0] = 99
    assert structure.cell[0, 0, 0] == 4.0


def test_systems_are_float64_and_int32_on_the_host():
    structure = system(np.array([1, 8], np.int64), R.astype(np.float32), CUBE.astype(np.float32), charge=0, spin=0)
    assert {a.dtype for a in (structure.positions, structure.cell, structure.charge)} == {np.dtype(np.float64)}
    assert structure.numbers.dtype == np.int32
    assert all(isinstance(a, np.ndarray) for a in vars(structure).values())
