"""An ensemble is the mean of its members, and says how far they are apart."""

import jax
import numpy as np
import pytest

import eukrates
from eukrates.matter import batch
from eukrates.models import SO3krates
from eukrates.physics.zbl import ZBL
from eukrates.potential import Ensemble, deviation, predict, rho
from eukrates.testing import shaken

WANT = ("energy", "forces", "forces_by_member", "stress")


def member(seed, **options):
    small = {"features": 8, "layers": 1, "heads": 2, "degrees": (1,), "basis_size": 5, "cutoff": 3.0, "charge": True}
    model = SO3krates(("H", "O"), **(small | {"partial_charges": True} | options), key=jax.random.key(seed))
    return shaken(model, seed=seed)


def worlds():
    cell = np.array([[3.1, 0, 0], [0.3, 3.3, 0], [0, -0.2, 3.0]])
    places = np.array([[0.0, 0, 0], [0.9, 0.1, 0], [-0.3, 0.9, 0.2]])
    return [eukrates.system([8, 1, 1], places * k, cell, charge=0) for k in (1.0, 1.1)]


@pytest.fixture(scope="module")
def members():
    return tuple(member(seed) for seed in range(3))


@pytest.mark.parametrize("together", [True, False])
def test_it_is_the_mean_of_its_members_and_knows_each(together, members):
    ensemble = Ensemble(members, together)
    graph = batch([ensemble.graph(world) for world in worlds()])
    found, each = predict(ensemble, graph, WANT), [predict(one, graph, WANT[:2]) for one in members]
    close = lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)
    close(found.energy, np.mean([p.energy for p in each], axis=0))
    close(found.energy_by_member, np.stack([p.energy for p in each], axis=1))
    close(found.forces, np.mean([p.forces for p in each], axis=0))
    close(found.forces_by_member, np.stack([p.forces for p in each], axis=1))
    close(found.charges, np.mean([p.charges for p in each], axis=0))
    close(found.terms["network"], np.mean([p.terms["network"] for p in each], axis=0))
    sigma = np.std([p.energy for p in each], axis=0, ddof=1)
    close(deviation(found), sigma)
    close(deviation(found, ddof=0), sigma * (2 / 3) ** 0.5)
    close(rho(found, graph), sigma / 3**0.5)


def test_a_model_file_holds_all_members(members, tmp_path):
    ensemble = Ensemble(members)
    again = eukrates.load(eukrates.save(ensemble, tmp_path / "ensemble.safetensors"))
    graph = ensemble.graph(worlds()[0])
    np.testing.assert_array_equal(predict(again, graph).energy_by_member, predict(ensemble, graph).energy_by_member)


def test_a_law_added_to_an_ensemble_counts_in_each_member(members):
    ensemble = Ensemble(members)
    both = ensemble + ZBL(cutoff=2.0)
    graph = both.graph(worlds()[0])
    with_it, without = predict(both, graph), predict(ensemble, graph)
    more = with_it.energy_by_member - without.energy_by_member
    np.testing.assert_allclose(more, np.full((1, 3), with_it.energy[0] - without.energy[0]), rtol=1e-6)
    with pytest.raises(ValueError, match=r"Ensembles of \[2, 3\] members"):
        predict(both + Ensemble(members[:2]), graph)


def test_what_is_no_ensemble_is_refused(members):
    graph = members[0].graph(worlds()[0])
    with pytest.raises(ValueError, match="at least two members"):
        Ensemble(members[:1])
    with pytest.raises(ValueError, match="know the same elements"):
        Ensemble((members[0], member(1, cutoff=2.5)))
    with pytest.raises(ValueError, match="Expected the prediction of an ensemble"):
        deviation(predict(members[0], graph))
    with pytest.raises(ValueError, match="no members"):
        predict(members[0], graph, ("forces_by_member",))
