"""Centres and double bonds: what makes another molecule is told, what does not is not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moved_structures import grown, moved, named, neopentane, tetrahedral

from eukrates.landscape import Relabellings, bond_graph, configuration
from eukrates.landscape.bond_graph import BondGraph
from eukrates.landscape.stereochemistry import Centre, DoubleBond
from eukrates.matter import system


def configured(structure):
    graph = bond_graph(structure)
    return configuration(graph, structure.positions)


def butene(cis):
    """CH3-CH=CH-CH3 from ethene."""
    here = named("C2H4")
    graph = bond_graph(here)
    (one, _), others = graph.leaves[0], graph.leaves[1]
    value = lambda n: DoubleBond((one, 0, 1, n)).value(here.positions)
    other = max(others, key=value) if cis else min(others, key=value)
    return grown(grown(here, one), other)


def flipped(structure):
    """The carbons of a double bond with what hangs on the second one turned by half a turn."""
    graph = bond_graph(structure)
    bond = next(e for e in configured(structure).watched if isinstance(e, DoubleBond))
    _, i, j, _ = bond.atoms
    side, front = set(), [j]
    while front:
        atom = front.pop()
        if atom not in side:
            side.add(atom)
            front += [n for n in graph.around[atom] if n != i]
    r = structure.positions.copy()
    axis = (r[j] - r[i]) / np.linalg.norm(r[j] - r[i])
    some = sorted(side)
    r[some] = r[j] + 2 * np.outer((r[some] - r[j]) @ axis, axis) - (r[some] - r[j])
    return r


def test_an_inverted_carbon_with_four_different_neighbours():
    here = configured(tetrahedral(1, 9, 17, 35))
    assert here.stereogenic() == here.watched == (Centre(0, (1, 2, 3, 4)),)
    assert not here.changed(moved(here.reference, 1))
    changes = here.changed(moved(here.reference, 1, mirror=True))
    assert changes.inverted == (0,)
    assert str(changes) == "inverted: C0"
    exchanged = here.reference.copy()
    exchanged[[1, 2]] = exchanged[[2, 1]]
    assert here.changed(exchanged)


@pytest.mark.parametrize(
    "name", ["CH3CH2OH", "trans-butane", "isobutane", "C2H4", "CH3CONH2", "C6H6", "C3H6_Cs", "NH3"]
)
def test_molecules_without_stereoisomers_have_no_stereocentres(name):
    here = configured(named(name))
    assert here.stereogenic() == ()
    assert not here.changed(-here.reference)


def test_two_hydrogens_of_one_carbon_may_change_places():
    structure = named("trans-butane")
    here = configured(structure)
    one, other = next(leaves for leaves in here.graph.leaves if len(leaves) == 2)
    r = structure.positions.copy()
    r[[one, other]] = r[[other, one]]
    assert not here.changed(r)


def test_branches_that_are_alike_may_change_places():
    """Mirrored by labels, neopentane and isobutane are what they were."""
    for here in (configured(neopentane()), configured(named("isobutane"))):
        assert here.watched
        assert here.stereogenic() == ()
        assert not here.changed(moved(here.reference, 3, mirror=True))


def test_butene_is_cis_or_trans():
    for cis in (True, False):
        structure = butene(cis)
        here = configured(structure)
        (bond,) = here.stereogenic()
        assert isinstance(bond, DoubleBond)
        assert not here.changed(moved(here.reference, 0, mirror=True))
        changes = here.changed(flipped(structure))
        assert changes.flipped == (bond.atoms[1:3],)
        assert str(changes).startswith("flipped: C0=C1")


def test_a_meso_form_is_its_own_mirror_image_and_not_the_chiral_form():
    """CHFCl-CHFCl: from ethane with two atoms exchanged at each carbon."""
    ethane = named("C2H6")
    graph = bond_graph(ethane)
    r = ethane.positions
    turn = lambda a, b: float(np.cross(r[a] - r[0], r[b] - r[0]) @ (r[1] - r[0]))
    first, second = graph.leaves[0], graph.leaves[1]
    ordered = lambda leaves, sign: next((a, b) for a in leaves for b in leaves if a != b and sign * turn(a, b) > 0)
    made = {}
    for form, sign in (("meso", 1), ("chiral", -1)):
        numbers = ethane.numbers.copy()
        for leaves, hand in ((first, 1), (second, sign)):
            fluorine, chlorine = ordered(leaves, hand)
            numbers[fluorine], numbers[chlorine] = 9, 17
        made[form] = configuration(BondGraph(numbers, graph.bonds), r)
    assert len(made["meso"].stereogenic()) == len(made["chiral"].stereogenic()) == 2
    mirrored = {form: bool(c.changed(-c.reference)) for form, c in made.items()}
    assert mirrored == {"meso": False, "chiral": True}


def test_cis_and_trans_across_a_ring_differ_though_its_halves_are_alike():
    """1,3-difluorocyclobutane as a flat ring: carbons with two equal arms."""
    ring = [[1.1, 0, 0], [0, 1.1, 0], [-1.1, 0, 0], [0, -1.1, 0]]
    out = lambda n, up: [1.5 * x for x in ring[n][:2]] + [up]
    above, below = [out(n, 0.9) for n in range(4)], [out(n, -0.9) for n in range(4)]
    r = np.array(ring + above + below)
    cis = system([6] * 4 + [9, 1, 9, 1] + [1] * 4, r)
    here = configured(cis)
    assert {e.atom for e in here.stereogenic()} == {0, 2}
    trans = r.copy()
    trans[[4, 8]] = trans[[8, 4]]
    assert here.changed(trans).inverted == (0,)
    both = trans.copy()
    both[[6, 10]] = both[[10, 6]]
    assert not here.changed(both)
    assert not here.changed(-r)


def test_sulfur_keeps_its_hand_and_nitrogen_does_not():
    arms = np.array([[1.0, 0, 0.45], [-0.5, 0.87, 0.45], [-0.5, -0.87, 0.45]])
    for centre, watched in ((16, 1), (7, 0)):
        lengths = np.array([[1.5], [1.65], [2.0]]) if centre == 16 else np.array([[1.45], [1.4], [1.7]])
        r = np.concatenate([np.zeros((1, 3)), arms / np.linalg.norm(arms, axis=1, keepdims=True) * lengths])
        here = configured(system([centre, 8, 9, 17], r))
        assert len(here.watched) == watched
        assert bool(here.changed(-r)) == bool(watched)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(["isobutane", "bicyclobutane", "CH3COOH"]), st.integers(0, 10**6))
def test_relabelling_changes_no_configuration(name, seed):
    here = configured(named(name))
    every = Relabellings(here.graph).all
    p = every[np.random.default_rng(seed).integers(len(every))]
    assert not here.changed(moved(here.reference, seed, p))
