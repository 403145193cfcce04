"""SpookyNet obeys the laws of potentials, in every variant that computes differently.

It is not extensive: attention knows no distance, and charge is spread over all atoms, however far apart.
"""

import jax

from eukrates.models.spookynet import SpookyNet
from eukrates.testing import PotentialLaws, shaken

SMALL = {"elements": ("H", "C", "N", "O"), "features": 8, "layers": 2, "cutoff": 2.6, "basis_size": 5}


def model(**changes) -> SpookyNet:
    """A small network with weights that hide nothing."""
    return shaken(SpookyNet(**(SMALL | {"far_cutoff": 3.5, "key": jax.random.key(5)} | changes)), seed=1)


class SpookyLaws(PotentialLaws):
    """All but extensivity."""

    test_extensivity = None


class TestPublishedArchitecture(SpookyLaws):
    potential = staticmethod(model)


class TestOtherChoices(SpookyLaws):
    potential = staticmethod(
        lambda: model(
            irreps=False,
            electrons="nonlinear",
            attention="exact",
            radial_basis="gaussian",
            activation="ssp",
            residuals={"local": 0, "post": 2},
            dispersion=False,
            e0={"H": -13.6, "C": -1029.0, "N": -1485.0, "O": -2041.0},
        )
    )


class TestWithoutWhatReachesFar(PotentialLaws):
    """Without attention, charges and spin it is extensive."""

    potential = staticmethod(
        lambda: model(attention="none", charge=False, spin=False, electrostatics="none", dispersion=False)
    )
