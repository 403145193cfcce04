"""`eukrates check`: are data what they seem?"""

from pathlib import Path
from typing import Annotated

import typer

from eukrates.app.commands.options import Keys, Units


def check(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="Data files of one set (of its part that trains).")
    ],
    want: Annotated[list[str] | None, typer.Option(help="A label that all frames must have; repeatable.")] = None,
    valid: Annotated[list[Path] | None, typer.Option(help="File of the part that validates; repeatable.")] = None,
    test: Annotated[list[Path] | None, typer.Option(help="File of the part that tests; repeatable.")] = None,
    split: Annotated[Path | None, typer.Option(help="split.json of a training on FILE…: parts of it.")] = None,
    keys: Keys = None,
    units: Units = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail, too.")] = False,
) -> None:
    """Examine data before training: labels, units, signs, copies, outliers. Exit code 1: something to mend."""
    from eukrates.app.judging import check_files
    from eukrates.app.outputs import keys_of, pairs

    parts = {"valid": valid or [], "test": test or []}
    report = check_files(files, want, keys_of(keys), pairs(units, "--unit"), parts, split)
    print(report.text())
    if not report.ok or (strict and any(f.severity == "warning" for f in report.findings)):
        raise typer.Exit(1)
