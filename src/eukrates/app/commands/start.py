"""`eukrates init` and `eukrates schema`: the configuration, to begin with and for editors."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from eukrates.app.commands.options import Overwrite


def init(
    config: Annotated[Path, Argument(help="The file to write.")] = Path("config.yaml"),
    data: Annotated[str, Option(help="The data file to name in it.")] = "train.extxyz",
    overwrite: Overwrite = False,
) -> None:
    """Write a commented configuration with every option, its default and its unit."""
    from eukrates.app.outputs import claim
    from eukrates.app.template import template
    from eukrates.files import write_atomically

    claim([config], overwrite)
    write_atomically(config, template(str(config), data))
    print(f"Wrote {config}. Edit it, then: eukrates train {config}")


def schema() -> None:
    """Print the JSON schema of the configuration, for editors that complete and check YAML."""
    from eukrates.app.template import schema as text

    print(text())
