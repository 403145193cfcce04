"""Bonds, classes of atoms, and relabellings that keep bonds."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moved_structures import grown, icosahedron, named, neopentane, shifted, together, with_positions

from eukrates.landscape import Relabellings, bond_graph, changed_bonds, same_bonds
from eukrates.landscape.bond_graph import BondGraph
from eukrates.matter import system


def keeps_bonds(graph, p):
    i, j = graph.bonds.T
    return bool(graph.adjacent[p[i], p[j]].all() and np.array_equal(graph.numbers[p], graph.numbers))


@pytest.mark.parametrize(
    ("name", "classes", "relabellings"),
    [
        ("CH4", 2, 24),
        ("H2", 1, 2),
        ("C6H6", 2, 12),
        ("C2H6", 2, 72),
        ("trans-butane", 4, 288),
        ("isobutane", 4, 1296),
        ("CH3CH2OH", 6, 12),
        ("HCOOH", 5, 1),
        ("C2H4", 2, 8),
        ("C3H6_D3h", 2, 48),
        ("H", 1, 1),
    ],
)
def test_classes_and_relabellings_of_molecules(name, classes, relabellings):
    graph = bond_graph(named(name))
    assert len(set(graph.classes.tolist())) == classes
    every = Relabellings(graph).all
    assert every.shape == (relabellings, graph.atoms)
    assert len(np.unique(every, axis=0)) == relabellings
    assert all(keeps_bonds(graph, p) for p in every)
    assert np.array_equal(graph.classes[every], np.broadcast_to(graph.classes, every.shape))


def test_both_oxygens_of_a_carboxylate_are_alike_and_those_of_the_acid_are_not():
    acid = named("HCOOH")
    graph = bond_graph(acid)
    proton = next(h for h, near in enumerate(graph.around) if graph.numbers[h] == 1 and graph.numbers[near[0]] == 8)
    left = np.arange(acid.atoms) != proton
    ion = bond_graph(system(acid.numbers[left], acid.positions[left]))
    count = lambda graph: len(set(graph.classes[graph.numbers == 8].tolist()))
    assert (count(bond_graph(acid)), count(ion)) == (2, 1)
    assert len(Relabellings(ion).all) == 2


def test_too_many_relabellings_are_not_written_down():
    assert Relabellings(bond_graph(neopentane())).all is None
    assert Relabellings(bond_graph(icosahedron())).all is None


def test_several_molecules_are_found_and_exchanged_as_wholes():
    water = named("H2O")
    graph = bond_graph(together(water, shifted(water, [3, 0, 0]), shifted(named("N2"), [0, 4, 0])))
    assert graph.molecules.tolist() == [0, 0, 0, 1, 1, 1, 2, 2]
    assert len(Relabellings(graph).all) == 2 * 2 * 2 * 2


def test_noble_gases_and_metals_have_no_bonds():
    close = system([79, 79, 18, 6, 1], [[0, 0, 0], [2.6, 0, 0], [0, 3, 0], [0, 0, 5], [0, 0, 6.1]])
    assert bond_graph(close).bonds.tolist() == [[3, 4]]


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(["CH4", "C2H6", "CH3CH2OH", "C6H6", "C3H6_D3h", "C2H4", "CH3COOH", "waters"]), st.integers(0, 10**6)
)
def test_the_least_costly_relabelling_is_the_least_costly_of_all(name, seed):
    water = named("H2O")
    here = together(water, shifted(water, [3, 0, 0]), shifted(water, [0, 3, 0])) if name == "waters" else named(name)
    relabellings = Relabellings(bond_graph(here))
    costs = np.random.default_rng(seed).uniform(size=(here.atoms, here.atoms))
    p, cost = relabellings.nearest(costs)
    every = costs[np.arange(here.atoms), relabellings.all].sum(axis=1)
    assert keeps_bonds(relabellings.graph, p)
    np.testing.assert_allclose(cost, every.min(), rtol=1e-12)


def test_the_least_costly_relabelling_of_many():
    """Every methyl of neopentane onto every other with its hydrogens in every order."""
    graph = bond_graph(neopentane())
    costs = np.random.default_rng(0).uniform(size=(17, 17))
    p, cost = Relabellings(graph).nearest(costs)
    assert keeps_bonds(graph, p)
    methyls = np.flatnonzero(graph.classes == 1)

    def price(a, b):
        here, there = graph.leaves[a], graph.leaves[b]
        return costs[a, b] + min(costs[list(here), list(q)].sum() for q in itertools.permutations(there))

    best = min(sum(map(price, methyls, q)) for q in itertools.permutations(methyls)) + costs[0, 0]
    np.testing.assert_allclose(cost, best, rtol=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_classes_do_not_depend_on_the_numbering(seed):
    graph = bond_graph(grown(named("CH3CH2OH"), 6))
    p = np.random.default_rng(seed).permutation(graph.atoms)
    back = np.argsort(p)
    renumbered = BondGraph(graph.numbers[p], np.sort(back[graph.bonds], axis=1))
    np.testing.assert_array_equal(renumbered.classes, graph.classes[p])


def test_stretched_bonds_stay_and_broken_ones_are_told():
    ethanol = named("CH3CH2OH")
    graph = bond_graph(ethanol)
    oxygen = int(np.flatnonzero(graph.numbers == 8)[0])
    proton = next(n for n in graph.around[oxygen] if graph.numbers[n] == 1)
    along = ethanol.positions[proton] - ethanol.positions[oxygen]

    def stretched(factor):
        r = ethanol.positions.copy()
        r[proton] += (factor - 1) * along
        return r

    assert same_bonds(graph, stretched(1.35))
    changes = changed_bonds(graph, stretched(1.7))
    assert changes
    assert changes.broken.tolist() == [sorted((oxygen, proton))]
    assert str(changes).startswith("broken: ")
    assert not same_bonds(graph, stretched(np.nan))


def test_a_proton_that_went_to_the_next_water_is_told():
    water = named("H2O")
    pair = together(water, shifted(water, [0, 0, 2.9]))
    graph = bond_graph(pair)
    r = pair.positions.copy()
    r[1] = r[3] - [0, 0, 1.0]
    changes = changed_bonds(graph, r)
    assert changes.broken.tolist() == [[0, 1]]
    assert changes.formed.tolist() == [[1, 3]]
    assert str(changes) == "broken: O0-H1; formed: H1-O3"
    assert not changed_bonds(graph, pair.positions)


def test_what_cannot_be_compared_is_refused():
    graph = bond_graph(named("H2O"))
    with pytest.raises(ValueError, match="3 atoms"):
        changed_bonds(graph, np.zeros((4, 3)))
    with pytest.raises(ValueError, match="periodic"):
        bond_graph(system([6, 6], [[0, 0, 0], [0.9, 0.9, 0.9]], np.eye(3) * 3.6))
    with pytest.raises(ValueError, match="i < j"):
        BondGraph(np.array([1, 1]), np.array([[1, 0]]))


def test_molecules_of_the_collection_keep_their_bonds_when_they_vibrate():
    rng = np.random.default_rng(0)
    for name in ("trans-butane", "C6H6", "CH3COOH", "CH3SCH3", "CH3CH2Cl", "C4H4S", "bicyclobutane"):
        here = named(name)
        shaken = with_positions(here, here.positions + rng.normal(scale=0.04, size=here.positions.shape))
        assert same_bonds(bond_graph(here), shaken.positions)
