"""`eukrates relax`: structures to where their forces vanish."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from eukrates.app.commands.options import Charge, Electrostatics, FarCutoff, Model, Overwrite, Precision, Spin

STRESS = (
    "GPa beyond the pressure, at the end: full, the largest component; isotropic, the mean normal stress (trace/3)."
)
FIXED = (
    "Atoms that stay, counted from 0, of every structure; with a cell that relaxes fixed atoms keep their place within "
    "it (fractional coordinates)."
)


def relax(
    model: Model,
    structures: Annotated[Path, Argument(help="Any file that ASE reads; all its frames relax at once.")],
    out: Annotated[Path, Option("--out", "-o", help="Where they came to rest (.extxyz).")],
    force: Annotated[float, Option(help="eV/Å, the largest on an atom, at the end.")] = 0.01,
    steps: Annotated[int, Option(help="Evaluations of a structure, at most.")] = 1000,
    method: Annotated[str, Option(help="lbfgs or fire.")] = "lbfgs",
    cell: Annotated[str, Option(help="no, isotropic or full: how cells relax.")] = "no",
    pressure: Annotated[float, Option(help="GPa, that cells relax under.")] = 0.0,
    stress: Annotated[float, Option(help=STRESS)] = 0.1,
    fixed: Annotated[list[int] | None, Option(help=FIXED)] = None,
    charge: Charge = None,
    spin: Spin = None,
    far_cutoff: FarCutoff = None,
    electrostatics: Electrostatics = None,
    precision: Precision = "float32",
    overwrite: Overwrite = False,
) -> None:
    """Relax many structures of any size at once. Fails, after writing all, where some did not come to rest."""
    from eukrates.app.display import progress
    from eukrates.app.outputs import claim, said
    from eukrates.app.relaxation import relax_file
    from eukrates.landscape import Target

    claim([out], overwrite)
    choices = said(charge=charge, spin=spin, far_cutoff=far_cutoff, electrostatics=electrostatics, fixed=fixed)
    target = Target(force, steps, cell, pressure, stress)
    with progress("relaxation", "structures") as update:
        told, show = choices | {"precision": precision}, lambda done, of: update(done, of, "")
        table, failures = relax_file(model, structures, out, target, method, told, show)
    print(f"{table.text()}\nWrote {out}.")
    if failures:
        raise ValueError(
            f"{len(failures)} did not come to rest: {'; '.join(failures[:10])}. They are in {out} as well."
        )
