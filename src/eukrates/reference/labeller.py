"""What a labeller is: atoms in, energies and forces of a stated level of theory out."""

import abc
import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from eukrates.elements import spin_possible


class LabelError(Exception):
    """One structure could not be labelled (SCF not converged, engine failed); the message is the reason."""


@dataclasses.dataclass(frozen=True)
class Labels:
    """What a calculation says about one structure; what it does not know is None, never zero."""

    energy: float  # eV
    forces: np.ndarray | None = None  # [atoms, 3] eV/Å
    dipole: np.ndarray | None = None  # [3] e·Å, about the origin of the coordinates
    charges: np.ndarray | None = None  # [atoms] e
    stress: np.ndarray | None = None  # [6] eV/Å³, ASE sign and Voigt order; periodic structures only
    positions: np.ndarray | None = None  # [atoms, 3] Å, of a structure that was moved before it was labelled
    details: Mapping[str, Any] = dataclasses.field(default_factory=dict)  # convergence: iterations, <S²>, …

    def __post_init__(self):
        for name in ("energy", "forces", "dipole", "charges", "stress", "positions"):
            value = getattr(self, name)
            if value is not None and not np.all(np.isfinite(value)):
                raise LabelError(f"The {name} of this structure came out as NaN or infinity.")

    def results(self) -> dict[str, Any]:
        """The known labels under ASE's names, in ASE's units (which are ours)."""
        names = ("energy", "forces", "dipole", "charges", "stress")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}


class Labeller(abc.ABC):
    """Atoms to labels: tblite, PySCF, any ASE calculator. May be slow and impure.

    Labellers are frozen dataclasses: their constructor arguments are all there is to know about them, they can
    be sent to other processes, and two calls with the same atoms do the same calculation.
    """

    @property
    @abc.abstractmethod
    def level(self) -> str:
        """The level of theory, in one line: what has to be equal for two labels to be comparable."""

    @property
    def gives_forces(self) -> bool:
        """Whether the labels have forces; False where the level of theory is computed for its energy alone."""
        return True

    @abc.abstractmethod
    def check(self, atoms: Atoms) -> None:
        """Raise ValueError, before anything is computed, when this structure cannot be labelled as it stands."""

    @abc.abstractmethod
    def __call__(self, atoms: Atoms) -> Labels:
        """Label one structure. Raises LabelError with the reason when the calculation failed."""


def charge_and_spin(atoms: Atoms) -> tuple[int, int]:
    """Total charge (e) and number of unpaired electrons, from `atoms.info["charge"]` and `["spin"]`.

    Raises ValueError when one is missing, not a whole number, or when the electrons cannot be paired that way.
    """
    charge, spin = (_whole_number(atoms, key) for key in ("charge", "spin"))
    if not spin_possible(atoms.numbers, charge, spin):
        electrons = int(atoms.numbers.sum()) - charge
        raise ValueError(
            f"{atoms.get_chemical_formula()} with charge {charge:+d} has {electrons} electrons, and {spin} of them "
            f"cannot be unpaired: electrons minus spin must be even and not negative. Set atoms.info['spin'] to the "
            f"number of unpaired electrons (0 singlet, 1 doublet, 2 triplet; not the multiplicity)."
        )
    return charge, spin


def _whole_number(atoms: Atoms, key: str) -> int:
    meaning = {"charge": "the total charge in e", "spin": "the number of unpaired electrons, 0 for a singlet"}[key]
    if key not in atoms.info:
        raise ValueError(
            f"atoms.info[{key!r}] is missing on {atoms.get_chemical_formula()}. It is never guessed: "
            f"set it to {meaning}, for example atoms.info[{key!r}] = 0."
        )
    value = atoms.info[key]
    number = np.asarray(value)
    if number.ndim or number.dtype.kind not in "iuf" or not np.isfinite(number) or number != np.rint(number):
        raise ValueError(f"atoms.info[{key!r}] must be a whole number ({meaning}); it is {value!r}.")
    return round(float(number))


def labelled(atoms: Atoms, labels: Labels, level: str) -> Atoms:
    """A copy of the atoms that carries the labels where every ASE reader and writer looks for them."""
    frame = atoms.copy()
    if labels.positions is not None:
        frame.positions = labels.positions
    frame.info["level"] = level
    frame.calc = SinglePointCalculator(frame, **labels.results())
    return frame
