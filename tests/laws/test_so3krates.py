"""SO3krates obeys the laws of potentials, in every variant that computes differently."""

import jax
import numpy as np
import pytest

from eukrates.matter import batch, graph, system
from eukrates.models.so3krates import SO3krates
from eukrates.numerics import cast
from eukrates.testing import PotentialLaws, equivariance_error, shaken

SMALL = {"elements": ("H", "C", "N", "O"), "features": 12, "layers": 2, "heads": 2, "cutoff": 3.0, "basis_size": 6}


def model(**changes) -> SO3krates:
    """A small network with weights that hide nothing."""
    return shaken(SO3krates(**(SMALL | {"key": jax.random.key(7)} | changes)), seed=1)


class TestEquivariantWithChargeAndSpin(PotentialLaws):
    potential = staticmethod(lambda: model(degrees=(1, 2, 3), charge=True, spin=True))


class TestInvariantWithoutRepulsion(PotentialLaws):
    potential = staticmethod(lambda: model(degrees=(), zbl=False))


class TestOtherChoices(PotentialLaws):
    potential = staticmethod(
        lambda: model(
            degrees=(2, 1),
            cutoff_function="polynomial",
            radial_basis="gaussian",
            residuals=(False, True),
            layer_norm=False,
            activate_qk=True,
            neighbours=7.5,
            e0={"H": -13.6, "C": -1029.0, "N": -1485.0, "O": -2041.0},
        )
    )


class TestForInference(PotentialLaws):
    potential = staticmethod(lambda: model(degrees=(1, 2, 3), charge=True, spin=True).for_inference())


def worlds():
    """A charged radical in the open, and a triclinic crystal smaller than the cutoff."""
    rng = np.random.default_rng(5)
    grid = np.stack(np.meshgrid(*[np.arange(2)] * 3), axis=-1).reshape(-1, 3)
    molecule = system([6, 8, 1, 1, 7, 1, 1, 6], 1.3 * grid + rng.uniform(-0.3, 0.3, (8, 3)), charge=-1.0, spin=1.0)
    cell = np.array([[3.6, 0, 0], [0.7, 3.3, 0], [-0.9, 0.5, 4.0]])
    crystal = system(
        [6, 8, 7], np.array([[0.1, 0.2, 0.3], [0.6, 0.7, 0.1], [0.4, 0.1, 0.8]]) @ cell, cell, charge=1, spin=0
    )
    return batch([graph(s, 4.5) for s in (molecule, crystal)])


@pytest.mark.parametrize("degrees", [(), (1, 2, 3, 4)])
def test_the_equivariance_error_in_double_precision_is_rounding(degrees):
    potential = model(features=16, heads=4, layers=3, degrees=degrees, cutoff=4.5, charge=True, spin=True)
    assert 0 < equivariance_error(cast(potential, "float64"), worlds()) < 1e-10
