"""Minima are listed once, whatever they were turned, relabelled or reflected to."""

import numpy as np
import pytest
from moved_structures import icosahedron, moved, named, shifted, together, with_positions
from scipy.optimize import minimize

from eukrates.analysis.torsions import rotatable_torsions, turned_by
from eukrates.landscape import Catalogue, Minimum, bond_graph
from eukrates.matter import system

BUTANE = named("trans-butane")


def butane(degrees, seed=0, mirror=False):
    """Butane with its middle torsion changed, anywhere, its hydrogens exchanged, a little displaced."""
    bonds = bond_graph(BUTANE).bonds
    r = turned_by(BUTANE.positions, bonds, rotatable_torsions(BUTANE, bonds), np.array([float(degrees)]))
    rng = np.random.default_rng(seed)
    p = np.arange(BUTANE.atoms)
    for leaves in bond_graph(BUTANE).leaves:
        p[list(leaves)] = rng.permutation(list(leaves))
    return with_positions(BUTANE, moved(r + rng.normal(scale=0.01, size=r.shape), seed, p, mirror))


def test_conformers_of_butane_are_found_once_each():
    structures = [butane(a, seed) for seed in range(4) for a in (0, -115, 115)]
    energies = [0.0, 0.03, 0.03] * 4
    apart, merged = Catalogue(BUTANE), Catalogue(BUTANE, mirror="merged")
    entries = apart.add(structures, energies)
    assert [e.new for e in entries] == [True] * 3 + [False] * 9
    assert [e.index for e in entries] == [0, 1, 2] * 4
    assert [m.count for m in apart.minima] == [4, 4, 4]
    entries = merged.add(structures, energies)
    assert [e.index for e in entries] == [0, 1, 1] * 4
    assert [m.count for m in merged.minima] == [4, 8]
    assert merged.knows(butane(115, 9), 0.03)
    assert not merged.knows(butane(115, 9), 0.05)
    assert [m.count for m in merged.minima] == [4, 8]  # as they were
    assert entries[2].superposition.mirrored
    assert not entries[4].superposition.mirrored


def test_the_order_within_a_batch_does_not_matter():
    structures = [butane(a, seed) for seed in range(3) for a in (0, -115, 115)]
    energies = [e + 1e-5 * n for n, e in enumerate([0.0, 0.03, 0.03] * 3)]
    order = np.random.default_rng(0).permutation(9)
    one, other = Catalogue(BUTANE), Catalogue(BUTANE)
    here = one.add(structures, energies)
    there = other.add([structures[n] for n in order], [energies[n] for n in order])
    assert [here[n].index for n in order] == [e.index for e in there]
    assert [m.energy for m in one.minima] == [m.energy for m in other.minima]


def test_energies_tell_structures_apart_and_so_do_structures():
    catalogue = Catalogue(BUTANE)
    entries = catalogue.add([butane(0), butane(0), butane(0), butane(-115)], [0.0, 0.0009, 0.0015, 0.0])
    assert [e.index for e in entries] == [0, 0, 2, 1]


def test_a_catalogue_goes_on_with_what_was_known():
    first = Catalogue(BUTANE)
    first.add([butane(0), butane(-115), butane(0, 1)], [0.0, 0.03, 0.0])
    again = Catalogue(BUTANE, minima=[Minimum(m.positions, m.energy, m.count) for m in first.minima])
    assert len(again) == 2
    (entry,) = again.add([butane(-115, 3)], [0.03])
    assert (entry.index, entry.new) == (1, False)
    assert [m.count for m in again.minima] == [2, 2]


def test_clusters_and_water_dimers():
    argon = icosahedron()
    rng = np.random.default_rng(0)
    scrambled = [with_positions(argon, moved(argon.positions, n, rng.permutation(13))) for n in range(5)]
    catalogue = Catalogue(argon)
    assert {e.index for e in catalogue.add(scrambled, [-1.0] * 5)} == {0}
    dimer = together(named("H2O"), shifted(named("H2O"), [0.3, 0.2, 2.9]))
    r = dimer.positions.copy()
    r[4] = r[3] + (r[4] - r[3])[[2, 1, 0]]
    dimer = system(dimer.numbers, r)
    exchanged = with_positions(dimer, moved(r, 7, np.array([3, 4, 5, 0, 2, 1])))
    waters = Catalogue(dimer)
    assert [e.index for e in waters.add([dimer, exchanged], [0.0, 0.0])] == [0, 0]


def relaxed_lennard_jones(atoms, seed):
    """A local minimum of Σ 4 (r⁻¹² - r⁻⁶) from atoms thrown into a ball, and its energy."""
    i, j = np.triu_indices(atoms, 1)
    near = np.eye(atoms)[i] - np.eye(atoms)[j]

    def energy(flat):
        d = near @ flat.reshape(atoms, 3)
        s = np.sum(d**2, axis=1) ** -3
        slope = 4 * (6 * s - 12 * s**2) * s ** (1 / 3)
        return float(np.sum(4 * (s**2 - s))), (near.T @ (slope[:, None] * d)).ravel()

    start = np.random.default_rng(seed).uniform(-1.2, 1.2, 3 * atoms)
    found = minimize(energy, start, jac=True, method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-7, "maxiter": 999})
    return system([18] * atoms, found.x.reshape(atoms, 3)), float(found.fun)


def test_seven_lennard_jones_atoms_have_four_minima_by_their_shapes_alone():
    """Hoare & McInnes, Faraday Discuss. Chem. Soc. 61, 12 (1976), doi:10.1039/DC9766100012; one is chiral."""
    found = [relaxed_lennard_jones(7, seed) for seed in range(80)]
    structures, energies = zip(*(f for f in found if f[1] < -15.5), strict=True)
    assert len(structures) > 60
    merged = Catalogue(structures[0], mirror="merged", window=2.0, tolerance=0.05)
    entries = merged.add(structures, energies)
    four = [-16.505384, -15.935043, -15.593211, -15.533060]
    np.testing.assert_allclose([m.energy for m in merged.minima], four, atol=1e-6)
    for entry, energy in zip(entries, energies, strict=True):
        assert abs(merged.minima[entry.index].energy - energy) < 1e-6
    apart = Catalogue(structures[0], window=2.0, tolerance=0.05)
    apart.add(structures, energies)
    np.testing.assert_allclose([m.energy for m in apart.minima[3:]], [four[3]] * 2, atol=1e-6)
    assert len(apart) == 5


def test_what_is_no_minimum_of_these_atoms_is_refused():
    catalogue = Catalogue(BUTANE)
    with pytest.raises(ValueError, match="same order"):
        catalogue.add([named("isobutane")], [0.0])
    with pytest.raises(ValueError, match="finite energy"):
        catalogue.add([BUTANE], [np.nan])
    with pytest.raises(ValueError, match="finite energy"):
        catalogue.add([BUTANE], [])
    with pytest.raises(ValueError, match="periodic"):
        catalogue.add([system(BUTANE.numbers, BUTANE.positions, 20 * np.eye(3))], [0.0])
    with pytest.raises(ValueError, match="periodic"):
        Catalogue(system([18], [[0.0, 0, 0]], 5 * np.eye(3)))
    with pytest.raises(ValueError, match="apart"):
        Catalogue(BUTANE, mirror="both")
    with pytest.raises(ValueError, match="tolerance"):
        Catalogue(BUTANE, tolerance=0.0)
    assert len(catalogue) == 0
