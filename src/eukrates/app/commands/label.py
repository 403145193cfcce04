"""`eukrates label`: reference data from quantum chemistry."""

from pathlib import Path
from typing import Annotated

import typer


def label(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="Structures: any file that ASE reads.")],
    how: Annotated[str, typer.Option("--with", help="gfn2, gfn1, ipea1, or pyscf:FUNCTIONAL/BASIS.")],
    out: Annotated[Path | None, typer.Option(help="Extended XYZ, in eV and Å; default: FILE.labelled.extxyz.")] = None,
    charge: Annotated[int | None, typer.Option(help="e, of structures that do not state it.")] = None,
    spin: Annotated[int | None, typer.Option(help="Unpaired electrons, of structures that do not state them.")] = None,
    processes: Annotated[int, typer.Option(min=1, help="Calculations at once, one thread each.")] = 1,
) -> None:
    """Label structures. A killed campaign goes on where it stopped when the same command is given again."""
    from eukrates.app.display import progress
    from eukrates.app.labelling import label_file

    out = out or source.with_name(f"{source.stem}.labelled.extxyz")
    with progress("labelling", "structures") as update:
        show = lambda entry, done, total: update(done, total, f"last took {entry.seconds:.2g} s")
        found = label_file(source, how, out, charge, spin, processes, show)
    print(f"{found.labelled} structures with labels in {out}, {found.seconds:.3g} s of computing.")
    for index, reason in found.failures.items():
        print(f"structure {index} has no labels: {reason}")
    if found.failures:
        raise ValueError(f"{len(found.failures)} structures could not be labelled; they are not in {out}.")
