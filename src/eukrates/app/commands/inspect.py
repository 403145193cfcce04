"""`eukrates inspect`: is a model sound?"""

from pathlib import Path
from typing import Annotated

import typer

from eukrates.app.commands.options import Json, Keys, Model, Overwrite, Page, SilentCharge, SilentSpin, Units


def inspect(
    model: Model,
    data: Annotated[Path | None, typer.Option(help="Structures like those to simulate, labelled or not.")] = None,
    keys: Keys = None,
    units: Units = None,
    charge: SilentCharge = None,
    spin: SilentSpin = None,
    run: Annotated[float, typer.Option(min=0, help="Length of a run at constant energy, fs; 0: none.")] = 1000.0,
    timestep: Annotated[float, typer.Option(help="Its time step, fs.")] = 0.5,
    temperature: Annotated[float, typer.Option(help="Its first temperature, K.")] = 300.0,
    json_file: Json = None,
    report: Page = None,
    overwrite: Overwrite = False,
) -> None:
    """Card and verdict: laws of nature, walls between all elements, energy drift. Exit code 1: not sound."""
    from eukrates.app.display import say
    from eukrates.app.judging import inspect_file
    from eukrates.app.outputs import claim, keys_of, pairs, refuse_given, said
    from eukrates.app.reading import Reading
    from eukrates.trust import ShortRun

    claim([json_file, report], overwrite)
    if data is None:
        refuse_given(said(key=keys, unit=units, charge=charge, spin=spin), "there is no --data")
    found = inspect_file(
        model,
        data,
        Reading(keys_of(keys), pairs(units, "--unit"), charge, spin),
        ShortRun(run, timestep, temperature),
        json_file,
        report,
        progress=lambda words: say(f"testing {words} …"),
    )
    print(found.text())
    if not found.ok:
        raise typer.Exit(1)
