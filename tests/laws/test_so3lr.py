"""SO3LR and the two laws it adds obey the laws of potentials."""

import jax
import numpy as np
import pytest

import eukrates
from eukrates.models.so3krates import SO3LR, SO3krates
from eukrates.numerics import cast
from eukrates.physics.coulomb import Coulomb
from eukrates.physics.dispersion import Dispersion
from eukrates.testing import PotentialLaws, shaken

SMALL = {"features": 8, "layers": 1, "heads": 2, "degrees": (1, 2), "cutoff": 2.5, "basis_size": 4}
HEADS = {"charge": True, "spin": True, "partial_charges": True, "hirshfeld_ratios": True}


def so3lr(far_cutoff=3.5, **choices) -> SO3LR:
    """A small one whose far cutoff lies beyond the near one, with weights that hide nothing."""
    network = shaken(SO3krates(("H", "C", "O"), **SMALL, **HEADS, key=jax.random.key(3)), seed=1)
    return SO3LR(network, far_cutoff=far_cutoff, width=1.5, fade=1.0, **choices)


class TestCoulomb(PotentialLaws):
    potential = staticmethod(lambda: Coulomb({"H": 0.4, "C": -0.3, "O": -0.7}, width=1.0, far_cutoff=3.0))


class TestDispersion(PotentialLaws):
    potential = staticmethod(lambda: Dispersion(far_cutoff=3.5, fade=1.0, damping=0.5))


class TestSO3LR(PotentialLaws):
    potential = staticmethod(so3lr)


class TestForInference(PotentialLaws):
    potential = staticmethod(lambda: so3lr().for_inference())


@pytest.mark.parametrize("a", ["H", "O"])
def test_energy_and_forces_of_a_dimer_are_continuous_to_twenty_angstrom(a):
    model = cast(so3lr(far_cutoff=12.0), "float64")
    step = 0.01
    distances = np.arange(1.5, 20.0, step)
    pair = lambda r: eukrates.system([eukrates.elements.number(a), 8], [[0, 0, 0], [0, 0, r]], charge=0, spin=a == "H")
    graphs = [eukrates.graph(pair(r), model.cutoff, model.far_cutoff) for r in distances]
    found = eukrates.predict(model, eukrates.matter.batch(graphs))
    pull = found.forces[1::2, 2]
    work = -(pull[1:] + pull[:-1]) / 2 * step
    np.testing.assert_allclose(np.diff(found.energy), work, atol=2e-5)  # trapezoidal rule: a jump would be left over
    assert np.abs(np.diff(pull)).max() < 0.05 * np.ptp(pull)
    assert np.all(np.abs(pull[distances > 12.0]) < 1e-12)
    assert np.abs(pull[(distances > 4.0) & (distances < 10.0)]).max() > 1e-6  # far physics is there
