"""Labels from tight binding: GFN2-xTB, GFN1-xTB and IPEA1-xTB through tblite."""

import dataclasses
from typing import Any

import numpy as np
from ase import Atoms

from eukrates.reference.labeller import LabelError, Labeller, Labels, charge_and_spin
from eukrates.units import BOHR, HARTREE, KELVIN

METHODS = ("GFN2-xTB", "GFN1-xTB", "IPEA1-xTB")


@dataclasses.dataclass(frozen=True)
class TBLite(Labeller):
    """Extended tight binding (GFN2-xTB: Bannwarth, Ehlert & Grimme 2019, doi:10.1021/acs.jctc.8b01176).

    Molecules and crystals. `accuracy` scales tblite's convergence thresholds (smaller is tighter). Charges are
    Mulliken charges. The energy is the electronic free energy at `electronic_temperature_kelvin`, of which the
    forces are the derivative. xTB is spin-restricted: `spin` only sets the occupations.
    """

    method: str = "GFN2-xTB"
    accuracy: float = 0.1
    electronic_temperature_kelvin: float = 300.0
    max_iterations: int = 250

    def __post_init__(self):
        if self.method not in METHODS:
            raise ValueError(f"Unknown tight-binding method {self.method!r}. Known: {', '.join(METHODS)}.")

    @property
    def level(self) -> str:
        """For example `GFN2-xTB`."""
        return self.method

    def check(self, atoms: Atoms) -> None:
        """Charge and spin must be stated. ImportError when tblite is not installed; names the extra."""
        charge_and_spin(atoms)
        _engine()

    def __call__(self, atoms: Atoms) -> Labels:
        """Label one structure; LabelError when the self-consistent charges do not converge."""
        calculator = self._calculator(atoms)
        try:
            result = calculator.singlepoint()
        except RuntimeError as error:
            raise LabelError(f"{self.method} did not finish: {error}") from error
        stress = None
        if atoms.pbc.any():
            virial = np.asarray(result.get("virial")) * HARTREE
            stress = (virial / atoms.get_volume()).ravel()[[0, 4, 8, 5, 2, 1]]
        return Labels(
            energy=float(result.get("energy")) * HARTREE,
            forces=-np.asarray(result.get("gradient")) * (HARTREE / BOHR),
            dipole=None if atoms.pbc.any() else np.asarray(result.get("dipole")) * BOHR,
            charges=np.asarray(result.get("charges")),
            stress=stress,
            details={"converged": True},
        )

    def _calculator(self, atoms: Atoms):
        charge, spin = charge_and_spin(atoms)
        lattice = {"lattice": atoms.cell.array / BOHR, "periodic": np.array(atoms.pbc)} if atoms.pbc.any() else {}
        try:
            calculator = _engine()(
                self.method, atoms.numbers, atoms.positions / BOHR, charge=float(charge), uhf=spin, **lattice
            )
        except (RuntimeError, ValueError) as error:
            raise LabelError(f"{self.method} refuses this structure: {error}") from error
        calculator.set("verbosity", 0)
        calculator.set("accuracy", self.accuracy)
        calculator.set("max-iter", self.max_iterations)
        calculator.set("temperature", self.electronic_temperature_kelvin * KELVIN / HARTREE)
        return calculator


def _engine() -> Any:
    """tblite's calculator."""
    try:
        from tblite.interface import Calculator
    except ImportError as error:
        raise ImportError(
            "Labelling with xTB needs tblite, which is not installed: pip install 'eukrates[reference]'."
        ) from error
    return Calculator
