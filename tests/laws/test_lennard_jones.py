"""The Lennard-Jones potential obeys the laws of potentials."""

from eukrates.physics.lennard_jones import LennardJones
from eukrates.testing import PotentialLaws

PARAMETERS = {"epsilon": {"Ne": 0.003, "Ar": 0.0103, "Kr": 0.014}, "sigma": {"Ne": 0.9, "Ar": 1.1, "Kr": 1.2}}


class TestLennardJones(PotentialLaws):
    potential = staticmethod(lambda: LennardJones(**PARAMETERS, cutoff=3.0, on=2.0))
