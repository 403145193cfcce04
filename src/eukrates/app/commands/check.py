"""`eukrates check`: is a data file what it seems?"""

from pathlib import Path
from typing import Annotated

import typer


def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Data files of one set.")],
) -> None:
    """Counts, units, signs, duplicates."""
    raise NotImplementedError
