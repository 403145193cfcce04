"""Norms with finite derivatives, sums by owner, and precision as a property of arrays."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eukrates.numerics import cast, float_dtype, norm, sum_by, to_device, to_host

lengths = st.sampled_from([0.0, 1e-3, 0.7, 1.0, 12.0])
vectors = st.tuples(lengths, lengths, lengths)


def length(v):
    return norm(v[None])[0]


@jax.jit
def derivatives(v):
    """The norm, its gradient, and its second derivatives forwards and backwards."""
    return length(v), jax.grad(length)(v), jax.jacfwd(jax.grad(length))(v), jax.jacrev(jax.grad(length))(v)


def test_the_zero_vector_has_norm_zero_and_finite_derivatives():
    for found in derivatives(jnp.zeros(3)):
        assert np.array_equal(found, np.zeros_like(found))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(vectors)
def test_the_norm_and_two_derivatives_elsewhere(v):
    v = np.array(v)
    r = np.linalg.norm(v)
    with jax.enable_x64(True):
        value, slope, curve, back = derivatives(jnp.asarray(v))
    np.testing.assert_allclose(value, r, rtol=1e-12)
    np.testing.assert_allclose(back, curve, atol=1e-10 / (r or 1.0))
    if r > 0:
        np.testing.assert_allclose(slope, v / r, atol=1e-12)
        np.testing.assert_allclose(curve, (np.eye(3) - np.outer(v, v) / r**2) / r, atol=1e-10 / r)
    else:
        assert not np.any(slope)
        assert not np.any(curve)


def test_sums_by_owner_count_empty_owners():
    found = sum_by(np.arange(8.0).reshape(4, 2), np.array([2, 0, 2, 0]), 4)
    np.testing.assert_array_equal(found, [[8, 10], [0, 0], [4, 6], [0, 0]])


def test_cast_changes_floats_only_and_leaves_the_process_alone():
    tree = {"w": np.ones(2, np.float32), "n": np.arange(3, dtype=np.int32), "name": "x", "flag": np.array([True])}
    double = cast(tree, "float64")
    assert double["w"].dtype == jnp.float64
    assert double["n"].dtype == np.int32
    assert double["name"] == "x"
    assert double["flag"].dtype == bool
    assert not jax.config.jax_enable_x64
    assert cast(double, "float32")["w"].dtype == jnp.float32


def test_the_type_of_a_tree_is_one_or_an_error():
    assert float_dtype({"a": np.zeros(1, np.float64)}) == np.float64
    assert float_dtype({"n": np.zeros(1, np.int32)}) == np.float32
    with pytest.raises(ValueError, match=r"float32, float64.*cast"):
        float_dtype([np.zeros(1, np.float32), np.zeros(1, np.float64)])


def test_there_and_back():
    tree = (np.arange(3, dtype=np.float32), "word", None)
    there = to_device(tree)
    assert isinstance(there[0], jax.Array)
    back = to_host(there)
    assert isinstance(back[0], np.ndarray)
    assert np.array_equal(back[0], tree[0])
    assert back[1:] == tree[1:]
