"""`eukrates label`: reference data from quantum chemistry."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from eukrates.app.commands.options import Charge, Spin


def label(
    source: Annotated[Path, Argument(metavar="FILE", help="Structures: any file that ASE reads.")],
    how: Annotated[
        str, Option("--with", help="gfn2, gfn1, ipea1, or pyscf:METHOD/BASIS: a functional, hf, mp2, ccsd(t).")
    ],
    out: Annotated[Path | None, Option(help="Extended XYZ, eV, Å. Default: FILE.labelled.extxyz.")] = None,
    charge: Charge = None,
    spin: Spin = None,
    processes: Annotated[int, Option(min=1, help="Calculations at once, one thread each.")] = 1,
    cluster: Annotated[
        str | None, Option(metavar="WHERE", help="A Dask scheduler instead: its address, or its scheduler file.")
    ] = None,
) -> None:
    """Label structures. A killed campaign goes on where it stopped when the same command is given again."""
    from eukrates.app.display import progress
    from eukrates.app.labelling import label_file

    if cluster is not None and processes != 1:
        raise ValueError("Choose --processes, on this machine, or --cluster, not both.")
    out = out or source.with_name(f"{source.stem}.labelled.extxyz")
    with progress("labelling", "structures") as update:
        show = lambda entry, done, total: update(done, total, f"last took {entry.seconds:.2g} s")
        found = label_file(source, how, out, charge, spin, cluster or processes, show)
    print(f"{found.labelled} structures with labels in {out}, {found.seconds:.3g} s of computing.")
    if found.failures:
        reasons = "\n".join(f"structure {index}: {reason}" for index, reason in found.failures.items())
        raise ValueError(f"{len(found.failures)} structures have no labels and are left out:\n{reasons}")
