"""The ASE door: what comes out equals a direct `predict`, in ASE's units, order and types."""

import ase
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ase.build import bulk, molecule
from ase.calculators.calculator import PropertyNotImplementedError
from ase.calculators.fd import calculate_numerical_stress
from ase.md.verlet import VelocityVerlet
from ase.optimize import BFGS
from ase.units import fs

from eukrates.data.atoms import to_system
from eukrates.interfaces.ase import Calculator
from eukrates.matter import graph
from eukrates.models import SO3LR, SO3krates, save
from eukrates.numerics import norm, sum_by
from eukrates.physics.zbl import ZBL
from eukrates.potential import Potential, Prediction, predict
from eukrates.radial.cutoffs import polynomial
from eukrates.testing import shaken


class Morse(Potential):
    """D ((1 - exp(-a (r - r0)))² - 1) between all atoms, with charges and a dipole that depend on nothing."""

    well: np.ndarray
    cutoff: float = eqx.field(static=True, default=5.0)
    needs: tuple = eqx.field(static=True, default=())
    far_cutoff = None
    elements = None

    def __call__(self, graph):
        s, e = graph.system, graph.near
        r = norm(graph.half_vectors(e))
        depth = self.well.astype(r.dtype)
        pair = depth * ((1 - jnp.exp(-1.5 * (r - 1.5))) ** 2 - 1) * polynomial(r, self.cutoff)
        half = jnp.where(e.real[: e.half], pair, 0.0) / 2
        energies = sum_by(half, e.i[: e.half], s.atoms) + sum_by(half, e.j[: e.half], s.atoms)
        energy = sum_by(energies, s.owner, s.systems)
        if s.charge is not None:
            energy = energy + s.charge
        charges = jnp.where(s.real, 0.25, 0.0)
        dipole = sum_by(charges[:, None] * s.positions, s.owner, s.systems)
        return Prediction(energy=energy, terms={"morse": energy}, energies=energies, charges=charges, dipole=dipole)


class Bare(Potential):
    """An energy and nothing else."""

    cutoff = 2.0
    far_cutoff = None
    elements = ("H", "C", "O")
    needs = ()

    def __call__(self, graph):
        energy = sum_by(jnp.sum(graph.system.positions**2, axis=1), graph.system.owner, graph.system.systems)
        return Prediction(energy=energy, terms={"bare": energy})


MORSE = Morse(np.array(0.4, np.float32))


@pytest.fixture(scope="module")
def calculator():
    return Calculator(MORSE + ZBL(), precision="float64")


def cluster(n=5, seed=1):
    rng = np.random.default_rng(seed)
    corners = 1.6 * np.array([[i % 2, i // 2 % 2, i // 4] for i in range(n)])
    return ase.Atoms(f"C{n}", corners + rng.normal(0, 0.1, (n, 3)))


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_results_equal_a_direct_prediction(precision):
    atoms = cluster()
    atoms.calc = Calculator(MORSE, precision=precision)
    structure = to_system(atoms)
    direct = predict(MORSE, graph(structure, MORSE.cutoff))
    close = 1e-6 if precision == "float32" else 1e-7  # the depth 0.4 itself is a float32
    assert atoms.get_potential_energy() == pytest.approx(direct.energy[0], rel=close)
    np.testing.assert_allclose(atoms.get_forces(), direct.forces, rtol=close, atol=close)
    np.testing.assert_allclose(atoms.get_potential_energies().sum(), atoms.get_potential_energy())
    np.testing.assert_allclose(atoms.get_charges(), 0.25)
    np.testing.assert_allclose(atoms.get_dipole_moment(), 0.25 * atoms.positions.sum(axis=0))
    results = atoms.calc.results
    assert results["free_energy"] == results["energy"] == results["energy_terms"]["morse"]
    assert type(results["energy"]) is float
    assert all(v.dtype == np.float64 for v in results.values() if isinstance(v, np.ndarray))
    assert results["forces"].flags.writeable


def test_only_what_the_potential_knows_is_offered():
    assert {"energies", "charges", "dipole"} <= set(Calculator(MORSE).implemented_properties)
    bare = Calculator(Bare())
    assert set(bare.implemented_properties) == {"energy", "free_energy", "forces", "stress"}
    with pytest.raises(PropertyNotImplementedError):
        bare.get_property("charges", cluster())


def test_bfgs_finds_the_minimum():
    atoms = cluster(3)
    atoms.calc = Calculator(MORSE, precision="float64")
    assert BFGS(atoms, logfile=None).run(fmax=1e-6, steps=200)
    assert np.ptp(atoms.get_all_distances()[np.triu_indices(3, 1)]) < 1e-5  # an equilateral triangle
    r = np.linspace(1.2, 2.0, 4001)
    pair = 0.4 * ((1 - np.exp(-1.5 * (r - 1.5))) ** 2 - 1) * np.asarray(polynomial(r, 5.0))
    assert atoms.get_potential_energy() == pytest.approx(3 * pair.min(), rel=1e-5)


def test_stress_equals_finite_differences_of_ase(calculator):
    atoms = bulk("C", "diamond", 3.4, cubic=True)
    atoms.rattle(0.1, seed=3)
    strain = 0.05 * np.random.default_rng(0).normal(size=(3, 3))
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + strain), scale_atoms=True)
    atoms.calc = calculator
    numeric = calculate_numerical_stress(atoms, eps=1e-5)
    np.testing.assert_allclose(atoms.get_stress(), numeric, atol=1e-6)
    assert atoms.get_stress().shape == (6,)


def test_no_stress_without_a_volume(calculator):
    for pbc in (False, (True, True, False)):
        atoms = bulk("C", "diamond", 3.4, cubic=True)
        atoms.pbc = pbc
        atoms.calc = calculator
        with pytest.raises(PropertyNotImplementedError, match="not periodic along three axes"):
            atoms.get_stress()
        assert np.isfinite(atoms.get_forces()).all()


def test_single_atom_has_no_forces(calculator):
    atoms = ase.Atoms("H")
    atoms.calc = calculator
    assert atoms.get_potential_energy() == 0.0
    np.testing.assert_array_equal(atoms.get_forces(), np.zeros((1, 3)))


def test_one_calculator_serves_any_structure(calculator):
    potential = MORSE + ZBL()
    waters = molecule("H2O")
    chain = ase.Atoms("C40", 1.5 * np.arange(40)[:, None] * [[1.0, 0, 0]])
    crystal = bulk("C", "diamond", 3.4, cubic=True)
    for atoms in (waters, chain, crystal, waters, cluster(4)):
        direct = predict(potential, graph(to_system(atoms), potential.cutoff))
        atoms.calc = calculator
        np.testing.assert_allclose(atoms.get_potential_energy(), direct.energy[0], rtol=1e-6)
        np.testing.assert_allclose(atoms.get_forces(), direct.forces, rtol=1e-5, atol=1e-6)


def test_a_moving_structure_gets_new_neighbours_in_time(calculator):
    """A long chain that folds: far more than the skin, in small steps and in one jump."""
    chain = ase.Atoms("C40", 1.5 * np.arange(40)[:, None] * [[1.0, 0, 0]])
    chain.calc = calculator
    fresh = lambda: predict(MORSE + ZBL(), graph(to_system(chain), 5.0)).energy[0]
    lists = []
    for bend in (0.0, 0.001, 0.002, 0.02, 0.1, 2.0):
        angle = bend * np.arange(40) / 10
        chain.positions = np.cumsum(1.5 * np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1), axis=0)
        assert chain.get_potential_energy() == pytest.approx(fresh(), rel=1e-6)
        lists.append(calculator._list)
    assert lists[0] is lists[1]  # kept while atoms move little
    assert lists[-1] is not lists[-2]


def test_charge_is_required_where_it_matters_and_noticed_when_it_changes():
    charged = Morse(np.array(0.4, np.float32), needs=("charge",))
    atoms = cluster(3)
    atoms.calc = Calculator(charged)
    with pytest.raises(ValueError, match="depends on charge"):
        atoms.get_potential_energy()
    atoms.info["charge"] = 0
    neutral = atoms.get_potential_energy()
    atoms.info["charge"] = 1
    assert atoms.get_potential_energy() == pytest.approx(neutral + 1)
    atoms.calc = Calculator(charged, charge=2)  # the explicit choice wins
    assert atoms.get_potential_energy() == pytest.approx(neutral + 2)


def test_an_unknown_element_is_refused():
    gold = ase.Atoms("Au2", [[0, 0, 0], [0, 0, 2.5]])
    gold.calc = Calculator(Bare())
    with pytest.raises(ValueError, match="knows H, C, O and was given Au"):
        gold.get_potential_energy()


def test_unknown_choices_are_refused_with_the_near_miss():
    with pytest.raises(TypeError, match="Did you mean 'charge'"):
        Calculator(MORSE, chrage=1)
    with pytest.raises(ValueError, match="float32, float64"):
        Calculator(MORSE, precision="double")
    with pytest.raises(TypeError, match="otential"):
        Calculator(3.0)


def test_a_model_file_is_as_good_as_the_model(tmp_path):
    options = {"features": 8, "layers": 1, "heads": 2, "degrees": (1, 2), "basis_size": 4}
    options["e0"] = {"H": -13.5, "O": -2e3}
    model = SO3krates(["H", "O"], key=jax.random.key(0), **options)
    save(model, tmp_path / "model.safetensors")
    water, results = molecule("H2O"), []
    for source in (model, str(tmp_path / "model.safetensors"), tmp_path / "model.safetensors"):
        water.calc = Calculator(source)
        results.append((water.get_potential_energy(), water.get_forces()))
        assert water.get_forces().dtype == np.float64
    assert results[0][0] == results[1][0] == results[2][0]
    np.testing.assert_array_equal(results[0][1], results[1][1])
    assert sum(water.calc.results["energy_terms"].values()) == pytest.approx(results[0][0])
    double = Calculator(model, precision="float64").get_property("energy", water)
    assert 0 < abs(double - results[0][0]) < 1e-4  # features in float32 cost little, though the energy is 2000 eV


def test_ase_dynamics_conserves_energy():
    atoms = cluster(5)
    atoms.calc = Calculator(MORSE, precision="float64")
    BFGS(atoms, logfile=None).run(fmax=0.05)
    atoms.set_momenta(np.random.default_rng(0).normal(0, 0.3, (5, 3)))
    dynamics = VelocityVerlet(atoms, 0.5 * fs)
    start = atoms.get_total_energy()
    dynamics.run(100)
    assert abs(atoms.get_total_energy() - start) < 1e-4


def so3lr(**choices) -> SO3LR:
    heads = {"charge": True, "spin": True, "partial_charges": True, "hirshfeld_ratios": True}
    small = {"features": 8, "layers": 1, "heads": 2, "degrees": (1, 2), "cutoff": 3.0, "basis_size": 4}
    network = shaken(SO3krates(("H", "C", "O"), **small, **heads, key=jax.random.key(0)), seed=1)
    return SO3LR(network, **({"far_cutoff": 6.0} | choices))


def test_long_range_physics_is_chosen_by_name_and_everything_it_knows_comes_out():
    atoms = molecule("CH3CH2OH", info={"charge": 0, "spin": 0})
    atoms.calc = Calculator(so3lr(), far_cutoff=9.0, electrostatics="none")
    expected = predict(so3lr(far_cutoff=9.0, electrostatics="none"), graph(to_system(atoms), 3.0, 9.0))
    assert atoms.get_potential_energy() == pytest.approx(expected.energy[0], abs=1e-6)
    np.testing.assert_allclose(atoms.get_charges(), expected.charges, atol=1e-6)
    np.testing.assert_allclose(atoms.get_dipole_moment(), expected.dipole[0], atol=1e-6)
    np.testing.assert_allclose(atoms.calc.results["hirshfeld_ratios"], expected.hirshfeld_ratios, atol=1e-6)
    assert set(atoms.calc.results["energy_terms"]) == {"network", "atoms", "zbl", "dispersion"}
    parts = Calculator(so3lr()).forces_by_term(atoms)
    assert "electrostatics" in parts
    atoms.calc = Calculator(so3lr())
    np.testing.assert_allclose(sum(parts.values()), atoms.get_forces(), atol=1e-5)


@pytest.mark.parametrize(
    ("potential", "choices", "message"),
    [
        (ZBL(), {"far_cutoff": 9.0}, "ZBL has no long-range physics, so far_cutoff cannot be chosen"),
        (so3lr(), {"electrostatics": "cutof"}, "Unknown electrostatics 'cutof'. Known: cutoff"),
        (so3lr(), {"far_cutoff": 1.0}, "fade < far_cutoff"),
    ],
)
def test_long_range_choices_that_cannot_be_are_refused(potential, choices, message):
    with pytest.raises(ValueError, match=message):
        Calculator(potential, **choices)


def test_ewald_is_for_cells_that_are_periodic_along_three_axes():
    atoms = molecule("CH3CH2OH", info={"charge": 0, "spin": 0})
    atoms.calc = Calculator(so3lr(), electrostatics="ewald")
    with pytest.raises(ValueError, match="periodic along three axes"):
        atoms.get_potential_energy()
    atoms.cell, atoms.pbc = np.eye(3) * 7.0, True
    stress = atoms.get_stress()
    atoms.calc = Calculator(so3lr(), precision="float64", electrostatics="ewald")
    np.testing.assert_allclose(stress, calculate_numerical_stress(atoms, 1e-5), atol=2e-6)
