"""The Hessian by automatic differentiation is the one of finite differences, for toys and for SO3LR."""

import json

import jax
import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from harmonic_toys import network, relaxed

from eukrates.data import to_system
from eukrates.landscape import expansion, infrared_intensities, vibrations
from eukrates.models.so3krates.published import so3lr
from eukrates.numerics import cast
from eukrates.physics.lennard_jones import LennardJones
from eukrates.potential import Potential, predict
from eukrates.potential.evaluator import Evaluator
from eukrates.potential.prediction import Prediction

STEP = 2e-3  # Å


def by_differences(potential: Potential, atoms: Atoms) -> np.ndarray:
    """-∂F/∂r of fourth order in the step, [3 atoms, 3 atoms]."""
    moved = []
    for n in range(3 * len(atoms)):
        for steps in (1, -1, 2, -2):
            there = atoms.copy()
            there.positions.reshape(-1)[n] += steps * STEP
            moved.append(to_system(there))
    answers = Evaluator(cast(potential, "float64"), batch_size=32).ask(moved)
    forces = np.array([answer.forces.ravel() for answer in answers])
    one, back, two, twice_back = forces.reshape(-1, 4, 3 * len(atoms)).transpose(1, 0, 2)
    return -(8 * (one - back) - (two - twice_back)) / (12 * STEP)


def relative_error(potential: Potential, atoms: Atoms) -> float:
    found = expansion(potential, to_system(atoms)).hessian.reshape(3 * len(atoms), -1)
    np.testing.assert_array_equal(found, found.T)
    assert np.abs(found.reshape(3 * len(atoms), -1, 3).sum(axis=1)).max() < 1e-10 * np.abs(found).max()
    return float(np.abs(found - by_differences(potential, atoms)).max() / np.abs(found).max())


def test_the_hessian_of_a_toy_is_that_of_finite_differences():
    ethanol = molecule("CH3CH2OH")
    toy = network(ethanol)
    ethanol.rattle(0.05, seed=1)
    assert relative_error(toy, ethanol) < 1e-8


def test_batches_of_rows_change_nothing(monkeypatch):
    water = molecule("H2O", positions=molecule("H2O").positions * 1.1)
    toy, structure = network(molecule("H2O")), to_system(water)
    whole = expansion(toy, structure).hessian
    monkeypatch.setattr("eukrates.potential.derivatives.PAIRS_OF_ROWS", 1)
    jax.clear_caches()
    np.testing.assert_allclose(expansion(toy, structure).hessian, whole, atol=1e-12)


def test_what_has_no_second_derivative_is_refused():
    class OnlyForces(LennardJones):
        def __call__(self, graph):
            found = super().__call__(graph)
            return Prediction(energy=_first_only(found.energy), terms=found.terms)

    argon = to_system(Atoms("Ar2", [[0, 0, 0], [0, 0, 3.8]]))
    with pytest.raises(ValueError, match=r"no second derivatives.*for_inference.*as it was loaded"):
        expansion(OnlyForces({"Ar": 0.01}, {"Ar": 3.4}, cutoff=8.0, on=7.0), argon)


@jax.custom_vjp
def _first_only(energy):
    return energy


_first_only.defvjp(lambda energy: (energy, None), lambda _, pull: (pull,))


@pytest.fixture(scope="module")
def published(shared):
    arrays = dict(np.load(shared / "weights/so3lr/so3lr_weights_flat.npz"))
    settings = json.loads((shared / "weights/so3lr/hyperparameters.json").read_text())
    return so3lr(arrays, settings).but(far_cutoff=np.inf)


@pytest.mark.parametrize(
    ("name", "bands"),  # harmonic wavenumbers of PBE0 lie within 100 1/cm of these
    [("H2O", (1650, 3850, 3950)), ("CH3CH2OH", (3050, 3150, 3850)), ("C6H6", (3200, 3200, 3250))],
)
def test_so3lr_has_the_hessian_of_finite_differences_and_six_zero_modes(published, name, bands):
    start = molecule(name, info={"charge": 0, "spin": 0})
    atoms = relaxed(published, start)
    assert relative_error(published, atoms) < 1e-6
    found = vibrations(published, atoms)
    assert found.rigid_wavenumbers.shape == (6,)
    assert np.abs(found.rigid_wavenumbers).max() < 1.0
    assert found.imaginary == 0
    np.testing.assert_allclose(found.wavenumbers[-3:], bands, atol=120)
    assert infrared_intensities(published, found).shape == (3 * len(atoms) - 6,)
    exact = predict(published, published.graph(found.structure)).energy[0]
    assert found.energy == pytest.approx(float(exact), abs=1e-4)
