"""Structures come to rest, many at once, each as if it were alone; what cannot is told."""

from dataclasses import replace
from itertools import count

import ase.io
import equinox as eqx
import jax
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.constraints import FixAtoms, FixBondLength
from harmonic_toys import network
from landscape_toys import CLUSTER, SOLID, Rods
from moved_structures import zigzag
from scipy.interpolate import CubicSpline

from eukrates.analysis.torsions import rotatable_torsions, turned_by
from eukrates.app.relaxation import relax_file
from eukrates.data import to_system
from eukrates.landscape import FIRE, LBFGS, Target, bond_graph, quench, relax
from eukrates.landscape.descent import FAR, Ending
from eukrates.landscape.model_hessian import SOFTEST, model_hessian, topology
from eukrates.numerics import to_device
from eukrates.potential import predict
from eukrates.units import GPA

LJ7, LJ13 = -16.505384, -44.326801  # ε; Wales & Doye, J. Phys. Chem. A 101, 5111 (1997), doi:10.1021/jp970984n
TIGHT = Target(force=1e-5, steps=2000)


def gas(atoms: int, seed: int) -> Atoms:
    """Atoms in a box, none on top of another."""
    rng = np.random.default_rng(seed)
    places = np.stack(np.meshgrid(*[np.arange(3.0)] * 3), -1).reshape(-1, 3)
    return Atoms(f"Ar{atoms}", rng.permutation(places)[:atoms] + rng.uniform(-0.2, 0.2, (atoms, 3)))


@pytest.fixture(scope="module")
def clusters():
    return [gas(7 if n % 3 == 0 else 13, seed=n) for n in range(24)]


@pytest.fixture(scope="module", params=[LBFGS(), FIRE()], ids=["lbfgs", "fire"])
def relaxed(request, clusters):
    return relax(CLUSTER, clusters, TIGHT, request.param)


def test_clusters_rest_where_their_forces_vanish_and_some_in_the_lowest_minimum(clusters, relaxed):
    assert all(one.converged and one.force <= TIGHT.force for one in relaxed)
    assert [one.structure.atoms for one in relaxed] == [len(atoms) for atoms in clusters]
    for size, lowest in ((7, LJ7), (13, LJ13)):
        energies = [one.energy for one in relaxed if one.structure.atoms == size]
        assert min(energies) > lowest - 1e-6
    assert min(one.energy for one in relaxed if one.structure.atoms == 7) == pytest.approx(LJ7, abs=1e-6)
    for one in relaxed[:4]:
        told = predict(CLUSTER, CLUSTER.graph(one.structure))
        np.testing.assert_allclose(one.energy, told.energy[0], atol=1e-9)
        np.testing.assert_allclose(one.forces, told.forces, atol=1e-8)


def test_each_goes_where_it_goes_alone(clusters):
    together = relax(CLUSTER, clusters[:7], TIGHT)
    alone = [relax(CLUSTER, [atoms], TIGHT)[0] for atoms in clusters[:2]]
    for one, other in zip(together, alone, strict=False):
        np.testing.assert_allclose(one.energy, other.energy, atol=1e-8)
        np.testing.assert_allclose(one.structure.positions, other.structure.positions, atol=1e-3)


def test_a_stream_is_drawn_only_as_there_is_room(clusters):
    drawn = []

    def endless():
        for n in count():
            drawn.append(n)
            yield clusters[1]

    stream = quench(CLUSTER, endless(), Target(force=1e-3), together=4 * 13)
    first = [next(stream) for _ in range(6)]
    assert len(drawn) <= 6 + 4 + 1
    assert sorted(n for n, _ in first)[0] == 0
    assert len({round(one.energy, 4) for _, one in first}) == 1


def test_fixed_atoms_stay():
    atoms = gas(13, seed=3)
    atoms.set_constraint(FixAtoms([0, 5]))
    (one,) = relax(CLUSTER, [atoms], TIGHT)
    assert one.converged
    np.testing.assert_array_equal(one.structure.positions[[0, 5]], atoms.positions[[0, 5]])
    assert np.abs(one.forces[[0, 5]]).max() > 1e-2  # they are held
    assert np.abs(np.delete(one.forces, [0, 5], axis=0)).max() <= TIGHT.force


def test_molecules_with_a_model_of_the_hessian_rest_too():
    ethane = molecule("C2H6")
    ethane.set_constraint(FixAtoms([0]))
    for start in (ethane, molecule("CH4")):
        start.rattle(0.05, seed=4)
        (one,) = relax(Rods(length=1.7), [start], Target(force=1e-4))
        assert one.converged
    (held,) = relax(Rods(length=1.7), [ethane], Target(force=1e-4))
    np.testing.assert_array_equal(held.structure.positions[0], ethane.positions[0])


@pytest.fixture(scope="module")
def coils():
    """Hexane, stretched, on a surface where it is coiled; and how it was stretched in two other ways."""
    hexane = to_system(Atoms("C6H14", zigzag(6)))
    bonds = bond_graph(hexane).bonds
    turns = rotatable_torsions(hexane, bonds)
    turned = lambda degrees: turned_by(hexane.positions, bonds, turns, np.full(len(turns), degrees))
    potential = network(Atoms("C6H14", turned(110.0)), stiffness=2.0)
    return potential, [replace(hexane, positions=turned(degrees)) for degrees in (15.0, 25.0, 50.0)]


def test_molecules_that_go_far_do_not_mind_their_company(coils):
    """Models of the Hessian are made anew on the way, at places that hang on the molecule alone."""
    potential, starts = coils
    orders = [0, 1, 2, 2], [1, 1, 0, 2], [2, 0, 1, 0]
    found = [relax(potential, [starts[n] for n in order], Target()) for order in orders]
    for n, start in enumerate(starts):
        each = [some[k] for order, some in zip(orders, found, strict=True) for k in np.flatnonzero(np.equal(order, n))]
        assert all(one.converged for one in each)
        assert np.linalg.norm(each[0].structure.positions - start.positions, axis=1).max() > FAR
        assert len({one.steps for one in each}) == 1
        for one in each[1:]:
            np.testing.assert_allclose(one.structure.positions, each[0].structure.positions, atol=1e-6)


def test_an_atom_that_comes_off_leaves_the_old_model():
    """Alone it has no bond, and a molecule with such an atom has no model of the Hessian."""
    methane = molecule("CH4")
    apart = methane.copy()
    apart.positions[1] *= 6
    (found,) = relax(network(apart, stiffness=1.0), [methane], Target(force=1e-4, steps=2000))
    assert found.converged
    assert topology(found.structure) is None


@pytest.mark.parametrize(("cell", "pressure"), [("isotropic", 0.0), ("full", 0.0), ("full", 2.0)])
def test_a_crystal_finds_its_cell(cell, pressure):
    crystal = bulk("Ar", "fcc", a=5.0, cubic=True) * (2, 2, 2)
    if cell == "full":
        crystal.set_cell(crystal.cell @ (np.eye(3) + 0.04 * np.array([[1, 1, 0], [1, -1, 1], [0, 1, 0]])), True)
    crystal.rattle(0.05, seed=1)
    (one,) = relax(SOLID, [crystal], Target(1e-5, 2000, cell, pressure, 1e-4))
    assert one.converged
    assert one.stress_gpa < 1e-4
    volume = np.abs(np.linalg.det(one.structure.cell[0]))
    np.testing.assert_allclose(one.energy, predict(SOLID, SOLID.graph(one.structure), ["energy"]).energy[0], atol=1e-5)
    np.testing.assert_allclose(one.enthalpy - one.energy, pressure * GPA * volume, atol=1e-9)
    spacing = np.linspace(4.7, 5.4, 15)
    enthalpies = [lattice_sum(bulk("Ar", "fcc", a=a, cubic=True), pressure * GPA) for a in spacing]
    best = CubicSpline(spacing, enthalpies).derivative().roots(extrapolate=False)
    edge = np.abs(np.linalg.det(one.structure.cell[0])) ** (1 / 3) / 2
    np.testing.assert_allclose(edge, best, atol=1e-3)
    shape = one.structure.cell[0] / (2 * edge)
    np.testing.assert_allclose(shape @ shape.T, np.eye(3), atol=1e-4)


def test_the_stress_that_an_isotropic_cell_is_relaxed_to_is_the_mean_normal_one():
    crystal = bulk("Ar", "fcc", a=5.2, cubic=True)
    crystal.set_cell(crystal.cell * [1.03, 1.0, 1.0], scale_atoms=True)
    (one,) = relax(SOLID, [crystal], Target(1e-5, 2000, "isotropic", 0.2, 0.01))
    assert one.converged
    beyond = predict(SOLID, SOLID.graph(one.structure), ["stress"]).stress[0] / GPA + 0.2 * np.eye(3)
    np.testing.assert_allclose(one.stress_gpa, abs(np.trace(beyond)) / 3, atol=1e-4)
    assert one.stress_gpa < 0.01 < np.abs(beyond).max()  # it is longer along x, and stays so


def test_fixed_atoms_keep_their_place_within_a_cell_that_relaxes():
    crystal = bulk("Ar", "fcc", a=5.0, cubic=True)
    crystal.rattle(0.1, seed=1)
    crystal.set_constraint(FixAtoms([1, 2]))
    before = crystal.get_scaled_positions(wrap=False)
    (one,) = relax(SOLID, [crystal], Target(1e-3, 2000, "full", 0.0, 0.01))
    assert one.converged
    after = one.structure.positions @ np.linalg.inv(one.structure.cell[0])
    np.testing.assert_allclose(after[[1, 2]], before[[1, 2]], atol=1e-9)
    assert np.abs(after - before)[[0, 3]].max() > 1e-3
    assert np.abs(one.structure.positions - crystal.positions)[[1, 2]].max() > 0.01


def lattice_sum(crystal: Atoms, pressure: float) -> float:
    """Enthalpy, eV."""
    energy = predict(SOLID, SOLID.graph(to_system(crystal)), ["energy"]).energy[0]
    return float(energy) + pressure * crystal.get_volume()


def test_what_fails_is_told_and_hinders_nobody():
    close = Atoms("C2", [[0, 0, 0], [0, 0, 0.4]])  # NaN there
    good = Atoms("C2", [[0, 0, 0], [0, 0, 1.2]])
    failed, fine = relax(Rods(), [close, good])
    assert failed.ending == Ending.NOT_FINITE
    np.testing.assert_array_equal(failed.structure.positions, close.positions)
    assert np.isnan([failed.energy, failed.enthalpy]).all()
    assert np.isnan(failed.forces).all()
    assert failed.forces.shape == (2, 3)
    assert failed.force == np.inf
    assert fine.converged
    np.testing.assert_allclose(np.linalg.norm(np.diff(fine.structure.positions, axis=0)), 1.5, atol=1e-3)
    (short,) = relax(CLUSTER, [gas(13, 1)], Target(steps=5))
    assert (short.ending, short.steps, short.converged) == (Ending.OUT_OF_STEPS, 5, False)


def test_what_is_not_finite_has_no_energy_and_no_forces_in_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr("eukrates.app.opening.load", lambda path: Rods())
    ase.io.write(tmp_path / "starts.xyz", [Atoms("C2", [[0, 0, 0], [0, 0, r]]) for r in (0.4, 1.2)], "extxyz")
    table, failures = relax_file("rods", tmp_path / "starts.xyz", tmp_path / "out.xyz")
    assert failures == ["frame 0: not finite"]
    assert "–" in table.text()
    broken, fine = ase.io.read(tmp_path / "out.xyz", ":")
    assert broken.calc is None
    assert "forces" not in broken.arrays
    assert (broken.info["relaxed"], fine.info["relaxed"]) == (False, True)
    assert set(fine.calc.results) == {"energy", "forces"}


def test_what_cannot_be_relaxed_is_refused():
    bonded = molecule("H2O")
    bonded.set_constraint(FixBondLength(0, 1))
    still = molecule("H2O")
    still.set_constraint(FixAtoms([0, 1, 2]))
    for start, words in ((bonded, "FixBondLength"), (still, "nothing to relax")):
        with pytest.raises(ValueError, match=words):
            relax(Rods(), [start])
    with pytest.raises(ValueError, match="no volume"):
        relax(Rods(), [molecule("H2O")], Target(cell="full"))
    with pytest.raises(ValueError, match="knows Ar"):
        relax(CLUSTER, [molecule("H2O")])
    with pytest.raises(ValueError, match="Unknown cell"):
        Target(cell="some")
    with pytest.raises(ValueError, match="needs a cell"):
        Target(pressure_gpa=1.0)


def test_the_model_of_the_hessian_is_stiff_along_bonds_and_soft_for_the_whole():
    ethane = molecule("C2H6")
    with jax.enable_x64(True):
        known = to_device(topology(to_system(ethane)))
        moving = np.ones(8, bool)
        told = eqx.filter_jit(model_hessian)(to_device(ethane.positions), to_device(moving), known)
        told = np.asarray(told).reshape(24, 24)
    np.testing.assert_allclose(told, told.T, atol=1e-12)
    values = np.linalg.eigvalsh(told)
    np.testing.assert_allclose(values[:6], SOFTEST, atol=1e-9)  # translations and rotations
    assert values[6] > SOFTEST + 0.01
    assert 20 < values[-1] < 200
