"""The screened repulsion of nuclei obeys the laws of potentials."""

from eukrates.physics.zbl import ZBL
from eukrates.testing import PotentialLaws, shaken


class TestZBL(PotentialLaws):
    potential = staticmethod(lambda: shaken(ZBL(cutoff=2.0, off=2.0)))


class TestZBLToTheCutoff(PotentialLaws):
    potential = staticmethod(lambda: shaken(ZBL(cutoff=2.5, off=None, cutoff_function="exponential")))
