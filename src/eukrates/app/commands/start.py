"""`eukrates init` and `eukrates schema`: the configuration, to begin with and for editors."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from eukrates.app.commands.options import Overwrite

Dynamics = Annotated[bool, Option("--md", help="Of molecular dynamics instead of training.")]


def init(
    config: Annotated[Path, Argument(help="The file to write.")] = Path("config.yaml"),
    data: Annotated[str | None, Option(help="The data file to name in it. Default: train.extxyz.")] = None,
    md: Dynamics = False,
    overwrite: Overwrite = False,
) -> None:
    """Write a commented configuration with every option, its default and its unit."""
    from eukrates.app.outputs import claim, refuse_given, said
    from eukrates.app.template import md_template, template
    from eukrates.files import write_atomically

    if md:
        refuse_given(said(data=data), "dynamics needs no data")
    claim([config], overwrite)
    write_atomically(config, md_template(str(config)) if md else template(str(config), data or "train.extxyz"))
    print(f"Wrote {config}. Edit it, then: eukrates {'md' if md else 'train'} {config}")


def schema(md: Dynamics = False) -> None:
    """Print the JSON schema of the configuration, for editors that complete and check YAML."""
    from eukrates.app.configuration import Configuration
    from eukrates.app.simulation_configuration import RunConfiguration
    from eukrates.app.template import schema as text

    print(text(RunConfiguration if md else Configuration))
