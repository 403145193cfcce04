"""Two adapters: any ASE calculator as a labeller, and any labeller as an ASE calculator."""

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from ase import Atoms
from ase.calculators.calculator import CalculationFailed, Calculator, PropertyNotImplementedError, all_changes

from eukrates.reference.labeller import LabelError, Labeller, Labels


@dataclasses.dataclass(frozen=True)
class FromCalculator(Labeller):
    """Labels from whatever ASE can drive, for example a bigger model.

    `make` is a function of the atoms that returns a fresh calculator, with charge and spin set the way that
    calculator wants them; it must be importable (not a lambda) to be used on several processes. `theory` names the
    level of theory, which no calculator states by itself.
    """

    make: Callable[[Atoms], Any]
    theory: str

    @property
    def level(self) -> str:
        """What was given as `theory`."""
        return self.theory

    def check(self, atoms: Atoms) -> None:
        """Nothing is known about the calculator, so nothing is refused."""

    def __call__(self, atoms: Atoms) -> Labels:
        """Energy, and forces, dipole, charges and stress where the calculator offers them."""
        measured = atoms.copy()
        measured.calc = calculator = self.make(atoms)
        offered = set(calculator.implemented_properties)
        periodic = bool(atoms.pbc.any())
        try:
            return Labels(
                energy=float(measured.get_potential_energy()),
                forces=np.array(measured.get_forces()) if "forces" in offered else None,
                dipole=np.array(measured.get_dipole_moment()) if "dipole" in offered and not periodic else None,
                charges=np.array(measured.get_charges()) if "charges" in offered else None,
                stress=np.array(measured.get_stress()) if "stress" in offered and atoms.pbc.all() else None,
            )
        except (CalculationFailed, RuntimeError, np.linalg.LinAlgError) as error:
            raise LabelError(f"{type(calculator).__name__} failed: {type(error).__name__}: {error}") from error


class AsCalculator(Calculator):
    """An ASE calculator that asks a labeller; charge and spin are read from `atoms.info` as everywhere here."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces", "dipole", "charges", "stress"]

    def __init__(self, labeller: Labeller):
        super().__init__()
        self.labeller = labeller

    def get_property(self, name, atoms=None, allow_calculation=True):
        """As ASE's; forces of a labeller that gives energies alone are refused before anything is computed."""
        if name == "forces" and not self.labeller.gives_forces:
            raise PropertyNotImplementedError(
                f"{self.labeller.level} is computed for its energy alone, so there are no forces: relax, vibrate or "
                f"run dynamics with a level that has them (for example TBLite() or PySCF(...)), and label afterwards."
            )
        return super().get_property(name, atoms, allow_calculation)

    def check_state(self, atoms, tol=1e-15):
        """What changed since the last call; ASE by itself does not look at charge and spin."""
        changes = super().check_state(atoms, tol)
        known = self.atoms.info if self.atoms is not None else {}
        return changes + [key for key in ("charge", "spin") if atoms.info.get(key) != known.get(key)]

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        """Called by ASE. Raises LabelError when the calculation failed."""
        super().calculate(atoms, properties, system_changes)
        current = atoms if self.atoms is None else self.atoms
        if current is None:
            raise ValueError("Expected atoms to label, got none: pass them, or set atoms.calc to this calculator.")
        self.results = self.labeller(current).results()
