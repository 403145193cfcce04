"""SpookyNet for inference says what SpookyNet says, to the rounding of single precision."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import eukrates
from eukrates.matter import batch
from eukrates.models import SpookyNet, save
from eukrates.models.spookynet import messages, perceptrons
from eukrates.models.spookynet.dense import ResidualMLP, Stack
from eukrates.models.spookynet.messages import FusedSums, Pairs, Sums
from eukrates.models.spookynet.perceptrons import Perceptron, Perceptrons
from eukrates.native import compiler
from eukrates.numerics import cast
from eukrates.testing import shaken

pytestmark = pytest.mark.skipif(compiler() is None, reason="there is no C++ compiler for kernels")
SIZE = {"features": 16, "layers": 2, "basis_size": 6, "cutoff": 3.0, "far_cutoff": 6.0}


def network(**options) -> SpookyNet:
    return shaken(SpookyNet(("H", "C", "O"), **(SIZE | {"key": jax.random.key(0)} | options)), seed=2)


def droplet():
    """Atoms strewn in a ball, none closer than 0.7 Å."""
    rng, places = np.random.default_rng(0), [np.zeros(3)]
    while len(places) < 20:
        new = rng.normal(size=3) * 2
        if min(np.linalg.norm(new - old) for old in places) > 0.7:
            places.append(new)
    return eukrates.system(rng.choice([1, 6, 8], 20), np.array(places), charge=-1.0, spin=1.0)


def crystal():
    """A sheared cell so small that atoms see images of themselves."""
    cell = np.array([[2.9, 0, 0], [0.8, 3.1, 0], [-0.5, 0.7, 3.3]])
    return eukrates.system([6, 8], [[0.1, 0.2, 0.3], [1.6, 1.4, 1.7]], cell, charge=0.0, spin=2.0)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {
            "features": 80,
            "irreps": False,
            "attention": "none",
            "residuals": {"pre": 0, "local_s": 2, "output": 0},
            "electrostatics": "none",
            "dispersion": False,
        },
    ],
)
def test_hardly_less_exact_than_the_network_in_single_precision(options):
    plain = network(**options)
    fast = plain.for_inference()
    assert all(isinstance(block.local.sums, FusedSums) for block in fast.blocks)
    graph = batch([plain.graph(one) for one in (droplet(), crystal())])
    exact, *found = (eukrates.predict(p, graph) for p in (cast(plain, "float64"), plain, fast))
    for what in ("energy", "forces", "charges"):
        true = getattr(exact, what)
        errors = [np.abs(getattr(one, what) - true).max() for one in found]
        assert errors[1] < 2 * errors[0] + 5e-6 * max(1, np.abs(true).max()), what
    assert np.abs(found[0].forces - found[1].forces).max() > 0  # not the same program


def test_in_double_precision_it_is_the_network(tmp_path):
    plain = network()
    fast, graph = plain.for_inference(), plain.graph(droplet())
    one, other = (eukrates.predict(cast(p, "float64"), graph, ("forces",)).forces for p in (plain, fast))
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)
    with pytest.raises(ValueError, match="for inference cannot be saved"):
        save(fast, tmp_path / "m.safetensors")
    assert jax.tree.structure(fast.for_inference()) == jax.tree.structure(fast)
    assert network(activation="ssp").for_inference().blocks[0].local.sums == Sums()
    assert cast(plain, "float64").for_inference().blocks[0].local.sums == Sums()


@pytest.mark.parametrize(("features", "atoms"), [(16, 5), (64, 24), (96, 13)])
def test_perceptrons_have_the_values_and_slopes_of_their_parts(features, atoms):
    keys = iter(jax.random.split(jax.random.key(1), 5))
    members = [
        ResidualMLP(1, features, "swish", key=next(keys)),
        ResidualMLP(0, features, "swish", key=next(keys), bias=False),
        Stack(2, features, "swish", key=next(keys)),
    ]
    rng = np.random.default_rng(0)
    noisy = lambda leaf: leaf + jnp.asarray(0.1 * rng.normal(size=leaf.shape), leaf.dtype)
    members = jax.tree.map(noisy, members)
    x = jax.random.normal(next(keys), (atoms, features), jnp.float32)
    weight = jax.random.normal(next(keys), (3, atoms, features), jnp.float32)
    assert perceptrons.available()
    fused = Perceptrons(members)
    plain = lambda x: jnp.stack([member(x) for member in members])
    np.testing.assert_allclose(fused(x), plain(x), rtol=0, atol=2e-5)
    slopes = [jax.grad(lambda x, f=f: jnp.sum(weight * f(x)))(x) for f in (fused, plain)]
    np.testing.assert_allclose(*slopes, rtol=0, atol=5e-5)
    np.testing.assert_allclose(Perceptron(members[2])(x), plain(x)[2], rtol=0, atol=2e-5)
    with pytest.raises(NotImplementedError, match="cannot be trained"):
        jax.grad(lambda m: jnp.sum(Perceptrons.__call__(m, x)))(jax.tree.map(jnp.asarray, fused))


@pytest.mark.parametrize("orders", [8, 9])
def test_sums_over_neighbours_have_the_values_and_slopes_of_the_plain_ones(orders):
    assert messages.available()
    rng = np.random.default_rng(3)
    single = lambda *shape: jnp.asarray(rng.normal(size=shape), jnp.float32)
    i = np.sort(rng.integers(0, 7, 30)).astype(np.int32)
    j = rng.integers(0, 7, 30).astype(np.int32)
    r = jnp.asarray(rng.uniform(1, 4, 30), jnp.float32)
    inside = (r < 3.0)[:, None]
    sources, weight = single(7, 3 * 32), single(7, 1 + orders, 32)

    def total(sums, sources, radial, angular):
        pairs = Pairs(jnp.asarray(i), jnp.asarray(j), r, r[:, None], angular, 3.0)
        return jnp.sum(weight * sums(sources, jnp.where(inside, radial, 0), pairs))

    given = sources, single(30, 3 * 32), single(30, orders)
    values, slopes = zip(
        *(jax.value_and_grad(lambda *a, s=s: total(s, *a), argnums=(0, 1, 2))(*given) for s in (Sums(), FusedSums())),
        strict=True,
    )
    np.testing.assert_allclose(*values, rtol=1e-5)
    for one, other in zip(*slopes, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=5e-5)
