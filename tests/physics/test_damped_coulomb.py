"""Damped Coulomb's law: its limits, its smoothness, and numbers that stay finite."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import eukrates
from eukrates.physics.damped_coulomb import DampedCoulomb, damped, damped_coulomb

ON, OFF, CUTOFF = 1.3, 3.9, 8.0


@pytest.mark.parametrize("cutoff", [np.inf, CUTOFF])
def test_damped_within_coulomb_beyond(cutoff):
    end = (cutoff**2 + 1) ** -1.5
    tail = (lambda r: r / cutoff**2 - 2 / cutoff) if np.isfinite(cutoff) else (lambda r: 0 * r)
    soft = (lambda r: r * cutoff * end - (2 * cutoff**2 + 1) * end) if np.isfinite(cutoff) else (lambda r: 0 * r)
    with jax.enable_x64(True):
        r = np.array([0.0, 0.3, 1.2, 1.3])
        np.testing.assert_allclose(damped(jnp.asarray(r), ON, OFF, cutoff), 1 / np.sqrt(r**2 + 1) + soft(r), rtol=1e-14)
        r = np.array([3.9, 5.0, 7.99])
        np.testing.assert_allclose(damped(jnp.asarray(r), ON, OFF, cutoff), 1 / r + tail(r), atol=1e-15)
        between = damped(jnp.linspace(ON, OFF, 50), ON, OFF, cutoff)
    assert np.all(np.diff(between) < 0)


def test_value_and_slope_vanish_at_the_cutoff():
    with jax.enable_x64(True):
        one = lambda r: damped(r[None], ON, OFF, CUTOFF)[0]
        near = jnp.asarray(CUTOFF - 1e-6)
        assert abs(float(one(near))) < 1e-13
        assert abs(float(jax.grad(one)(near))) < 1e-7
        assert float(one(jnp.asarray(CUTOFF))) == float(one(jnp.asarray(1e3))) == 0.0


@pytest.mark.parametrize("cutoff", [np.inf, CUTOFF])
def test_single_precision_is_close_and_finite_everywhere(cutoff):
    r = np.concatenate([[0.0, 1e-30, 1e-6], np.geomspace(1e-3, 2e3, 300)])
    one = lambda r: damped(r[None], ON, OFF, cutoff)[0]
    narrow = jax.vmap(jax.value_and_grad(one))(jnp.asarray(r, jnp.float32))
    second = jax.vmap(jax.grad(jax.grad(one)))(jnp.asarray(r, jnp.float32))
    with jax.enable_x64(True):
        wide = jax.vmap(jax.value_and_grad(one))(jnp.asarray(np.float32(r), jnp.float64))
    assert narrow[0].dtype == np.float32
    np.testing.assert_allclose(narrow[0], wide[0], atol=2e-7)
    np.testing.assert_allclose(narrow[1], wide[1], atol=1e-6)
    assert np.all(np.isfinite(second))


def test_errors_teach():
    with pytest.raises(ValueError, match="0 < on < off ≤ far_cutoff"):
        DampedCoulomb({"H": 0.1}, on=2.0, off=1.0)
    structure = eukrates.system([1, 1], [[0, 0, 0], [0, 0, 1.0]])
    with pytest.raises(ValueError, match="give a far cutoff"):
        damped_coulomb(np.zeros(2, np.float32), eukrates.graph(structure, 4.0), ON, OFF)
