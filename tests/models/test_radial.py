"""Radial bases and cutoffs: values, smoothness, finite derivatives where they might break."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import comb

from eukrates.radial.bases import BASES, GAMMA, bernstein
from eukrates.radial.cutoffs import CUTOFFS, switch


def test_bernstein_polynomials_are_the_binomial_ones_and_sum_to_one():
    with jax.enable_x64(True):
        r = jnp.linspace(0.05, 8.0, 40)
        found = np.asarray(bernstein(r, 5.0, 12))
    s = np.exp(-GAMMA * np.asarray(r))[:, None]
    k = np.arange(12)
    np.testing.assert_allclose(found, comb(11, k) * s**k * (1 - s) ** (11 - k), rtol=1e-10)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-12)


@pytest.mark.parametrize("name", BASES)
def test_bases_have_finite_derivatives_everywhere(name):
    r = jnp.asarray([0.0, 1e-6, 1.0, 4.999, 5.0, 100.0, 1700.0])
    for order in (lambda f: f, jax.grad, lambda f: jax.grad(lambda x: jax.grad(f)(x))):
        values = jax.vmap(order(lambda x: BASES[name](x[None], 5.0, 8).sum()))(r)
        assert np.all(np.isfinite(values)), name


@pytest.mark.parametrize("name", BASES)
def test_bases_keep_single_precision_where_double_is_allowed(name):
    with jax.enable_x64(True):
        assert BASES[name](jnp.ones(3, jnp.float32), 5.0, 8).dtype == jnp.float32


@pytest.mark.parametrize("name", CUTOFFS)
def test_cutoffs_fall_from_one_to_zero_smoothly(name):
    f = lambda x: CUTOFFS[name](x[None], 5.0)[0]
    with jax.enable_x64(True):
        assert f(jnp.asarray(0.0)) == pytest.approx(1.0)
        for r in (5.0, 5.5, 1e3):
            assert abs(float(f(jnp.asarray(r)))) < 1e-15
        assert abs(float(jax.grad(f)(jnp.asarray(4.9999)))) < 1e-3
        values = jax.vmap(f)(jnp.linspace(0.0, 5.0, 200))
    assert np.all(np.diff(values) <= 1e-15)


def test_the_switch_is_one_then_zero_and_halves_in_the_middle():
    with jax.enable_x64(True):
        np.testing.assert_allclose(switch(jnp.asarray([0.5, 1.0, 1.5, 2.0, 3.0]), 1.0, 2.0), [1, 1, 0.5, 0, 0])
        slope = jax.vmap(jax.grad(lambda r: switch(r[None], 1.0, 2.0)[0]))(jnp.asarray([0.5, 1.0, 2.0, 3.0]))
    np.testing.assert_allclose(slope, 0.0, atol=1e-12)
