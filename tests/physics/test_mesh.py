"""The particle mesh against the Ewald sum, and the laws it must obey."""

from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from lattices import MADELUNG, crystal, disordered, point_correction

from eukrates.physics.ewald import ewald_energies, ewald_energy, wave_cutoff, wave_grid
from eukrates.physics.mesh import mesh_energies, mesh_energy, mesh_error, mesh_shape
from eukrates.units import KE

WIDTH = 4.0


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


@partial(jax.jit, static_argnames=("shape", "width", "order"))
def mesh(charges, positions, cell, shape, width=WIDTH, order=6):
    owner = jnp.zeros(charges.shape[0], jnp.int32)
    call = lambda q, r, c: mesh_energy(q, r, c[None], owner, shape, width, order)[0]
    return jax.value_and_grad(call, argnums=(0, 1, 2))(charges, positions, cell)


@partial(jax.jit, static_argnames=("grid", "width"))
def waves(charges, positions, cell, grid, width):
    owner = jnp.zeros(charges.shape[0], jnp.int32)
    call = lambda q, r, c: ewald_energy(q, r, c[None], owner, grid, width)[0]
    return jax.value_and_grad(call, argnums=(0, 1, 2))(charges, positions, cell)


def ewald(charges, positions, cell):
    return waves(charges, positions, cell, (12, 12, 13), WIDTH)


def large(seed, cubic=False):
    """200 random charges in a cell of 25 Å, triclinic or cubic."""
    charges, positions, cell = disordered(seed, atoms=200)
    grown = 25.0 * np.eye(3) if cubic else cell * 3.5
    return charges, positions @ np.linalg.inv(cell) @ grown, grown


def rms(x):
    return float(np.sqrt(np.mean(np.square(x))))


@pytest.mark.parametrize(("cubic", "order", "accuracy"), [(False, 5, 1e-3), (True, 6, 1e-5), (False, 8, 1e-7)])
def test_forces_reach_the_accuracy_that_was_asked_for(cubic, order, accuracy):
    charges, positions, cell = large(0, cubic)
    shape = mesh_shape(cell, WIDTH, accuracy, order)
    energy, (dq, dr, dcell) = mesh(charges, positions, cell, shape, order=order)
    exact, (exact_dq, exact_dr, exact_dcell) = ewald(charges, positions, cell)
    spacing = max(np.linalg.norm(cell, axis=1) / shape)
    estimate = mesh_error(spacing, WIDTH, order)
    assert estimate <= accuracy
    assert 0.3 * estimate < rms(dr - exact_dr) / rms(exact_dr) < 3 * estimate
    assert rms(dq - exact_dq) < 3 * estimate * rms(exact_dq)
    assert rms(dcell - exact_dcell) < 10 * estimate * rms(exact_dcell)
    assert float(energy) == pytest.approx(float(exact), rel=estimate)


@pytest.mark.parametrize("name", MADELUNG)
def test_madelung_constants(name):
    charges, positions, cell, nearest = crystal(name)
    width = 2.0
    gaussian = float(mesh(charges, positions + 0.123, cell, (16, 16, 16), width=width, order=8)[0])
    points = gaussian + point_correction(charges, positions, cell, width, reach=4)
    assert -points * nearest / KE / (len(charges) / 2) == pytest.approx(MADELUNG[name], abs=2e-8)


def test_equals_the_original_program(shared):
    ref = np.load(shared / "ref/so3lr/water64_ewald_s2.828_rc12.npz")
    water = ref["partial_charges"], ref["positions"], ref["cell"]
    energy, (_, forces, _) = mesh(*water, mesh_shape(water[2], WIDTH))
    assert float(energy) == pytest.approx(float(ref["E_elec_exact_erf4_periodic"]), abs=5e-6)
    _, (_, exact, _) = waves(*water, wave_grid(water[2][None], wave_cutoff(WIDTH, 1e-12)), WIDTH)
    assert rms(forces - exact) < 2e-6  # eV/Å
    assert np.abs(np.sum(forces, axis=0)).max() < 1e-4


def test_gradients_are_derivatives_also_across_mesh_points():
    charges, positions, cell = large(1)
    shape, h = mesh_shape(cell, WIDTH, 1e-6), 1e-3
    positions[0] = np.array([3, 7, 0]) / np.array(shape) @ cell  # exactly on a point
    rng = np.random.default_rng(2)
    direction, charge, strain = (
        rng.normal(size=positions.shape),
        rng.normal(size=charges.shape),
        rng.normal(size=(3, 3)),
    )
    _, (dq, dr, dcell) = mesh(charges, positions, cell, shape)

    def moved(x):
        grown = np.eye(3) + 0.1 * x * strain
        return float(mesh(charges + x * charge, (positions + x * direction) @ grown, cell @ grown, shape)[0])

    stretched = np.sum(dr * (positions @ strain)) + np.sum(dcell * (cell @ strain))
    exact = np.sum(dq * charge) + np.sum(dr * direction) + 0.1 * stretched
    slope = (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h)
    assert exact == pytest.approx(slope, rel=1e-8)


def test_atoms_share_the_energy_and_padding_is_nothing():
    charges, positions, cell = large(2)
    shape = mesh_shape(cell, WIDTH, 1e-6)
    owner = np.zeros(200, np.int32)
    atoms = jax.jit(lambda *given: mesh_energies(*given, owner, shape, WIDTH))(charges, positions, cell[None])
    energy = float(mesh(charges, positions, cell, shape)[0])
    assert float(np.sum(atoms)) == pytest.approx(energy, abs=1e-10)
    exact = jax.jit(lambda *given: ewald_energies(*given, owner, (12, 12, 13), WIDTH))(charges, positions, cell[None])
    assert rms(atoms - exact) < 1e-5 * rms(exact)
    padding = np.arange(200) >= 190
    charges, elsewhere = np.where(padding, 0.0, charges), np.where(padding[:, None], 0.0, positions)
    expected = float(mesh(charges, positions, cell, shape)[0])
    assert float(mesh(charges, elsewhere, cell, shape)[0]) == pytest.approx(expected, abs=1e-10)
    value, parts = mesh(charges, positions, np.zeros((3, 3)), shape)
    assert float(value) == 0
    assert all(not np.any(p) for p in parts)


def test_structures_of_a_batch_do_not_see_each_other():
    (q1, r1, cell1), (q2, r2, cell2) = large(2), large(3, cubic=True)
    shape = mesh_shape(30 * np.eye(3), WIDTH, 1e-6)
    cells = np.stack([cell1, np.zeros((3, 3)), cell2])
    owner = np.repeat(np.array([0, 1, 2], np.int32), [200, 200, 200])
    given = np.concatenate([q1, q1, q2]), np.concatenate([r1, r1, r2])
    call = lambda q, r: mesh_energy(q, r, cells, owner, shape, WIDTH)
    energies, forces = jax.jit(lambda q, r: (call(q, r), jax.grad(lambda r: call(q, r).sum())(r)))(*given)
    for n, one in ((0, (q1, r1, cell1)), (2, (q2, r2, cell2))):
        energy, (_, alone, _) = mesh(*one, shape)
        assert float(energies[n]) == pytest.approx(float(energy), abs=1e-12)
        np.testing.assert_allclose(forces[200 * n : 200 * (n + 1)], alone, atol=1e-12)
    assert float(energies[1]) == 0


def test_images_and_the_choice_of_cell():
    charges, positions, cell = large(3)
    shape = mesh_shape(cell, WIDTH, 1e-6)
    expected = float(mesh(charges, positions, cell, shape)[0])
    images = positions + np.random.default_rng(0).integers(-2, 3, positions.shape) @ cell
    assert float(mesh(charges, images, cell, shape)[0]) == pytest.approx(expected, abs=1e-10)
    sheared = np.array([[1, 0, 0], [0, 1, 0], [1, 0, 1]]) @ cell
    other = mesh(charges, positions, sheared, mesh_shape(sheared, WIDTH, 1e-6))[0]
    assert float(other) == pytest.approx(expected, rel=1e-5)


def test_charged_cells_have_a_background():
    charges, positions, cell = large(4)
    charges = charges + 0.05
    shape = mesh_shape(cell, WIDTH, 1e-6)
    assert float(mesh(charges, positions, cell, shape)[0]) == pytest.approx(
        float(ewald(charges, positions, cell)[0]), rel=1e-6
    )


def test_single_precision_is_close():
    charges, positions, cell = large(5)
    shape = mesh_shape(cell, WIDTH, 1e-6)
    wide = mesh(charges, positions, cell, shape)
    narrow = mesh(*(np.asarray(x, np.float32) for x in (charges, positions, cell)), shape)
    assert narrow[0].dtype == jnp.float32
    assert float(narrow[0]) == pytest.approx(float(wide[0]), rel=1e-5)
    assert rms(narrow[1][1] - wide[1][1]) < 1e-5 * rms(wide[1][1])


def test_shapes_suit_the_transform_and_grow_with_the_accuracy():
    cell = np.diag([20.0, 31.0, 47.0])
    shapes = [mesh_shape(cell, WIDTH, accuracy) for accuracy in (1e-3, 1e-4, 1e-5)]
    assert all(s < t for coarse, fine in pairwise(shapes) for s, t in zip(coarse, fine, strict=True))
    for points in np.ravel(shapes):
        assert all(points % prime for prime in range(7, 48) if all(prime % p for p in (2, 3, 5)))
    errors = [mesh_error(h, WIDTH) for h in (0.1, 0.5, 1.0, 2.0, 4.0, 8.0, 40.0)]
    assert errors == sorted(errors)
    assert 0.5 < errors[-1] <= 1


def test_errors_teach():
    with pytest.raises(ValueError, match="cell with a volume"):
        mesh_shape(np.diag([1.0, 1.0, 0.0]), WIDTH)
    with pytest.raises(ValueError, match="order 4 to 8"):
        mesh_shape(np.eye(3), WIDTH, order=3)
    with pytest.raises(ValueError, match="at least 6 mesh points"):
        mesh_energy(np.ones(1), np.zeros((1, 3)), np.eye(3)[None], np.zeros(1, int), (8, 8, 5), WIDTH)
