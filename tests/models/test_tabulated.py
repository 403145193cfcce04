"""A network for inference says what the network says, to the rounding of single precision."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import eukrates
from eukrates.models.so3krates import SO3LR, SO3krates
from eukrates.models.so3krates.tabulated import Tabulated
from eukrates.numerics import cast
from eukrates.testing import shaken

HEADS = {"charge": True, "spin": True, "partial_charges": True, "hirshfeld_ratios": True}


def network(**options) -> SO3krates:
    return shaken(SO3krates(("H", "C", "O"), **{"features": 24, "layers": 2} | options, key=jax.random.key(0)), seed=2)


def droplet(seed=0, atoms=40):
    """Atoms strewn in a ball, none closer than 0.7 Å."""
    rng, places = np.random.default_rng(seed), [np.zeros(3)]
    while len(places) < atoms:
        new = rng.normal(size=3) * 3
        if min(np.linalg.norm(new - old) for old in places) > 0.7:
            places.append(new)
    return eukrates.system(rng.choice([1, 6, 8], atoms), np.array(places), charge=0.0, spin=0.0)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"degrees": ()},
        {"radial_basis": "gaussian", "cutoff": 3.0},
        {"radial_basis": "bessel", "cutoff_function": "polynomial"},
    ],
)
def test_no_less_exact_than_the_network_in_single_precision(options):
    plain = network(**options)
    fast = plain.for_inference()
    assert isinstance(fast, Tabulated)
    graph = eukrates.graph(droplet(), plain.cutoff)
    exact = eukrates.predict(cast(plain, "float64"), graph)
    errors = [np.abs(eukrates.predict(p, graph).forces - exact.forces).max() for p in (plain, fast)]
    assert 0 < errors[1] < 2 * errors[0] + 1e-6 * np.abs(exact.forces).max()


def test_every_distance_is_served_from_contact_to_beyond_the_cutoff():
    plain = network(cutoff=3.0)
    r = np.concatenate([np.linspace(1e-4, 3, 4001), [3.1, 50.0, 1e3 * 3**0.5]])
    table = plain.for_inference().radial(jnp.asarray(r, jnp.float32))
    with jax.enable_x64(True):
        exact = cast(plain, "float64").radial(jnp.asarray(r))
    for one, other in zip(jax.tree.leaves(table), jax.tree.leaves(exact), strict=True):
        assert np.all(np.isfinite(one))
        errors = np.abs(np.asarray(one) - np.asarray(other)).max(axis=1) / np.abs(np.asarray(other)).max()
        assert errors[(r > 0.4) & (r <= 3.0)].max() < 3e-6
        assert errors[r <= 0.4].max() < 1e-4  # where nuclei are never


def test_a_model_and_a_sum_hand_the_wish_on_and_double_precision_declines():
    model = SO3LR(network(**HEADS), far_cutoff=8.0)
    assert isinstance(model.for_inference().network, Tabulated)
    assert [type(p) for p in (network() + network(zbl=False)).for_inference().parts] == [Tabulated, Tabulated]
    assert type(cast(model, "float64").for_inference().network) is SO3krates


def test_what_is_saved_is_what_it_was_made_from(tmp_path):
    plain = network()
    fast = plain.for_inference()
    assert fast.for_inference() is fast
    with pytest.raises(ValueError, match="Tabulated is not in"):
        eukrates.save(fast, tmp_path / "model.safetensors")
    read = eukrates.load(eukrates.save(fast.network, tmp_path / "model.safetensors"))
    assert jax.tree.all(jax.tree.map(np.array_equal, read, plain))
