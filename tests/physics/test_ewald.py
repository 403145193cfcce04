"""The Ewald sum against crystals, the original program, the textbook's double sum, and the laws it must obey."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from lattices import MADELUNG, crystal, disordered, point_correction, repeated, wave_sum

from eukrates.physics.ewald import ewald_energies, ewald_energy, wave_cutoff, wave_grid
from eukrates.units import KE

WIDTH = 2.0
CUTOFF = wave_cutoff(WIDTH, 1e-15)


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


@partial(jax.jit, static_argnames=("grid", "width"))
def gradients(charges, positions, cell, owner, grid, width=WIDTH):
    def total(q, r, c):
        return jnp.sum(ewald_energy(q, r, c, owner, grid, width))

    return jax.value_and_grad(total, argnums=(0, 1, 2))(charges, positions, cell)


@partial(jax.jit, static_argnames=("grid", "width"))
def energies(charges, positions, cell, owner, grid, width=WIDTH):
    return ewald_energy(charges, positions, cell, owner, grid, width)


def energy(charges, positions, cell, width=WIDTH, grid=None):
    grid = grid or wave_grid(cell[None], wave_cutoff(width, 1e-15))
    return float(energies(charges, positions, cell[None], np.zeros(len(charges), np.int32), grid, width)[0])


@pytest.mark.parametrize("name", MADELUNG)
def test_madelung_constants(name):
    width = 1.5
    charges, positions, cell, nearest = crystal(name)
    gaussian = energy(charges, positions, cell, width)
    points = gaussian + point_correction(charges, positions, cell, width, reach=4)
    assert -points * nearest / KE / (len(charges) / 2) == pytest.approx(MADELUNG[name], abs=1e-11)


def test_equals_the_original_program(shared):
    ref = np.load(shared / "ref/so3lr/water64_ewald_s2.828_rc12.npz")
    # the original has Coulomb's constant of CODATA 2014, 8.8e-9 away from ours
    charges, positions, cell = ref["partial_charges"], ref["positions"], ref["cell"]
    default = energy(charges, positions, cell, 4.0, wave_grid(cell[None], wave_cutoff(4.0)))
    assert default == pytest.approx(float(ref["E_elec_exact_erf4_periodic"]), rel=1e-8)
    split = np.load(shared / "ref/so3lr/water64_ewald_s2.000_rc12.npz")
    waves = energy(charges, positions, cell, width=2.0 * 2**0.5)  # its kernel is erf(d/(√2 · 2 Å))/d
    assert waves == pytest.approx(float(split["E_elec_kspace"]), rel=1e-8)


@pytest.mark.parametrize("neutral", [True, False])
def test_equals_the_sum_wave_by_wave(neutral):
    charges, positions, cell = disordered(0, neutral=neutral)
    assert energy(charges, positions, cell) == pytest.approx(wave_sum(charges, positions, cell, WIDTH, 8), abs=1e-11)


def test_points_in_a_charged_cell_do_not_depend_on_the_width():
    """Waves + images = points in a uniform background, whatever the width: only the right background term does that."""
    charges, positions, cell = disordered(1, neutral=False)
    volume = abs(np.linalg.det(cell))

    def points(width):
        return energy(charges, positions, cell, width) + point_correction(charges, positions, cell, width, 4)

    assert points(1.5) == pytest.approx(points(WIDTH), abs=1e-9)
    assert KE / 2 * np.pi * (WIDTH**2 - 1.5**2) / volume * charges.sum() ** 2 > 0.01  # which is no small term


def test_translation_wrapping_choice_of_cell_and_supercell():
    charges, positions, cell = disordered(2)
    sheared = np.array([[1, 0, 0], [1, 1, 0], [-1, 2, 1]]) @ cell
    turned = -cell[[1, 0, 2]]
    grid = wave_grid(np.stack([cell, sheared, turned]), CUTOFF)
    found = partial(energy, charges, grid=grid)
    expected = found(positions, cell)
    images = positions + np.random.default_rng(0).integers(-2, 3, positions.shape) @ cell
    assert found(images, cell) == pytest.approx(expected, abs=1e-11)
    assert found(positions + np.array([0.3, -11.0, 4.0]), cell) == pytest.approx(expected, abs=1e-11)
    assert found(positions, sheared) == pytest.approx(expected, abs=1e-10)
    assert found(positions, turned) == pytest.approx(expected, abs=1e-11)
    large = repeated(charges, positions, cell, (2, 1, 3))
    assert energy(*large) == pytest.approx(6 * expected, abs=1e-9)


def test_a_batch_equals_its_structures_and_padding_is_nothing():
    one, two = disordered(3, atoms=5), disordered(4, atoms=21)
    two = (two[0], two[1], two[2] * 1.1)
    molecule = (np.array([0.4, -0.4]), np.array([[0.0, 0, 0], [1.0, 0, 0]]), np.zeros((3, 3)))
    slab = (one[0], one[1], one[2] * np.array([[1], [1], [0]]))
    parts, padding = (one, molecule, two, slab), 6
    owner = np.concatenate([np.full(len(p[0]), n) for n, p in enumerate(parts)] + [np.full(padding, 4)])
    charges = np.concatenate([p[0] for p in parts] + [np.zeros(padding)])
    positions = np.concatenate([p[1] for p in parts] + [np.zeros((padding, 3))])
    cells = np.stack([p[2] for p in parts] + [np.zeros((3, 3))])
    grid = wave_grid(cells, CUTOFF)
    found = np.asarray(energies(charges, positions, cells, owner, grid))
    expected = [wave_sum(*one, WIDTH, 8), 0.0, wave_sum(*two, WIDTH, 8), 0.0, 0.0]
    np.testing.assert_allclose(found, expected, atol=1e-11)
    atoms = jax.jit(lambda *given: ewald_energies(*given, grid, WIDTH))(charges, positions, cells, owner)
    np.testing.assert_allclose(np.bincount(owner, np.asarray(atoms)), expected, atol=1e-11)
    _, parts_of_gradient = gradients(charges, positions, cells, owner, grid)
    assert all(np.all(np.isfinite(g)) for g in parts_of_gradient)
    assert not np.any(parts_of_gradient[1][(owner != 0) & (owner != 2)])


def test_many_blocks_per_structure():
    charges, positions, cell = disordered(5, atoms=300)
    sparse = (np.array([0.5, -0.5]), np.array([[0.0, 0, 0], [0.0, 1, 3]]), cell)
    owner = np.repeat([0, 1, 2], [2, 300, 2])
    all_charges = np.concatenate([sparse[0], charges, sparse[0]])
    all_positions = np.concatenate([sparse[1], positions, sparse[1]])
    grid = wave_grid(cell[None], CUTOFF)
    found = energies(all_charges, all_positions, np.stack([cell] * 3), owner, grid)
    alone = wave_sum(*sparse, WIDTH, 7)
    np.testing.assert_allclose(found, [alone, wave_sum(charges, positions, cell, WIDTH, 7), alone], rtol=1e-11)


@pytest.mark.parametrize("most", [16, 20])
def test_tens_of_thousands_of_waves(most):
    """jaxlib 0.10.2 gets sums of squares after products of large matrices wrong (jax-ml/jax issue 39103)."""
    charges, positions, _ = disordered(9)
    cell = np.array([[22.0, 0.3, -0.2], [2.5, 21.0, 0.4], [-1.8, 1.1, 20.0]])
    found = energy(charges, positions, cell, grid=(most, most, most))
    assert found == pytest.approx(wave_sum(charges, positions, cell, WIDTH, most), abs=1e-10)


def test_gradients_are_derivatives():
    charges, positions, cell = disordered(6, neutral=False)
    owner, grid, h = np.zeros(len(charges), np.int32), wave_grid(cell[None], CUTOFF, margin=0.01), 1e-4
    _, (dq, dr, dcell) = gradients(charges, positions, cell[None], owner, grid)
    rng = np.random.default_rng(1)
    direction, charge, strain = (
        rng.normal(size=positions.shape),
        rng.normal(size=charges.shape),
        rng.normal(size=(3, 3)),
    )

    def moved(x):
        grown = np.eye(3) + x * strain
        at = (positions + x * direction) @ grown
        return float(gradients(charges + x * charge, at, (cell @ grown)[None], owner, grid)[0])

    exact = np.sum(dq * charge) + np.sum(dr * (direction + positions @ strain)) + np.sum(dcell[0] * (cell @ strain))
    slope = (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h)
    assert exact == pytest.approx(slope, rel=1e-8)
    assert np.abs(np.sum(dr, axis=0)).max() < 1e-11 * np.abs(dr).max() * len(charges)


def test_single_precision_is_close():
    charges, positions, cell = disordered(7)
    grid, owner = wave_grid(cell[None], CUTOFF, margin=0.01), np.zeros(7, np.int32)
    wide = gradients(charges, positions, cell[None], owner, grid)
    narrow = gradients(*(np.asarray(x, np.float32) for x in (charges, positions, cell[None])), owner, grid)
    assert narrow[0].dtype == np.float32
    assert float(narrow[0]) == pytest.approx(float(wide[0]), rel=3e-6)
    np.testing.assert_allclose(narrow[1][1], wide[1][1], atol=1e-5 * np.abs(wide[1][1]).max())


def test_what_the_cutoff_leaves_out_is_what_it_says():
    charges, positions, cell = disordered(8, atoms=40)
    exact = wave_sum(charges, positions, cell, WIDTH, 8)
    own = KE * np.sum(charges**2) / (np.sqrt(np.pi) * WIDTH)
    for accuracy in (1e-3, 1e-6):
        found = energy(charges, positions, cell, grid=wave_grid(cell[None], wave_cutoff(WIDTH, accuracy)))
        assert 1e-6 * accuracy * own < abs(found - exact) < accuracy * own
    n = wave_grid(cell[None], CUTOFF)
    assert all(m * 2 * np.pi / np.linalg.norm(a) <= CUTOFF for m, a in zip(n, cell, strict=True))
    assert wave_grid(np.zeros((2, 3, 3)), CUTOFF) == (0, 0, 0)


def test_errors_teach():
    with pytest.raises(ValueError, match="accuracy between 0 and 1"):
        wave_cutoff(4.0, 1.5)
    with pytest.raises(ValueError, match="cutoff > 0"):
        wave_grid(np.eye(3)[None], -1.0)
