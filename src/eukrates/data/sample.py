"""`Sample`: one structure with what quantum chemistry said about it."""

from dataclasses import dataclass, fields, replace

import numpy as np

from eukrates.elements import formula
from eukrates.matter import System

LABELS = ("energy", "forces", "stress", "dipole", "charges", "hirshfeld_ratios")


@dataclass(frozen=True, eq=False)
class Sample:
    """A structure on the host with its labels. An absent label is None, never zero."""

    system: System  # one structure, NumPy arrays; its charge and spin are None where the file does not state them
    energy: float | None = None  # eV, total
    forces: np.ndarray | None = None  # eV/Å, [atoms, 3]
    stress: np.ndarray | None = None  # eV/Å³, [3, 3], positive under tension
    dipole: np.ndarray | None = None  # e Å, [3]
    charges: np.ndarray | None = None  # e, [atoms]
    hirshfeld_ratios: np.ndarray | None = None  # [atoms]
    weight: float = 1.0  # of this structure in the loss
    name: str = ""  # where it came from: "train.extxyz#12", frames counted from 0
    group: str | None = None  # config_type and the like

    def __post_init__(self):
        n = self.system.atoms
        shapes = {"forces": (n, 3), "stress": (3, 3), "dipole": (3,), "charges": (n,), "hirshfeld_ratios": (n,)}
        for label, shape in shapes.items():
            value = getattr(self, label)
            if value is not None and np.shape(value) != shape:
                raise ValueError(f"{self.name}: expected {label} of shape {shape}, got {np.shape(value)}.")

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that are present."""
        return tuple(label for label in LABELS if getattr(self, label) is not None)

    @property
    def numbers(self) -> np.ndarray:
        """Atomic numbers, [atoms]."""
        return np.asarray(self.system.numbers)

    @property
    def formula(self) -> str:
        """Hill formula."""
        return formula(self.numbers)

    def but(self, **changes) -> "Sample":
        """A copy with some fields changed."""
        unknown = set(changes) - {f.name for f in fields(self)}
        if unknown:
            raise TypeError(f"A sample has no {', '.join(sorted(unknown))}.")
        return replace(self, **changes)
