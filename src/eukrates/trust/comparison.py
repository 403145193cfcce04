"""`Comparison`: predicted against reference values of one property, row by row, with where each row came from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from eukrates.trust.errors import Errors, errors
from eukrates.units import DEBYE, GPA, KCAL_PER_MOL

# property: (unit inside, unit shown, inside → shown, second unit, inside → second unit)
UNITS = {
    "energy": ("eV", "meV", 1e3, "kcal/mol", 1 / KCAL_PER_MOL),
    "energy_per_atom": ("eV", "meV/atom", 1e3, "kcal/mol", 1 / KCAL_PER_MOL),
    "forces": ("eV/Å", "meV/Å", 1e3, "kcal/mol/Å", 1 / KCAL_PER_MOL),
    "force_magnitude": ("eV/Å", "meV/Å", 1e3, "kcal/mol/Å", 1 / KCAL_PER_MOL),
    "stress": ("eV/Å³", "meV/Å³", 1e3, "GPa", 1 / GPA),
    "dipole": ("e Å", "me Å", 1e3, "D", 1 / DEBYE),
    "charges": ("e", "me", 1e3, "e", 1.0),
    "hirshfeld_ratios": ("", "10⁻³", 1e3, "", 1.0),
}


@dataclass(frozen=True, eq=False)
class Comparison:
    """Rows of one property: structures (energy, stress, dipole) or atoms (forces, charges). Inside units."""

    name: str
    predicted: Float[np.ndarray, "rows components"]
    reference: Float[np.ndarray, "rows components"]
    sample: Int[np.ndarray, " rows"]  # place of the structure in the data
    numbers: Int[np.ndarray, " rows"]  # atomic number; 0 where a row is a whole structure

    @property
    def unit(self) -> str:
        """The unit of the numbers."""
        return UNITS[self.name][0]

    def errors(self, rows: np.ndarray | slice = slice(None)) -> Errors:
        """Errors over some rows (default: all), every component counting once."""
        return errors(self.predicted[rows], self.reference[rows])

    def by_element(self) -> dict[int, Errors]:
        """Errors by atomic number; empty where rows are structures."""
        return {int(z): self.errors(self.numbers == z) for z in np.unique(self.numbers[self.numbers > 0])}

    def by(self, labels: Sequence[str | None]) -> dict[str, Errors]:
        """Errors by a label of each structure of the data (group, formula); structures without one stay out."""
        mine = np.array([labels[n] or "" for n in self.sample])
        return {str(label): self.errors(mine == label) for label in np.unique(mine[mine != ""])}


def without_offset(comparison: Comparison, labels: Sequence[str]) -> Errors:
    """Errors after the mean error of each label with two or more rows is removed (others stay out)."""
    mine = np.array([labels[n] for n in comparison.sample])
    shifted, kept = comparison.predicted.copy(), np.zeros(len(mine), bool)
    for label in np.unique(mine):
        rows = mine == label
        if rows.sum() > 1:
            shifted[rows] -= np.mean(shifted[rows] - comparison.reference[rows], axis=0)
            kept |= rows
    return errors(shifted[kept], comparison.reference[kept])
