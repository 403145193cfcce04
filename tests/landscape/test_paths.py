"""Bands, saddle points and descents: pulls beside ASE's, passes that are ones, ways that lead where they should."""

import numpy as np
import pytest
from ase.mep import NEB
from ase.optimize import FIRE
from landscape_toys import CLUSTER
from searching import search

from eukrates.data.atoms import to_atoms, to_system
from eukrates.interfaces.ase import Calculator
from eukrates.landscape import Target, relax
from eukrates.landscape.paths import Connections, Network, Pass, Stretch, climbing_direction, idpp, nudge, refine_saddle
from eukrates.landscape.paths.idpp import distances
from eukrates.landscape.paths.sides import sides
from eukrates.landscape.paths.tangents import nudged
from eukrates.landscape.search import Budget
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
    np.testing.assert_allclose(path[[0, -1]], [one, other], atol=1e-12)
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


def test_bands_do_not_depend_on_their_company(ends):
    (alone,) = nudge(CLUSTER, [ends], Stretch(images=9, force=1e-3))
    _, second = nudge(CLUSTER, [ends[::-1], ends], Stretch(images=9, force=1e-3))
    assert alone.steps == second.steps
    np.testing.assert_allclose(alone.energies, second.energies, atol=1e-6)


def test_the_network_of_seven_atoms_hangs_together(heptamer):
    connections = Connections(CLUSTER, heptamer.reference, heptamer.catalogue, force=1e-4)
    connections.look(connections.pairs(4))
    connections.look(connections.gaps(4))
    assert not connections.gaps(4)
    network = connections.network
    assert len(network.energies) == len(heptamer.catalogue) == 4
    lowest = int(np.argmin(network.energies))
    barriers = network.barriers(lowest)
    assert np.all(np.isfinite(barriers))
    for (i, j), one in network.lowest_passes().items():
        assert one.energy > max(network.energies[i], network.energies[j])
        assert one.wavenumber < 0
    again = Network.from_json(network.to_json())
    assert again.energies == network.energies
    np.testing.assert_array_equal(again.passes[0].positions, network.passes[0].positions)
    assert not [one for one in connections.pairs(4) if one in {a.pair for a in connections.attempts}]


def test_basins_join_from_below():
    at = lambda i, j, energy: Pass((i, j), energy, np.zeros((1, 3)), -1.0)
    network = Network([0.0, 1.0, 2.0, 0.5], [at(0, 1, 3.0), at(1, 0, 2.5), at(1, 2, 4.0), at(0, 2, 5.0), at(2, 2, 2.1)])
    told = [(join.energy, set(join.one), set(join.other)) for join in network.joins()]
    assert told == [(2.5, {0}, {1}), (4.0, {0, 1}, {2})]
    np.testing.assert_array_equal(network.barriers(0), [0.0, 2.5, 4.0, np.inf])
    np.testing.assert_array_equal(network.barriers(2), [2.0, 2.0, 0.0, np.inf])


def test_ends_must_be_the_same_atoms(ends):
    other = to_atoms(ends[1])
    with pytest.raises(ValueError, match="same atoms"):
        nudge(CLUSTER, [(ends[0], to_system(other[:6]))])
