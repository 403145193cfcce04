"""Bands, saddle points and descents: pulls beside ASE's, passes that are ones, ways that lead where they should."""

import json
from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.mep import NEB
from ase.optimize import FIRE
from landscape_toys import CLUSTER, Rods
from moved_structures import zigzag
from searching import RULES, search

from eukrates.analysis.torsions import rotatable_torsions, turned_by
from eukrates.data.atoms import to_atoms, to_system
from eukrates.interfaces.ase import Calculator
from eukrates.landscape import Catalogue, Target, bond_graph, relax
from eukrates.landscape.catalogue import Minimum
from eukrates.landscape.expansion import NotFinite
from eukrates.landscape.paths import (
    Connections,
    Network,
    Pass,
    Stretch,
    check_ends,
    climbing_direction,
    idpp,
    nudge,
    refine_saddle,
)
from eukrates.landscape.paths.idpp import distances
from eukrates.landscape.paths.sides import sides
from eukrates.landscape.paths.tangents import nudged
from eukrates.landscape.search import Budget
from eukrates.landscape.search.screen import Screen
from eukrates.matter.superposition import superposed


@pytest.fixture(scope="module")
def heptamer():
    one = search(7)
    one(Budget(quenches=200))
    return one


@pytest.fixture(scope="module")
def ends(heptamer):
    one, other = Connections(CLUSTER, heptamer.reference, heptamer.catalogue).ends(_lowest_two(heptamer))
    first, last = (r.structure for r in relax(CLUSTER, [one, other], Target(force=1e-6, steps=3000)))
    return first, last


def _by_energy(one):
    return sorted(one.catalogue.minima, key=lambda minimum: minimum.energy)


def _lowest_two(one):
    return tuple(int(n) for n in np.argsort([m.energy for m in one.catalogue.minima])[:2])


@pytest.mark.parametrize("climbs", [False, True])
def test_pulls_are_those_of_ase(climbs, ends):
    rng = np.random.default_rng(0)
    share = np.linspace(0, 1, 7)[:, None, None]
    r = (1 - share) * ends[0].positions + share * ends[1].positions + rng.normal(0, 0.05, (7, 7, 3))
    images = [to_atoms(ends[0]) for _ in r]
    for atoms, places in zip(images, r, strict=True):
        atoms.positions = places
        atoms.calc = Calculator(CLUSTER)
    theirs = NEB(images, k=0.7, climb=climbs, method="improvedtangent")
    wanted = theirs.get_forces().reshape(5, -1)
    energies = np.array([atoms.get_potential_energy() for atoms in images])
    forces = np.array([atoms.get_forces().ravel() for atoms in images[1:-1]])
    ours = nudged(r.reshape(7, -1), energies, forces, 0.7, climbs).forces
    np.testing.assert_allclose(ours, wanted, atol=1e-4)


def test_distances_of_a_guess_go_evenly_and_none_is_short(ends):
    one = np.array(ends[0].positions)
    other = superposed(one[[1, 0, 2, 3, 4, 5, 6]], one)  # straight lines lead two atoms nearly through each other
    other += np.random.default_rng(0).normal(0, 0.05, other.shape)
    path = idpp(one, other, 9)
    np.testing.assert_allclose(path[0], one, atol=1e-12)
    np.testing.assert_allclose(superposed(path[-1], other), other, atol=1e-9)
    straight = np.min(distances((one + other) / 2))
    assert straight < 0.5 < 0.75 < np.min(np.array(distances(path)))


def test_a_band_rests_where_that_of_ase_does_and_a_pass_is_one(ends):
    (band,) = nudge(CLUSTER, [ends], Stretch(images=9, force=1e-3))
    assert band.converged
    images = [to_atoms(s) for s in nudge(CLUSTER, [ends], Stretch(images=9, steps=1))[0].structures]
    for atoms in images:
        atoms.calc = Calculator(CLUSTER)
    theirs = NEB(images, k=0.1, climb=True, method="improvedtangent")
    assert FIRE(theirs, logfile=None).run(fmax=1e-3, steps=3000)
    top = max(atoms.get_potential_energy() for atoms in images)
    assert band.energies.max() == pytest.approx(top, abs=1e-5)
    saddle = refine_saddle(CLUSTER, band.structures[band.top], climbing_direction(band))
    assert saddle.true
    assert saddle.force < 5e-4
    assert saddle.energy == pytest.approx(top, abs=1e-4)
    ((one, other),) = sides(CLUSTER, [saddle], Target(force=1e-4))
    assert sorted([one.energy, other.energy]) == pytest.approx(sorted(band.energies[[0, -1]]), abs=1e-5)


def test_a_saddle_is_found_from_a_poor_guess(ends):
    (band,) = nudge(CLUSTER, [ends], Stretch(images=9, force=1.0, climbing=5.0))
    saddle = refine_saddle(CLUSTER, band.structures[band.top], climbing_direction(band))
    assert saddle.true


def test_a_stationary_point_of_second_order_is_left_for_a_saddle():
    """Four atoms in a square: folding leads down, and so does shearing, to the rhombus that two tetrahedra meet in."""
    corners = np.array([[1, 1, 0], [-1, 1, 0], [-1, -1, 0], [1, -1, 0.0]])
    fold = np.array([[0, 0, 1], [0, 0, -1], [0, 0, 1], [0, 0, -1.0]])
    square = 0.5562 * corners + np.random.default_rng(0).normal(0, 1e-4, (4, 3))
    found = refine_saddle(CLUSTER, to_system(Atoms("Ar4", square)), fold)
    assert found.true
    assert found.steps <= 14  # 11; 18 to 20 where every growth of forces is refused
    assert found.energy == pytest.approx(-5.0734, abs=1e-4)
    sides = distances(found.structure.positions)[np.triu_indices(4, 1)]
    assert np.sum(np.abs(sides - np.min(sides)) < 0.02) == 5


def test_bands_do_not_depend_on_their_company(ends):
    (alone,) = nudge(CLUSTER, [ends], Stretch(images=9, force=1e-3))
    _, second = nudge(CLUSTER, [ends[::-1], ends], Stretch(images=9, force=1e-3))
    assert alone.steps == second.steps
    np.testing.assert_allclose(alone.energies, second.energies, atol=1e-6)


def test_a_guess_leaves_the_line_that_atoms_cannot_pass_along():
    hcn = np.array([[0, 0, -1.07], [0, 0, 0], [0, 0, 1.15]])  # H, C, N
    hnc = np.array([[0, 0, 2.15], [0, 0, 0], [0, 0, 1.17]])
    path = idpp(hcn, hnc, 9)
    apart = np.array(distances(path))
    np.testing.assert_allclose(apart[:, 1, 2], 1.16, atol=0.05)
    np.testing.assert_allclose(apart[4, 0, 1:], [1.61, 1.6], atol=0.1)  # hydrogen goes round, to one side
    steps = np.linalg.norm(np.diff(path, axis=0), axis=2)
    assert np.all(steps < 1.2)


def test_two_atoms_that_change_places_go_round_each_other():
    square = 1.2 * np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0.0]])
    path = idpp(square, square[[2, 1, 0, 3]], 9)
    assert np.min(np.array(distances(path))) > 0.6


def test_a_band_without_finite_energies_tells_none(ends):
    (band,) = nudge(Rods(hole=1.499), [ends], Stretch(images=5))
    assert band.ending.name == "NOT_FINITE"
    assert np.all(np.isnan(band.energies[1:-1]))
    assert not band.tops
    assert np.isnan(band.barrier)


def test_a_saddle_search_keeps_out_of_holes():
    """A stretched rod climbs towards the ridge of the hole, and is turned back."""
    rod = to_system(Atoms("Ar2", [[0, 0, 0], [0, 0, 1.45]]))
    found = refine_saddle(Rods(hole=1.4), rod, np.array([[0, 0, 1.0], [0, 0, -1.0]]))
    assert not found.true
    with pytest.raises(NotFinite, match="not finite"):
        refine_saddle(Rods(hole=1.47), rod, np.array([[0, 0, 1.0], [0, 0, -1.0]]))
    with pytest.raises(ValueError, match="force"):
        refine_saddle(Rods(), rod, np.ones((2, 3)), force=0.1)


@pytest.fixture(scope="module")
def connected(heptamer):
    """From three of the four minima: the second is left out."""
    known = _by_energy(heptamer)
    del known[1]
    some = Catalogue(heptamer.reference, minima=[replace(one) for one in known], mirror="merged", window=1e-5)
    screen = Screen.of(heptamer.reference, RULES, CLUSTER)
    found = Connections(CLUSTER, heptamer.reference, some, screen, target=Target(force=1e-4, steps=3000))
    assert not found.gaps(1)
    assert len(found.gaps(3)) == 3  # nothing is connected yet
    found.look(found.pairs(3))
    for _ in range(3):  # a single band may fail, and which one depends on rounding
        found.look(found.gaps(3))
    return found


def test_the_network_of_seven_atoms_hangs_together(heptamer, connected):
    network, given = connected.network, [_by_energy(heptamer)[n] for n in (0, 2, 3)]
    assert [network.minima[n].energy for n in range(3)] == [one.energy for one in given]  # their numbers are kept
    assert max(network.barriers(0)[n] for n in range(3)) < 5.0  # a way leads to each
    for (i, j), one in network.lowest_passes().items():
        assert one.energy > max(network.minima[i].energy, network.minima[j].energy)
        assert one.wavenumber < 0
    assert not [one for one in connected.pairs(3) if one in {a.pair for a in connected.attempts}]


def test_a_minimum_that_a_pass_led_to_has_a_number_of_its_own(heptamer, connected):
    network = connected.network
    assert len(network.minima) == 4
    assert network.minima[3].energy == pytest.approx(_by_energy(heptamer)[1].energy, abs=1e-5)
    assert connected.minima.same(network.minima[3].positions, connected.minima.minima[3].positions)


def test_a_network_is_taken_up_again_under_other_numbers(heptamer, connected):
    told = json.loads(json.dumps(connected.network.to_mapping()))
    known = [replace(connected.network.minima[n]) for n in (3, 1, 0, 2)]
    all_four = Catalogue(heptamer.reference, minima=known, mirror="merged", window=1e-5)
    again = Connections(CLUSTER, heptamer.reference, all_four)
    again.recall(Network.from_mapping(told), connected.attempts)
    new = {3: 0, 1: 1, 0: 2, 2: 3}
    assert sorted(again.network.minima) == [0, 1, 2, 3]
    for one, before in zip(again.network.passes, connected.network.passes, strict=True):
        assert one.minima == tuple(new[n] for n in before.minima)
        np.testing.assert_array_equal(one.positions, before.positions)
    for one, before in zip(again.attempts, connected.attempts, strict=True):
        assert one.passes == [tuple(new[n] for n in ends) for ends in before.passes]
    assert {a.pair for a in again.attempts} == {tuple(sorted(new[n] for n in a.pair)) for a in connected.attempts}


def test_ends_keep_their_configuration():
    """A chain coiled to the left is nearest to the mirror image of that coiled to the right, which is another molecule:
    its first carbon is chiral."""
    reference = to_system(Atoms("C5FHH2H2H2H2ClH", zigzag(5)))
    bonds = bond_graph(reference).bonds
    turns = rotatable_torsions(reference, bonds)
    right, left = (turned_by(reference.positions, bonds, turns, np.full(len(turns), d)) for d in (70.0, -70.0))
    merged = Catalogue(reference, minima=[Minimum(right, 0.0), Minimum(left, 0.1)], mirror="merged")
    screen = Screen.of(reference, RULES, CLUSTER)
    assert merged.laid(0, 1).mirrored
    _, last = Connections(CLUSTER, reference, merged, screen).ends((0, 1))
    assert screen.configuration is not None
    assert not screen.configuration.changed(last.positions)
    np.testing.assert_allclose(superposed(last.positions[:5], left[:5]), left[:5], atol=1e-9)  # like atoms may change


def test_basins_join_from_below():
    at = lambda i, j, energy: Pass((i, j), energy, np.zeros((1, 3)), -1.0)
    minima = {n: Minimum(np.zeros((1, 3)), energy) for n, energy in {0: 0.0, 1: 1.0, 2: 2.0, 7: 0.5}.items()}
    network = Network(minima, [at(0, 1, 3.0), at(1, 0, 2.5), at(1, 2, 4.0), at(0, 2, 5.0), at(2, 2, 2.1)])
    told = [(join.energy, set(join.one), set(join.other)) for join in network.joins()]
    assert told == [(2.5, {0}, {1}), (4.0, {0, 1}, {2})]
    assert network.barriers(0) == {0: 0.0, 1: 2.5, 2: 4.0, 7: np.inf}
    assert network.barriers(2) == {0: 2.0, 1: 2.0, 2: 0.0, 7: np.inf}


def test_ends_must_be_the_same_atoms(ends):
    other = to_atoms(ends[1])
    with pytest.raises(ValueError, match="same atoms"):
        nudge(CLUSTER, [(ends[0], to_system(other[:6]))])
    with pytest.raises(ValueError, match="one charge"):
        check_ends(CLUSTER, ends[0], replace(ends[1], charge=np.zeros(1)))
