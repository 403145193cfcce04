"""`eukrates predict`: what a model says about structures."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from eukrates.app.commands.options import Charge, Electrostatics, FarCutoff, Model, Overwrite, Precision, Spin


def predict(
    model: Model,
    structures: Annotated[Path, Argument(help="Any file that ASE reads.")],
    out: Annotated[Path | None, Option("--out", "-o", help="Write all of it there (.extxyz).")] = None,
    charge: Charge = None,
    spin: Spin = None,
    far_cutoff: FarCutoff = None,
    electrostatics: Electrostatics = None,
    precision: Precision = "float32",
    overwrite: Overwrite = False,
) -> None:
    """Energies by physical term, forces by term, stress, charges, dipole, Hirshfeld ratios."""
    from eukrates.app.outputs import claim, said
    from eukrates.app.prediction import predict_file

    claim([out], overwrite)
    choices = said(charge=charge, spin=spin, far_cutoff=far_cutoff, electrostatics=electrostatics)
    print(predict_file(model, structures, out, choices, precision).text())
    if out is not None:
        print(f"Wrote {out}.")
