"""`eukrates demo`: the whole road on the reference set that comes with the package."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    folder: Annotated[Path, typer.Option(help="Where everything is written.")] = Path("demo"),
    minutes: Annotated[float, typer.Option(help="About how long, on two cores.")] = 6.0,
) -> None:
    """The whole road, offline: check, train, evaluate, inspect, 20 ps of ethanol, one report.html."""
    from eukrates.app.demo import Demo
    from eukrates.app.demo import demo as run
    from eukrates.app.display import progress

    page = run(folder, progress, Demo.lasting(minutes))
    print(f"5/5  Done. Open {page} in a browser.")
