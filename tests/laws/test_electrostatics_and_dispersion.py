"""Damped Coulomb's law, its Ewald sum, and D4 obey the laws of potentials."""

from typing import ClassVar

from eukrates.physics.d4 import D4
from eukrates.physics.damped_coulomb import DampedCoulomb
from eukrates.physics.ewald_coulomb import EwaldCoulomb
from eukrates.testing import PotentialLaws, generated, shaken

CHARGES = {"H": 0.4, "C": -0.3, "O": -0.7}


class TestDampedCoulomb(PotentialLaws):
    potential = staticmethod(lambda: DampedCoulomb(CHARGES, on=0.6, off=2.0, far_cutoff=3.5))


class TestD4(PotentialLaws):
    potential = staticmethod(lambda: shaken(D4({"H": 0.2, "O": -0.4, "Au": 0.3}, far_cutoff=3.5)))


class ManyWaves(EwaldCoulomb):
    """One number of waves for all cells, enough for the largest, so that few programs are compiled."""

    def waves(self, cell):
        enough = super().waves(cell)
        assert max(enough) <= 5
        return (5, 5, 5)


class TestEwaldCoulomb(PotentialLaws):
    potential = staticmethod(lambda: ManyWaves(CHARGES, on=0.6, off=2.0, far_cutoff=4.0))
    examples: ClassVar[int] = 4

    test_extensivity = test_lone_atoms_rest = None  # these laws place matter in open space
    test_statements_are_true = None  # constructor arguments are those of EwaldCoulomb

    def holds(self, law, precision="float64", kind=generated.crystals, pairs=False, examples=None):
        super().holds(law, precision, generated.crystals, pairs, examples)
