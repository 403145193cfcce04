"""`eukrates evaluate`: how wrong a model is on labelled structures."""

from pathlib import Path
from typing import Annotated

import typer

from eukrates.app.commands.options import Json, Keys, Model, Overwrite, Page, SilentCharge, SilentSpin, Units


def evaluate(
    model: Model,
    data: Annotated[Path, typer.Argument(help="Labelled structures.")],
    keys: Keys = None,
    units: Units = None,
    charge: SilentCharge = None,
    spin: SilentSpin = None,
    json_file: Json = None,
    report: Page = None,
    overwrite: Overwrite = False,
) -> None:
    """Errors of a model: MAE and RMSE by property, element and group, in eV, Å and kcal/mol."""
    from eukrates.app.judging import evaluate_file
    from eukrates.app.outputs import claim, keys_of, pairs
    from eukrates.app.reading import Reading

    claim([json_file, report], overwrite)
    reading = Reading(keys_of(keys), pairs(units, "--unit"), charge, spin)
    found = evaluate_file(model, data, reading, json_file, report)
    print(found.text())
    if found.broken:
        raise ValueError(f"{len(found.broken)} predictions are NaN or infinite; see above.")
