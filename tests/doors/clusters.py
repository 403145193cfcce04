"""Small clusters of copper and aluminium with energies and forces of effective medium theory."""

import numpy as np
from ase import Atoms
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator


def labelled(atoms: Atoms) -> Atoms:
    """With energy and forces of effective medium theory."""
    atoms.calc = EMT()
    results = {"energy": atoms.get_potential_energy(), "forces": atoms.get_forces()}
    atoms.calc = SinglePointCalculator(atoms, **results)
    return atoms


def clusters(count: int, seed: int = 0) -> list[Atoms]:
    """Shaken CuAl2 triangles."""
    rng = np.random.default_rng(seed)
    triangle = np.array([[0.0, 0.0, 0.0], [2.6, 0.0, 0.0], [1.3, 2.3, 0.0]])
    return [labelled(Atoms("CuAl2", triangle + rng.normal(scale=0.15, size=(3, 3)))) for _ in range(count)]
