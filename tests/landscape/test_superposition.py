"""The RMSD does not see what is the same, and sees what is not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moved_structures import (
    decahedron,
    icosahedron,
    moved,
    named,
    neopentane,
    shifted,
    tetrahedral,
    together,
    truncated_octahedron,
    with_positions,
)

from eukrates.analysis.torsions import rotatable_torsions, turned_by
from eukrates.landscape import Relabellings, bond_graph, superpose
from eukrates.landscape.invariants import Invariants
from eukrates.matter import system

WATERS = together(*(shifted(named("H2O"), by) for by in ([0, 0, 0], [2.8, 0.3, 0], [0.9, 2.6, 0.7], [3.1, 2.9, -1.0])))
MADE = {
    "neopentane": neopentane(),
    "icosahedron": icosahedron(),
    "decahedron": decahedron(),
    "truncated octahedron": truncated_octahedron(),
    "waters": WATERS,
    "CHFClBr": tetrahedral(1, 9, 17, 35),
    **{n: named(n) for n in ("CH4", "C2H6", "C6H6", "trans-butane", "isobutane", "CO2", "H2O", "CH3CH2OH", "H", "N2")},
}
RELABELLINGS = {name: Relabellings(bond_graph(structure)) for name, structure in MADE.items()}


def relabelled(name, seed):
    """A random automorphism: the cheapest one for random costs."""
    here = RELABELLINGS[name]
    return here.nearest(np.random.default_rng(seed).uniform(size=(here.graph.atoms, here.graph.atoms)))[0]


def turned(structure, degrees):
    """All torsions of a molecule that can turn, by one angle; of ethane the methyl groups."""
    bonds = bond_graph(structure).bonds
    torsions = rotatable_torsions(structure, bonds)
    return turned_by(structure.positions, bonds, torsions, np.full(len(torsions), float(degrees)))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(MADE)), st.integers(0, 10**6))
def test_turned_shifted_and_relabelled_structures_are_laid_onto_each_other(name, seed):
    r = MADE[name].positions
    other = moved(r, seed, relabelled(name, seed))
    laid = superpose(RELABELLINGS[name], r, other, enough=1e-9)
    assert laid.rmsd < 1e-9
    assert laid.farthest < 4e-9
    assert not laid.mirrored
    y = (other - other.mean(axis=0))[laid.permutation] @ laid.turn
    np.testing.assert_allclose(y, r - r.mean(axis=0), atol=1e-8)
    reflected = superpose(RELABELLINGS[name], r, moved(other, seed, mirror=True), mirror=True, enough=1e-9)
    assert reflected.rmsd < 1e-9


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(sorted(MADE)), st.integers(0, 10**6))
def test_displaced_structures_are_recognised_and_no_invariant_sorts_them_out(name, seed):
    """By the RMSD that the displacements have, if no more can be gained; the invariants stay below."""
    r, here = MADE[name].positions, RELABELLINGS[name]
    step = np.random.default_rng(seed).normal(scale=0.04, size=r.shape)
    other = moved(r + step, seed, relabelled(name, seed))
    laid = superpose(here, r, other, enough=0.1)
    assert laid.rmsd <= np.sqrt(np.mean(np.sum(step**2, axis=1))) + 1e-9 or laid.within(0.1)
    invariants = Invariants(here.graph)
    least = invariants.least_rmsd(invariants.of(r), invariants.of(other)[None])[0]
    assert least <= laid.rmsd + 1e-12


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(["C2H6", "trans-butane", "CH3CH2OH", "CH4", "isobutane"]), st.integers(0, 10**6))
def test_the_exact_rmsd_is_the_least_over_all_relabellings(name, seed):
    here, rng = RELABELLINGS[name], np.random.default_rng(seed)
    x, y = rng.normal(size=(2, here.graph.atoms, 3))
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    for mirror in (False, True):
        laid = superpose(here, x, y, mirror=mirror)
        size = np.linalg.svd(np.swapaxes(y[here.all], 1, 2) @ x, compute_uv=False)
        hand = np.sign(np.linalg.det(np.swapaxes(y[here.all], 1, 2) @ x))
        overlap = size[:, 0] + size[:, 1] + (1.0 if mirror else hand) * size[:, 2]
        least = np.sqrt((np.sum(x**2) + np.sum(y**2) - 2 * overlap.max()) / len(x))
        np.testing.assert_allclose(laid.rmsd, least, rtol=1e-9)
        invariants = Invariants(here.graph)
        assert invariants.least_rmsd(invariants.of(x), invariants.of(y)[None])[0] <= laid.rmsd + 1e-12


def test_atoms_that_are_not_alike_may_not_change_places():
    ethanol = named("CH3CH2OH")
    here = Relabellings(bond_graph(ethanol))
    hydrogens = np.flatnonzero(ethanol.numbers == 1)
    kinds = here.graph.classes[hydrogens]
    one, other = hydrogens[kinds == kinds[0]][0], hydrogens[kinds != kinds[0]][0]
    p = np.arange(ethanol.atoms)
    p[[one, other]] = p[[other, one]]
    assert superpose(here, ethanol.positions, moved(ethanol.positions, 0, p)).rmsd > 0.1


@pytest.mark.parametrize("name", ["CHFClBr", "gauche butane"])
def test_mirror_images_are_apart_unless_reflections_are_allowed(name):
    butane = MADE["trans-butane"]
    structure = MADE["CHFClBr"] if name == "CHFClBr" else with_positions(butane, turned(butane, -115))
    here = Relabellings(bond_graph(structure))
    other = moved(structure.positions, 5, mirror=True)
    assert superpose(here, structure.positions, other).rmsd > 0.2
    laid = superpose(here, structure.positions, other, mirror=True)
    assert laid.rmsd < 1e-9
    assert laid.mirrored


def test_gauche_butane_from_both_sides():
    butane = MADE["trans-butane"]
    plus, minus = turned(butane, -115), turned(butane, 115)
    here = RELABELLINGS["trans-butane"]
    assert superpose(here, plus, minus).rmsd > 0.2
    assert superpose(here, plus, minus, mirror=True).rmsd < 1e-6
    assert superpose(here, plus, butane.positions, mirror=True).rmsd > 0.2


def test_two_arrangements_of_13_atoms_differ():
    here = RELABELLINGS["icosahedron"]
    x, y = MADE["icosahedron"].positions, MADE["decahedron"].positions
    for seed in range(3):
        p = np.random.default_rng(seed).permutation(13)
        assert superpose(here, x, moved(y, seed, p), mirror=True, enough=0.3).rmsd > 0.3


def test_waters_change_places_only_as_wholes():
    pair = together(named("H2O"), shifted(named("H2O"), [0.4, 2.8, 0.7]))
    r = pair.positions.copy()
    r[3:] = r[3] + (r[3:] - r[3])[:, [1, 2, 0]]  # the second one is turned: the two play different parts
    here = Relabellings(bond_graph(system(pair.numbers, r)))
    assert superpose(here, r, moved(r, 0, np.array([3, 5, 4, 0, 1, 2]))).rmsd < 1e-9
    assert superpose(here, r, moved(r, 0, np.array([0, 1, 4, 3, 2, 5]))).rmsd > 0.1


def test_a_hydroxyl_of_many_atoms_counts():
    """One atom far off is not within a tolerance that the RMSD keeps."""
    r = np.random.default_rng(0).normal(scale=4.0, size=(100, 3))
    far = r.copy()
    far[0] += [0.0, 0.0, 1.0]
    here = Relabellings(bond_graph(system([18] * 100, r)))
    laid = superpose(here, r, far, enough=0.125)
    assert laid.rmsd < 0.125
    assert not laid.within(0.125)
