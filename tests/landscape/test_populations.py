"""Populations, maps and second opinions: numbers worked out by hand, and what is refused."""

import numpy as np
import pytest
from ase.build import molecule
from landscape_toys import CLUSTER
from searching import start

from eukrates.data import to_system
from eukrates.landscape import Target, bond_graph, ideal_gas, relax, vibrations
from eukrates.landscape.conformation_map import conformation_map
from eukrates.landscape.populations import boltzmann_weights, gibbs_energies
from eukrates.landscape.second_opinion import second_opinion
from eukrates.units import KELVIN


def test_weights_are_those_of_boltzmann():
    kt = KELVIN * 300
    weights = boltzmann_weights([0.0, kt * np.log(2), kt * np.log(4)], 300)
    np.testing.assert_allclose(weights, np.array([4, 2, 1]) / 7)
    np.testing.assert_allclose(boltzmann_weights([0.0, kt * np.log(2)], 300, [1, 2]), [0.5, 0.5])
    np.testing.assert_allclose(boltzmann_weights([-1e6, -1e6 + kt], 300).sum(), 1)
    for energies, kelvin in (([0.0], 0), ([], 300), ([np.nan, 0.0], 300)):
        with pytest.raises(ValueError, match="finite energies"):
            boltzmann_weights(energies, kelvin)


def test_gibbs_energies_are_those_of_the_ideal_gas():
    (one,) = relax(CLUSTER, [start(4)], Target(force=1e-4, steps=3000))
    (found,) = gibbs_energies(CLUSTER, [one.structure], [500.0, 1000.0], soft=None)
    (tight,) = relax(CLUSTER, [one.structure], Target(force=1e-5, steps=3000))
    gas = ideal_gas(vibrations(CLUSTER, tight.structure))
    assert found.imaginary == 0
    np.testing.assert_allclose(found.energies, [gas.at(t).gibbs_energy for t in (500.0, 1000.0)], atol=1e-5)


def test_a_map_lays_alike_beside_alike():
    structure = to_system(molecule("trans-butane"))
    graph = bond_graph(structure)
    rng = np.random.default_rng(0)
    places = [np.array(structure.positions) + rng.normal(0, 0.01, (14, 3)) for _ in range(5)]
    places += [-2 * one for one in places]  # something else: twice as large
    found = conformation_map(structure, graph, np.stack(places))
    assert "distances" in found.features
    apart = np.abs(found.points[:5, 0].mean() - found.points[5:, 0].mean())
    assert apart > 20 * found.points[:5].std(axis=0).max()
    assert 0.9 < sum(found.explained) <= 1 + 1e-12
    single = conformation_map(structure, graph, np.stack(places[:1]))
    np.testing.assert_array_equal(single.points, np.zeros((1, 2)))


def test_an_opinion_says_what_agrees_and_what_does_not():
    own, other = [0.0, 0.1, 0.2, 0.5], [10.0, 10.25, None, 10.2]
    found = second_opinion(own, other, "another")
    assert found.known.tolist() == [0, 1, 3]
    assert found.exchanged == ((1, 3),)
    assert found.lowest == 0
    assert found.spearman == pytest.approx(0.5)
    assert found.kendall == pytest.approx(1 / 3)
    error = np.array([0.0, 0.25, 0.2]) - 0.15 - (np.array([0.0, 0.1, 0.5]) - 0.2)
    assert found.mae == pytest.approx(np.abs(error).mean())
    assert found.rmse == pytest.approx(np.sqrt(np.mean(error**2)))
    with pytest.raises(ValueError, match="at least two"):
        second_opinion([0.0, 0.1], [1.0, None], "another")
    with pytest.raises(ValueError, match="ascending"):
        second_opinion([0.1, 0.0], [1.0, 2.0], "another")
