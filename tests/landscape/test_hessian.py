"""The Hessian by automatic differentiation is the one of finite differences, for toys and for SO3LR."""

import json
import sys

import jax
import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from harmonic_toys import network, relaxed

from eukrates.data import to_system
from eukrates.landscape import expansion, ideal_gas, infrared_intensities, vibrations
from eukrates.matter import Size, pad
from eukrates.models.so3krates.published import so3lr
from eukrates.numerics import cast
from eukrates.physics.lennard_jones import LennardJones
from eukrates.potential import Potential, predict
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
    exact = cast(potential, "float64")
    forces = np.array([np.ravel(predict(exact, exact.graph(structure)).forces) for structure in moved])
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


class OnlyForces(LennardJones):
    """What kernels are to JAX."""

    def __call__(self, graph):
        found = super().__call__(graph)
        return Prediction(energy=_outer(found.energy), terms=found.terms)


def test_what_has_no_second_derivative_is_refused():
    argon = to_system(Atoms("Ar2", [[0, 0, 0], [0, 0, 3.8]]))
    with pytest.raises(ValueError, match=r"OnlyForces has no second derivatives.*for_inference.*as it was loaded"):
        expansion(OnlyForces({"Ar": 0.01}, {"Ar": 3.4}, cutoff=8.0, on=7.0), argon)


@jax.custom_vjp
def _inner(energy):
    return energy


@jax.custom_vjp
def _outer(energy):
    return energy


_inner.defvjp(lambda energy: (energy, None), lambda _, pull: (pull,))
_outer.defvjp(lambda energy: (_inner(energy), None), lambda _, pull: (pull,))


@pytest.fixture(scope="module")
def published(shared):
    arrays = dict(np.load(shared / "weights/so3lr/so3lr_weights_flat.npz"))
    settings = json.loads((shared / "weights/so3lr/hyperparameters.json").read_text())
    return so3lr(arrays, settings).but(far_cutoff=np.inf)


@pytest.fixture
def one_shape(monkeypatch):
    """All molecules are padded to the shape of benzene, so that one program serves them."""
    shape = Size(14, 144, 2, 144)
    for module in ("eukrates.potential.predict", "eukrates.landscape.infrared"):
        monkeypatch.setattr(sys.modules[module], "pad", lambda graph: pad(graph, shape))


@pytest.mark.parametrize(
    ("name", "bands"),  # the highest three wavenumbers, 1/cm
    [
        ("H2O", (1650, 3850, 3950)),
        ("CO2", (690, 1400, 2450)),
        ("CH3CH2OH", (3150, 3150, 3900)),
        ("C6H6", (3200, 3200, 3250)),
    ],
)
def test_so3lr_has_the_hessian_of_finite_differences_and_its_zero_modes(published, one_shape, name, bands):
    atoms = relaxed(published, molecule(name, info={"charge": 0, "spin": 0}))
    assert relative_error(published, atoms) < 1e-6
    found = vibrations(published, atoms)
    assert found.rigid_wavenumbers.shape == (5 if name == "CO2" else 6,)
    assert np.abs(found.rigid_wavenumbers).max() < 1.0
    assert found.imaginary == 0
    np.testing.assert_allclose(found.wavenumbers[-3:], bands, atol=60)
    assert ideal_gas(found).symmetry == {"H2O": 2, "CO2": 2, "CH3CH2OH": 1, "C6H6": 12}[name]
    bright = {"H2O": 3, "CO2": 3, "CH3CH2OH": 21, "C6H6": 7}[name]  # of benzene A2u and three E1u
    assert np.count_nonzero(infrared_intensities(published, found) > 1e-3) == bright
