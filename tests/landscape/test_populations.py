"""Populations, maps and second opinions: numbers worked out by hand, and what is refused."""

import itertools

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from landscape_toys import CLUSTER
from scipy.stats import kendalltau, spearmanr
from searching import start

from eukrates.data import to_system
from eukrates.landscape import Catalogue, Target, bond_graph, ideal_gas, relax, vibrations
from eukrates.landscape.conformation_map import conformation_map
from eukrates.landscape.populations import boltzmann_weights, gibbs_energies, symmetry_numbers
from eukrates.landscape.search import Rest
from eukrates.landscape.second_opinion import as_they_were, second_opinion
from eukrates.units import KELVIN


def chain(one: float, other: float):
    """Five carbon atoms like those of n-pentane, with these torsions in degrees."""
    atoms = Atoms("C5", [[1.268 * n, 0.856 * (n % 2), 0] for n in range(5)])
    atoms.set_dihedral(0, 1, 2, 3, one, indices=[3, 4])
    atoms.set_dihedral(1, 2, 3, 4, other, indices=[4])
    return to_system(atoms)


def at(structure) -> np.ndarray:
    return np.array(structure.positions, np.float64)


def test_weights_are_those_of_boltzmann():
    kt = KELVIN * 300
    weights = boltzmann_weights([0.0, kt * np.log(2), kt * np.log(4)], 300)
    np.testing.assert_allclose(weights, np.array([4, 2, 1]) / 7)
    np.testing.assert_allclose(boltzmann_weights([0.0, kt * np.log(2)], 300, [1, 2]), [0.5, 0.5])
    np.testing.assert_allclose(boltzmann_weights([-1e6, -1e6 + kt], 300).sum(), 1)
    for energies, kelvin in (([0.0], 0), ([], 300), ([np.nan, 0.0], 300)):
        with pytest.raises(ValueError, match="finite energies"):
            boltzmann_weights(energies, kelvin)


@pytest.mark.parametrize(("mirror", "listed"), [("apart", 6), ("merged", 4)])
def test_relabellings_and_mirror_images_count(mirror, listed):
    torsions = list(itertools.product((180.0, 65.0, -65.0), repeat=2))
    energies = [0.03 * np.count_nonzero(np.array(pair) != 180) for pair in torsions]
    catalogue = Catalogue(chain(180, 180), mirror=mirror)
    entries = catalogue.add([chain(*pair) for pair in torsions], energies)
    assert len(catalogue) == listed
    images = [1 if mirror == "apart" or catalogue.same(m.positions, -m.positions) else 2 for m in catalogue.minima]
    many = [m / s for m, s in zip(images, symmetry_numbers(catalogue, catalogue.minima), strict=True)]
    found = boltzmann_weights([one.energy for one in catalogue.minima], 300, many)
    all_nine = np.bincount([entry.index for entry in entries], boltzmann_weights(energies, 300))
    np.testing.assert_allclose(found, all_nine, rtol=1e-12)


def test_gibbs_energies_are_those_of_the_ideal_gas():
    (one,) = relax(CLUSTER, [start(4)], Target(force=1e-4, steps=3000))
    (found,) = gibbs_energies(CLUSTER, [one.structure], [500.0, 1000.0], soft=None)
    (tight,) = relax(CLUSTER, [one.structure], Target(force=1e-5, steps=3000))
    gas = ideal_gas(vibrations(CLUSTER, tight.structure))
    assert found.imaginary == 0
    np.testing.assert_allclose(found.energies, [gas.at(t).gibbs_energy for t in (500.0, 1000.0)], atol=1e-5)


def test_a_minimum_without_a_gibbs_energy_takes_no_other_along():
    (good,) = relax(CLUSTER, [start(4)], Target(force=1e-4, steps=3000))
    square = Atoms("Ar4", 1.1 * np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]]))
    heap = Atoms("Ar4", np.zeros((4, 3)))
    found = gibbs_energies(CLUSTER, [to_system(heap), to_system(square), good.structure], [500.0])
    assert [one.energies is None for one in found] == [True, True, False]
    assert found[0].imaginary is None
    assert found[0].said
    assert found[1].imaginary
    assert "saddle point" in found[1].said
    assert (found[2].imaginary, found[2].said) == (0, "")


def test_a_map_lays_alike_beside_alike():
    structure = to_system(molecule("trans-butane"))
    graph = bond_graph(structure)
    rng = np.random.default_rng(0)
    places = [np.array(structure.positions) + rng.normal(0, 0.01, (14, 3)) for _ in range(5)]
    places += [-2 * one for one in places]  # something else: twice as large
    found = conformation_map(graph, np.stack(places))
    assert "distances" in found.features
    apart = np.abs(found.points[:5, 0].mean() - found.points[5:, 0].mean())
    assert apart > 20 * found.points[:5].std(axis=0).max()
    assert 0.9 < sum(found.explained) <= 1 + 1e-12
    single = conformation_map(graph, np.stack(places[:1]))
    np.testing.assert_array_equal(single.points, np.zeros((1, 2)))


def test_an_opinion_says_what_agrees_and_what_does_not():
    own, other = [0.0, 0.1, 0.2, 0.5], [10.0, 10.25, "failed", 10.2]
    found = second_opinion(own, other, "another")
    assert found.known.tolist() == [0, 1, 3]
    np.testing.assert_allclose(found.other, [0.0, 0.25, np.nan, 0.2], atol=1e-12)
    assert found.wrong == ("", "", "failed", "")
    assert found.exchanged == ((1, 3),)
    assert found.lowest == 0
    assert found.spearman == pytest.approx(0.5)
    assert found.kendall == pytest.approx(1 / 3)
    error = np.array([0.0, 0.25, 0.2]) - 0.15 - (np.array([0.0, 0.1, 0.5]) - 0.2)
    assert found.mae == pytest.approx(np.abs(error).mean())
    assert found.rmse == pytest.approx(np.sqrt(np.mean(error**2)))
    assert "1 left out" in found.summary
    with pytest.raises(ValueError, match="ascending"):
        second_opinion([0.1, 0.0], [1.0, 2.0], "another")
    with pytest.raises(ValueError, match="window"):
        second_opinion([0.0, 0.1], [1.0, 2.0], "another", window=-1.0)


@pytest.mark.parametrize("other", [[1.0, "failed"], ["failed", "failed"], [1.0, float("nan")]])
def test_an_opinion_says_that_nothing_could_be_compared(other):
    found = second_opinion([0.0, 0.1], other, "another")
    assert not found.compared
    assert "Nothing could be checked by another" in found.summary
    assert np.isnan(found.mae)
    assert found.wrong[1]


def test_differences_within_the_window_are_no_order():
    own = [0.0, 1e-9, 0.1, 0.1 + 1e-9, 0.2]
    found = second_opinion(own, [1e-4, 0.0, 0.3, 0.3 - 1e-8, 0.25], "another")  # two pairs of enantiomers
    assert found.exchanged == ((2, 4), (3, 4))
    assert found.lowest == 0
    groups = [0, 0, 1, 1, 2], [0, 0, 2, 2, 1]
    assert found.kendall == pytest.approx(kendalltau(*groups).statistic)
    assert found.spearman == pytest.approx(spearmanr(*groups).statistic)
    alike = second_opinion(own, [1e-5, 0.0, 0.2, 0.2 - 1e-8, 0.4], "another")
    assert alike.exchanged == ()
    assert alike.kendall == pytest.approx(1)
    assert alike.spearman == pytest.approx(1)


def test_rank_correlations_are_those_of_kendall_and_spearman():
    rng = np.random.default_rng(0)
    own, other = np.sort(rng.integers(0, 12, 20) / 10.0), rng.integers(0, 12, 20) / 10.0  # with ties
    found = second_opinion(own.tolist(), other.tolist(), "another", window=0.01)
    assert found.kendall == pytest.approx(kendalltau(own, other).statistic)
    assert found.spearman == pytest.approx(spearmanr(own, other).statistic)


def test_what_became_something_else_is_left_out():
    first, second, third = chain(180, 180), chain(180, 65), chain(65, 65)
    broken = at(second) + np.array([[0, 0, 0]] * 4 + [[3, 0, 0]])
    shapes = [at(first), broken, at(first)[:, [1, 2, 0]], at(third)]
    relaxed = [Rest(shape, energy) for shape, energy in zip(shapes, (1.0, 1.1, 1.0001, 1.2), strict=True)]
    found = as_they_were(Catalogue(first), [first, second, third, third], [*relaxed[:3], "failed"])
    assert found[0] is relaxed[0]
    assert found[1] == "became something else: broken: C3-C4"
    assert found[2] == "became the same as minimum 0"
    assert found[3] == "failed"
    arms = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / 3**0.5
    lengths = np.array([1.1, 1.36, 1.77, 1.94])
    methane = to_system(Atoms("CHFClBr", [[0, 0, 0], *(arms * lengths[:, None])]))
    (inverted,) = as_they_were(Catalogue(methane), [methane], [Rest(-at(methane), 0.0)])
    assert "inverted: C0" in inverted
