"""`eukrates inspect`: is a model sound?"""

from pathlib import Path
from typing import Annotated

import typer


def inspect(
    model: Annotated[Path, typer.Argument(help="Model file (.safetensors).")],
    data: Annotated[Path | None, typer.Option(help="Structures like those of your simulations, labelled or not.")] = None,
    run_fs: Annotated[float, typer.Option("--run", min=0, help="Length of the run at constant energy, fs; 0: none.")] = 1000,
    timestep: Annotated[float, typer.Option(help="Its time step, fs.")] = 0.5,
    temperature: Annotated[float, typer.Option(help="Its first temperature, K.")] = 300.0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all findings there.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write a page with the curves (.html) there.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing output files.")] = False,
) -> None:
    """The card of a model and a verdict: laws, walls between all pairs of elements, energy drift. 1: not sound."""
    from eukrates.app.display import say
    from eukrates.app.judging import inspect_file
    from eukrates.app.outputs import claim
    from eukrates.trust import ShortRun

    claim([json_file, report], overwrite)
    short = ShortRun(run_fs, timestep, temperature)
    tell = lambda words: say(f"testing {words} …")
    found = inspect_file(model, data, short, json_file, report, progress=tell)
    print(found.text())
    if not found.ok:
        raise typer.Exit(1)
