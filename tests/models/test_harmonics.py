"""Spherical harmonics: closed forms, normalisation, parity, rotation of whole degrees, finite derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from eukrates.equivariant import expand, invariants, orders, parity, spherical_harmonics

DEGREES = (1, 2, 3, 4, 5)


@pytest.fixture(scope="module")
def unit():
    r = np.random.default_rng(0).normal(size=(50, 3))
    return r / np.linalg.norm(r, axis=1, keepdims=True)


def test_low_degrees_have_their_closed_forms(unit):
    x, y, z = unit.T
    expected = [
        np.sqrt(3 / (4 * np.pi)) * y,
        np.sqrt(3 / (4 * np.pi)) * z,
        np.sqrt(3 / (4 * np.pi)) * x,
        np.sqrt(15 / np.pi) / 2 * x * y,
        np.sqrt(15 / np.pi) / 2 * y * z,
        np.sqrt(5 / np.pi) / 4 * (3 * z**2 - 1),
        np.sqrt(15 / np.pi) / 2 * x * z,
        np.sqrt(15 / np.pi) / 4 * (x**2 - y**2),
        np.sqrt(35 / (2 * np.pi)) / 4 * y * (3 * x**2 - y**2),
    ]
    with jax.enable_x64(True):
        found = np.asarray(spherical_harmonics(jnp.asarray(unit), (1, 2, 3)))
    np.testing.assert_allclose(found[:, :9], np.stack(expected, axis=1), atol=1e-14)


def test_squares_add_up_to_2l_plus_1_over_4_pi(unit):
    with jax.enable_x64(True):
        found = invariants(spherical_harmonics(jnp.asarray(unit), DEGREES), DEGREES)
    l = np.array(DEGREES)
    np.testing.assert_allclose(found, np.broadcast_to(np.sqrt(2 * l + 1) / (4 * np.pi), found.shape), rtol=1e-12)


def test_they_are_orthonormal_on_the_sphere():
    nodes, weights = np.polynomial.legendre.leggauss(16)
    phi = np.arange(32) * 2 * np.pi / 32
    z, p = (a.ravel() for a in np.meshgrid(nodes, phi, indexing="ij"))
    w = np.repeat(weights, 32) * 2 * np.pi / 32
    s = np.sqrt(1 - z**2)
    with jax.enable_x64(True):
        y = np.asarray(spherical_harmonics(jnp.asarray(np.stack([s * np.cos(p), s * np.sin(p), z], 1)), DEGREES))
    np.testing.assert_allclose(y.T @ (w[:, None] * y), np.eye(orders(DEGREES)), atol=1e-12)


def test_inversion_multiplies_by_the_parity(unit):
    with jax.enable_x64(True):
        plus, minus = (spherical_harmonics(jnp.asarray(s * unit), DEGREES) for s in (1, -1))
        np.testing.assert_allclose(minus, plus * parity(DEGREES, np.float64), atol=1e-14)


def test_a_rotation_mixes_orders_within_a_degree_only(unit):
    turn = Rotation.random(random_state=1).as_matrix()
    with jax.enable_x64(True):
        for l in DEGREES:
            a = np.asarray(spherical_harmonics(jnp.asarray(unit), (l,)))
            b = np.asarray(spherical_harmonics(jnp.asarray(unit @ turn.T), (l,)))
            wigner, *_ = np.linalg.lstsq(a, b, rcond=None)
            np.testing.assert_allclose(a @ wigner, b, atol=1e-12)
            np.testing.assert_allclose(wigner @ wigner.T, np.eye(2 * l + 1), atol=1e-12)


def test_derivatives_are_finite_on_the_axes():
    axes = jnp.concatenate([jnp.eye(3), -jnp.eye(3), jnp.zeros((1, 3))])
    second = jax.jacfwd(jax.jacrev(lambda u: spherical_harmonics(u, DEGREES).sum()))(axes)
    assert np.all(np.isfinite(second))


def test_expand_repeats_each_degree_for_its_orders():
    values = jnp.asarray([[1.0, 2.0]])
    np.testing.assert_array_equal(expand(values, (1, 3)), [[1.0] * 3 + [2.0] * 7])


def test_no_degrees_no_columns(unit):
    assert spherical_harmonics(jnp.asarray(unit, jnp.float32), ()).shape == (50, 0)
