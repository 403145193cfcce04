"""`Relaxing`: labels of structures after the level of theory has relaxed them."""

import dataclasses
import os

from ase import Atoms
from ase.optimize import LBFGS

from eukrates.reference.ase_calculator import AsCalculator
from eukrates.reference.labeller import LabelError, Labeller, Labels


@dataclasses.dataclass(frozen=True)
class Relaxing(Labeller):
    """The labels of another labeller where its own forces vanish; `Labels.positions` says where that is.

    Args:
        labeller: with forces.
        force: eV/Å, the largest on an atom at the end.
        steps: at most.
    """

    labeller: Labeller
    force: float = 0.01
    steps: int = 500

    @property
    def level(self) -> str:
        """That of the labeller, and that it relaxed."""
        return f"{self.labeller.level}, relaxed"

    def check(self, atoms: Atoms) -> None:
        """Raise ValueError for what the labeller refuses, or if it has no forces."""
        self.labeller.check(atoms)
        if not self.labeller.gives_forces:
            raise ValueError(f"{self.labeller.level} gives energies without forces: it cannot relax a structure.")

    def __call__(self, atoms: Atoms) -> Labels:
        """Raises LabelError where a calculation failed, or the structure did not come to rest."""
        moved = atoms.copy()
        moved.calc = AsCalculator(self.labeller)
        if not LBFGS(moved, logfile=os.devnull).run(self.force, self.steps):
            raise LabelError(f"The structure did not come to rest in {self.steps} steps.")
        return dataclasses.replace(self.labeller(moved), positions=moved.positions.copy())
