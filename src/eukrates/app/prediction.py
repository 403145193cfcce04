"""`predict` on files: everything that a model says about structures, without running anything."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ase
import ase.io
import numpy as np
from ase.calculators.singlepoint import SinglePointCalculator

from eukrates.app.structures import read_structures
from eukrates.files import replacing
from eukrates.interfaces.ase import Calculator
from eukrates.models import read_header
from eukrates.potential import calibrated_scale
from eukrates.trust import Table

SURENESS = ("energy_by_member", "energy_deviation", "expected_error")
PLAIN = ("energy", "forces", "stress", "dipole", "charges")


def predict_file(
    model: str | Path,
    structures: str | Path,
    out: str | Path | None = None,
    choices: Mapping[str, Any] | None = None,
    precision: str = "float32",
) -> Table:
    """Energies by physical term of every structure of a file, in eV, as a table; of ensembles their deviation too,
    and the error to expect where the card has their calibration.

    Args:
        model: model file.
        structures: any file that ASE reads.
        out: extended XYZ to write with all that the model knows: energy, forces, stress (periodic along three axes),
            dipole, charges, Hirshfeld ratios, C6, polarizabilities, energies of members, and as energy_TERM and
            forces_TERM what each physical term contributes.
        choices: of `eukrates.interfaces.ase.Calculator`: charge, spin, far_cutoff, electrostatics.
        precision: of the features.

    Raises:
        ValueError: what `load` and the calculator refuse; nothing is written then.
    """
    calculator, rows, done = Calculator(model, precision, **dict(choices or {})), [], []
    scale = calibrated_scale(read_header(model)["card"])
    for n, atoms in enumerate(read_structures(structures)):
        properties = ["energy", "forces", *(["stress"] if atoms.pbc.all() else [])]
        calculator.calculate(atoms, properties)
        results = calculator.results
        sure = {"deviation": results["energy_deviation"]} if "energy_deviation" in results else {}
        if sure and scale is not None:
            sure["expected error"] = results["expected_error"] = scale * results["energy_deviation"]
        rows.append((f"{n}", atoms.get_chemical_formula(), results["energy"], sure | results["energy_terms"]))
        if out is not None:
            done.append(_labelled(atoms, results, calculator.forces_by_term(atoms)))
    if out is not None:
        with replacing(out) as temporary:
            ase.io.write(temporary, done, format="extxyz")
    terms = list(dict.fromkeys(term for *_, found in rows for term in found))
    cells = [(*head, *(found.get(term) for term in terms)) for *head, found in rows]
    return Table("Energy in eV, and its physical terms", ("frame", "formula", "energy", *terms), cells)


def _labelled(atoms: ase.Atoms, results: Mapping[str, Any], pulls: Mapping[str, np.ndarray]) -> ase.Atoms:
    found = atoms.copy()
    found.calc = SinglePointCalculator(found, **{name: results[name] for name in PLAIN if name in results})
    found.info |= {f"energy_{term}": energy for term, energy in results["energy_terms"].items()}
    found.info |= {name: results[name] for name in SURENESS if name in results}
    found.arrays |= {f"forces_{term}": pull for term, pull in pulls.items()}
    found.arrays |= {name: results[name] for name in ("hirshfeld_ratios", "c6", "polarizabilities") if name in results}
    return found
