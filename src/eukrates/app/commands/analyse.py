"""`eukrates analyse`: the report of a run of dynamics, again."""

from pathlib import Path
from typing import Annotated

from typer import Argument


def analyse(folder: Annotated[Path, Argument(help="Of `eukrates md`; the run may still go on.")]) -> None:
    """Make report.html of a run of dynamics again: drift, temperature, g(r), diffusion, spectra, bonds."""
    from eukrates.app.run_report import write_report

    print(f"Wrote {write_report(folder)}.")
