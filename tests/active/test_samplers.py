"""Samplers: what they may change in a structure, and what not."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from eukrates.active import Dimers, Dynamics, Modes, Torsions
from eukrates.active.sampler import crowded
from eukrates.analysis.torsions import rotatable_torsions, torsion_angles, turned_by
from eukrates.data import to_system
from eukrates.elements import COVALENT_RADII
from eukrates.matter.bonds import find_bonds
from eukrates.models import ANI
from eukrates.numerics import sum_by
from eukrates.physics.zbl import ZBL
from eukrates.potential import Ensemble, Potential, Prediction, deviation, predict


def stated(name):
    atoms = molecule(name)
    atoms.info.update(charge=0, spin=0)
    return atoms


@pytest.fixture(scope="module")
def ensemble():
    shape = {"radial": {"cutoff": 4.0, "eta": 8.0, "shifts": [1.0, 2.0, 3.0]}, "hidden": (8,)}
    shape["angular"] = {"cutoff": 3.0, "eta": 8.0, "zeta": 8.0, "shifts": [1.5], "sections": [0.5, 1.5, 2.5]}
    members = tuple(ANI(["H", "C", "O"], **shape, scale=0.02, key=jax.random.key(n)) + ZBL() for n in range(2))
    return Ensemble(members)


def rho(potential, atoms):
    found = predict(potential, potential.graph(to_system(atoms)), ("energy",))
    return float(deviation(found)[0]) / len(atoms) ** 0.5


def lengths(atoms, pairs):
    return np.array([atoms.get_distance(*p) for p in pairs])


def test_turned_bonds_keep_lengths_and_angles_and_move_torsions_as_asked():
    start = stated("CH3CH2OCH3")
    structure = to_system(start)
    bonds = find_bonds(structure)
    torsions = rotatable_torsions(structure, bonds)
    assert len(torsions) == 1
    turned = start.copy()
    turned.positions = turned_by(start.positions, bonds, torsions, np.array([-110.0]))
    before, after = (torsion_angles(structure, a.positions[None], torsions)[0] for a in (start, turned))
    np.testing.assert_allclose((after - before + 180) % 360 - 180, [-110.0], atol=1e-8)
    np.testing.assert_allclose(lengths(turned, bonds), lengths(start, bonds), atol=1e-10)
    around = {a: [b for pair in bonds.tolist() if a in pair for b in pair if b != a] for a in range(len(start))}
    corners = [(b, a, c) for a, others in around.items() for b in others for c in others if b < c]
    angles = lambda atoms: np.array([atoms.get_angle(*corner) for corner in corners])
    np.testing.assert_allclose(angles(turned), angles(start), atol=1e-8)


def test_a_bond_in_a_ring_does_not_turn():
    ring = stated("C3H6_D3h")
    with pytest.raises(ValueError, match="in one ring"):
        turned_by(ring.positions, find_bonds(to_system(ring)), np.array([[3, 0, 1, 4]]), np.array([10.0]))


def test_torsions_sample_all_angles_and_pass_over_what_cannot_turn(ensemble):
    starts = [stated("CH3CH2OCH3"), stated("CH4")]
    found = Torsions(40)(ensemble, starts, 0.01, np.random.default_rng(0))
    assert 10 < len(found) <= 20
    assert all(atoms.info["sampled_by"] == "torsions" and atoms.info["charge"] == 0 for atoms in found)
    structure = to_system(starts[0])
    torsions = rotatable_torsions(structure, find_bonds(structure))
    angles = torsion_angles(structure, np.array([atoms.positions for atoms in found]), torsions)
    assert np.ptp(angles) > 250
    assert not any(crowded(atoms) for atoms in found)


def test_modes_move_atoms_by_thermal_amplitudes_and_nothing_as_a_whole(ensemble):
    start = stated("CH3OH")
    found = Modes(structures=1, count=30, temperature_kelvin=300.0)(ensemble, [start], 0.01, np.random.default_rng(0))
    assert len(found) == 30
    moved = np.array([atoms.positions - start.positions for atoms in found])
    masses = start.get_masses()
    np.testing.assert_allclose(np.einsum("a,nax->nx", masses, moved), 0.0, atol=1e-9)
    turning = np.einsum("a,nax->nx", masses, np.cross(start.positions - start.get_center_of_mass(), moved))
    np.testing.assert_allclose(turning, 0.0, atol=1e-9)
    assert 0.01 < np.sqrt(np.mean(moved**2)) < 1.0


class Wells(Potential):
    """(r² - length²)² / length² eV/Å² between all pairs of atoms: a cluster that never falls apart."""

    length: jax.Array
    cutoff, far_cutoff, elements, needs = 100.0, None, None, ()

    def __call__(self, graph):
        s, near = graph.system, graph.near
        square = jnp.sum(graph.half_vectors(near) ** 2, axis=1)
        pair = jnp.where(near.real[: near.half], (square / self.length**2 - 1) ** 2 * self.length**2, 0.0)
        energy = sum_by(pair.astype(s.positions.dtype), s.owner[near.i[: near.half]], s.systems)
        return Prediction(energy=energy, terms={"wells": energy})


def test_dynamics_stops_where_the_ensemble_does_not_know():
    members = Ensemble((Wells(jnp.array(2.5)), Wells(jnp.array(2.51))))
    starts = [Atoms("Cu3", [[0, 0, 0], [2.5, 0, 0], [1.25, 2.165, 0]]), Atoms("Cu2", [[0, 0, 0], [2.5, 0, 0]])]
    limit = 0.005
    assert max(rho(members, atoms) for atoms in starts) < limit / 3
    sampler = Dynamics(4, temperatures_kelvin=(1000.0, 1.0), time_ps=0.5, every_fs=100.0, timestep_fs=1.0)
    found = sampler(members, starts, limit, np.random.default_rng(1))
    again = sampler(members, starts, limit, np.random.default_rng(1))
    kelvin = [atoms.info["temperature_kelvin"] for atoms in found]
    replicas = np.cumsum([0, *(one != other for one, other in pairwise(kelvin))])  # they take turns
    assert replicas[-1] == 3
    for atoms, same in zip(found, again, strict=True):
        assert np.array_equal(atoms.positions, same.positions)
    for n in range(4):
        frames = [atoms for atoms, replica in zip(found, replicas, strict=True) if replica == n]
        hot, times = frames[-1].info["temperature_kelvin"] == 1000.0, [atoms.info["time_fs"] for atoms in frames]
        assert times == [*np.arange(100.0, times[-1], 100.0), times[-1]]
        assert (times[-1] < 500.0) == hot
        assert all(rho(members, atoms) < (1.2 if hot else 0.5) * limit for atoms in frames)
        assert (rho(members, frames[-1]) > limit) == hot


def test_dimers_touch_as_wanted_and_add_their_charges(ensemble):
    ion = Atoms("OH", [[0, 0, 0], [0, 0, 0.97]], info={"charge": -1, "spin": 0})
    radical = Atoms("OH", [[0, 0, 0], [0, 0, 0.97]], info={"charge": 0, "spin": 1})
    sampler = Dimers(count=12, closest=1.6, farthest=2.2)
    found = sampler(ensemble, [stated("H2O"), ion, radical], 0.01, np.random.default_rng(0))
    assert len(found) == 12
    for atoms in found:
        first = 3 if atoms.get_chemical_symbols()[:3] == ["O", "H", "H"] else 2
        assert atoms.info["charge"] == -(first == 2) - (len(atoms) - first == 2)
        radii = COVALENT_RADII[atoms.numbers]
        apart = atoms.get_all_distances() / (radii[:, None] + radii)
        closest = apart[:first, first:].min()
        assert 1.6 - 0.05 < closest <= 2.2
        assert closest == pytest.approx(atoms.info["contact"], abs=0.06)


@pytest.mark.parametrize("kind", [Dimers, Dynamics, Modes, Torsions])
def test_samplers_refuse_what_cannot_be(kind):
    with pytest.raises(ValueError, match="Expected"):
        kind(**{"replicas" if kind is Dynamics else "count": 0})
