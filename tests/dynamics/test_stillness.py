"""Motion of the whole is taken off where it is rounding, and left where it is not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ase.build import molecule
from test_pistons import copies

from eukrates.data import to_system
from eukrates.dynamics import NPT, FlexibleNPT, VelocityRescaling
from eukrates.dynamics.integrators import Alphabet
from eukrates.dynamics.momenta import without_drift
from eukrates.dynamics.stillness import still
from eukrates.elements import MASSES
from eukrates.units import FS


def thrown(name, periodic, by):
    """A molecule that vibrates, and so much motion of the whole: the phase with both, and momenta without and with."""
    structure = to_system(molecule(name))
    masses, rng = MASSES[structure.numbers], np.random.default_rng(0)
    inner = without_drift(structure, masses, rng.normal(size=(masses.size, 3)))
    turning = 0.0 if periodic else np.cross(rng.normal(size=3), structure.positions)
    momenta = inner + by * masses[:, None] * (rng.normal(size=3) + turning)
    phase = copies(1.0, 1, {}).but(
        positions=jnp.asarray(structure.positions),
        momenta=jnp.asarray(momenta),
        forces=jnp.zeros(momenta.shape),
        masses=jnp.asarray(masses),
        owner=jnp.zeros(masses.size, int),
        cell=9.0 * jnp.eye(3)[None] * periodic,
    )
    return phase, inner, momenta


@pytest.mark.parametrize("name", ["O2", "CO2", "H2O", "CH3CH2OH"])
@pytest.mark.parametrize("periodic", [True, False])
def test_rounding_is_taken_off_and_nothing_else(name, periodic):
    with jax.enable_x64(True):
        phase, inner, momenta = thrown(name, periodic, 1e-9)
        assert np.abs(momenta - inner).max() > 1e-9
        np.testing.assert_allclose(still(phase, 0.0).momenta, inner, atol=1e-14)
        phase, inner, momenta = thrown(name, periodic, 1e-3)
        np.testing.assert_array_equal(still(phase, 0.0).momenta, momenta)


@pytest.mark.parametrize("kind", [VelocityRescaling, NPT, FlexibleNPT])
def test_random_factors_find_no_rounding_to_grow(kind):
    ensemble = kind(300.0)
    with jax.enable_x64(True):
        phase, _, momenta = thrown("CH3CH2OH", True, 1e-9)
        phase = phase.but(extra=ensemble.extra(1))
        after = ensemble.step(Alphabet(lambda phase, dt: phase), jnp.array([24.0]))(phase, FS).momenta
    assert np.abs(momenta.sum(axis=0)).max() > 1e-8
    np.testing.assert_allclose(np.asarray(after).sum(axis=0), 0, atol=1e-13)
