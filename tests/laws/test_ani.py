"""ANI obeys the laws of potentials."""

import jax

from eukrates.models import ANI
from eukrates.testing import PotentialLaws, shaken

SMALL = {
    "elements": ("H", "O", "N", "C"),
    "radial": {"cutoff": 3.0, "eta": 6.0, "shifts": [0.7, 1.5, 2.3]},
    "angular": {"cutoff": 2.4, "eta": 3.0, "zeta": 4.1, "shifts": [0.8, 1.6], "sections": [0.4, 1.6, 2.7]},
    "hidden": {"H": [6, 5], "C": [7], "N": [6, 5], "O": [4, 4, 4]},
    "key": jax.random.key(3),
}


def model(**changes) -> ANI:
    """A small ensemble with weights that hide nothing."""
    return shaken(ANI(**(SMALL | changes)), seed=1)


class TestEnsemble(PotentialLaws):
    potential = staticmethod(lambda: model(members=3, scale=2.0))


class TestOne(PotentialLaws):
    potential = staticmethod(lambda: model(e0={"H": -13.6, "C": -1029.0, "N": -1485.0, "O": -2041.0}))
