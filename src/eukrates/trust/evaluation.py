"""`Evaluation`: what `evaluate` found, as numbers, tables, text, and a dictionary for JSON."""

from dataclasses import asdict, dataclass

import numpy as np

from eukrates.elements import SYMBOLS
from eukrates.trust.calibration import Calibration
from eukrates.trust.comparison import UNITS, Comparison, without_offset
from eukrates.trust.errors import Errors
from eukrates.trust.table import Table

TITLES = {
    "energy": "energy",
    "energy_per_atom": "energy per atom",
    "forces": "forces (components)",
    "force_magnitude": "forces (magnitude)",
    "stress": "stress",
    "dipole": "dipole",
    "charges": "charges",
    "hirshfeld_ratios": "Hirshfeld ratios",
}


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Predictions beside references, kept whole for plots, and the errors they come to.

    Structures with a prediction that is not finite (`broken`) are left out of every number and named.
    """

    comparisons: dict[str, Comparison]  # by property, in inside units
    names: list[str]
    formulas: list[str]
    groups: list[str | None]
    atoms: np.ndarray  # [structures]
    absent: dict[str, int]  # structures without this label
    unpredicted: tuple[str, ...]  # labelled properties that the potential does not predict
    broken: tuple[int, ...]  # structures with a prediction that is not finite
    free_atoms: int = 0  # that were left out
    energy_deviation: np.ndarray | None = None  # [structures] eV, of the members of an ensemble; None: it is none

    @property
    def errors(self) -> dict[str, Errors]:
        """Errors by property, in inside units (eV, Å, e)."""
        return {name: comparison.errors() for name, comparison in self.comparisons.items()}

    @property
    def energy_offset(self) -> float | None:
        """Mean of predicted - reference energy per atom in eV: a constant that forces do not feel."""
        return self.errors["energy_per_atom"].bias if "energy_per_atom" in self.comparisons else None

    @property
    def energy_without_offset(self) -> Errors | None:
        """Errors of the energy in eV after the mean error of each formula is removed."""
        return without_offset(self.comparisons["energy"], self.formulas) if "energy" in self.comparisons else None

    @property
    def calibration(self) -> Calibration | None:
        """Deviations of an ensemble beside its errors of the energy; None of one potential, or with one energy."""
        if self.energy_deviation is None or "energy" not in self.comparisons:
            return None
        c = self.comparisons["energy"]
        sigma, error = self.energy_deviation[c.sample], (c.predicted - c.reference)[:, 0]
        return Calibration(sigma, error) if sigma.size > 1 and np.all(sigma > 0) else None

    def worst(self, name: str, count: int = 5) -> list[tuple[str, float]]:
        """The structures with the largest error of a property: (name, error in inside units)."""
        c = self.comparisons[name]
        largest = np.zeros(len(self.names))
        np.maximum.at(largest, c.sample, np.max(np.abs(c.predicted - c.reference), axis=1))
        order = [n for n in np.argsort(-largest)[:count] if n in set(c.sample.tolist())]
        return [(self.names[n], float(largest[n])) for n in order]

    def tables(self) -> list[Table]:
        """Overall errors, energies without their offset, errors by element, group and formula, worst structures."""
        tables = [self._overall()]
        if "forces" in self.comparisons:
            found = self.comparisons["forces"].by_element()
            tables.append(_table("Forces by element", "element", {SYMBOLS[z]: e for z, e in found.items()}, "forces"))
        for title, labels in (("group", self.groups), ("formula", self.formulas)):
            if len({label for label in labels if label}) > 1:
                tables += [
                    _table(f"{TITLES[name].capitalize()} by {title}", title, self.comparisons[name].by(labels), name)
                    for name in ("energy_per_atom", "forces", "stress")
                    if name in self.comparisons
                ]
        if self.calibration is not None:
            tables.append(_sureness(self.calibration))
        present = [n for n in ("forces", "energy") if n in self.comparisons and self.comparisons[n].sample.size]
        if present and len(self.names) > 1:
            name = present[0]
            _, unit, factor, _, _ = UNITS[name]
            rows = [(label, error * factor) for label, error in self.worst(name)]
            tables.append(Table(f"Structures with the largest error of {TITLES[name]}", ("structure", unit), rows))
        return tables

    def text(self) -> str:
        """The tables and remarks in plain words."""
        return "\n\n".join([table.text() for table in self.tables()] + self.remarks())

    def remarks(self) -> list[str]:
        """What the tables do not say: broken predictions, absent labels, properties without an answer."""
        said = []
        if self.broken:
            names = ", ".join(self.names[n] for n in self.broken[:10])
            said.append(
                f"NOT FINITE: predictions for {len(self.broken)} of {len(self.names)} structures are NaN or infinite "
                f"and are left out of all numbers: {names}{' …' if len(self.broken) > 10 else ''}."
            )
        for name, count in self.absent.items():
            if count:
                said.append(f"{count} of {len(self.names)} structures have no label {name}; they do not count there.")
        if self.free_atoms:
            said.append(f"{self.free_atoms} free atoms are left out of all numbers.")
        if self.unpredicted:
            said.append(f"Labelled, but not predicted by this potential: {', '.join(self.unpredicted)}.")
        return said

    def as_dict(self) -> dict:
        """Numbers in inside units (eV, Å, e), ready for JSON; unknown is None."""
        by = lambda labels: {n: {k: asdict(e) for k, e in c.by(labels).items()} for n, c in self.comparisons.items()}
        elements = {n: c.by_element() for n, c in self.comparisons.items()}
        shifted = self.energy_without_offset
        return {
            "structures": len(self.names),
            "free_atoms_left_out": self.free_atoms,
            "atoms": int(self.atoms.sum()),
            "units": {name: c.unit for name, c in self.comparisons.items()},
            "errors": {name: asdict(e) for name, e in self.errors.items()},
            "energy_offset_per_atom": self.energy_offset,
            "energy_without_offset": None if shifted is None else asdict(shifted),
            "calibration": None if self.calibration is None else self.calibration.as_dict(),
            "by_element": {
                n: {SYMBOLS[z]: asdict(e) for z, e in found.items()} for n, found in elements.items() if found
            },
            "by_group": by(self.groups),
            "by_formula": by(self.formulas),
            "absent_labels": dict(self.absent),
            "not_predicted": list(self.unpredicted),
            "not_finite": [self.names[n] for n in self.broken],
        }

    def _overall(self) -> Table:
        rows = [_row(TITLES[name], name, e) for name, e in self.errors.items()]
        shifted = self.energy_without_offset
        if shifted is not None and shifted.count:
            at = list(self.comparisons).index("energy") + 1
            rows.insert(at, _row("energy, mean error of each formula removed", "energy", shifted))
        columns = ("property", "count", "MAE", "RMSE", "largest", "bias", "unit", "MAE", "RMSE", "unit", "R²")
        title = f"Errors on {len(self.names)} structures, {int(self.atoms.sum())} atoms"
        return Table(title, columns, rows)


def _sureness(c: Calibration) -> Table:
    rows = [
        ("scale: deviations times this are errors to expect", c.scale, ""),
        ("rank correlation of deviations and errors", c.rank_correlation, "1 is perfect"),
        ("share of errors within one scaled deviation", c.within(1.0), "0.683 if normal"),
        ("share of errors within two", c.within(2.0), "0.954 if normal"),
        ("expected normalised calibration error", c.ence, "0 is perfect"),
    ]
    return Table("How sure the ensemble is of its energies", ("", "found", ""), rows)


def _row(title: str, name: str, e: Errors) -> tuple:
    _, unit, factor, second, second_factor = UNITS[name]
    a, b = e.times(factor), e.times(second_factor)
    r2 = None if e.r2 is None else f"{e.r2:.6f}" if e.r2 > -1 else f"{e.r2:.2g}"
    return title, e.count, a.mae, a.rmse, a.max, a.bias, unit, b.mae, b.rmse, second, r2


def _table(title: str, column: str, found: dict[str, Errors], name: str) -> Table:
    rows = [_row(label, name, e) for label, e in found.items()]
    return Table(title, (column, "count", "MAE", "RMSE", "largest", "bias", "unit", "MAE", "RMSE", "unit", "R²"), rows)
