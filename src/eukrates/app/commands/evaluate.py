"""`eukrates evaluate`: how wrong a model is on labelled structures."""

from pathlib import Path
from typing import Annotated

import typer


def evaluate(
    model: Annotated[Path, typer.Argument(help="Model file (.safetensors).")],
    data: Annotated[Path, typer.Argument(help="Labelled structures; units eV, Å unless the file says otherwise.")],
    keys: Annotated[list[str] | None, typer.Option("--key", help="LABEL=NAME IN THE FILE; default: detected.")] = None,
    units: Annotated[list[str] | None, typer.Option("--unit", help="QUANTITY=UNIT, e.g. energy=kcal/mol.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all numbers (eV, Å, e) there.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write a page with tables and plots (.html) there.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing output files.")] = False,
) -> None:
    """Errors of a model: MAE and RMSE by property, element and group, in eV, Å and kcal/mol."""
    from eukrates.app.judging import evaluate_file
    from eukrates.app.outputs import claim, pairs

    claim([json_file, report], overwrite)
    found = evaluate_file(model, data, pairs(keys, "--key"), pairs(units, "--unit"), json_file, report)
    print(found.text())
    if found.broken:
        raise ValueError(f"{len(found.broken)} predictions are NaN or infinite; see above.")
