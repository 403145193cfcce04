"""`eukrates demo`: the whole road on the reference set that comes with the package."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    folder: Annotated[Path, typer.Option(help="Where everything is written.")] = Path("demo"),
    minutes: Annotated[float, typer.Option(help="About how long, on two cores.")] = 6.0,
) -> None:
    """Check, train, evaluate, inspect, 20 ps of ethanol, report.html, all offline. Exit code 1: not sound."""
    from eukrates.app.demo import Demo
    from eukrates.app.demo import demo as run
    from eukrates.app.display import progress

    done = run(folder, progress, Demo.lasting(minutes))
    print(f"5/5  Done. Open {done.page} in a browser.")
    if done.faults:
        raise ValueError(f"This model is not to be trusted: {'; '.join(done.faults)}. The page says more.")
