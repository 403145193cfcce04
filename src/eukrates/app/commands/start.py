"""`eukrates init` and `eukrates schema`: the configuration, to begin with and for editors."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from eukrates.app.commands.options import Overwrite

Dynamics = Annotated[bool, Option("--md", help="Of molecular dynamics instead of training.")]
Active = Annotated[bool, Option("--active", help="Of active learning instead of training.")]


def init(
    config: Annotated[Path, Argument(help="The file to write.")] = Path("config.yaml"),
    data: Annotated[str | None, Option(help="The data file to name in it. Default: train.extxyz.")] = None,
    md: Dynamics = False,
    active: Active = False,
    overwrite: Overwrite = False,
) -> None:
    """Write a commented configuration with every option, its default and its unit."""
    from eukrates.app.outputs import claim, refuse_given, said
    from eukrates.app.template import active_template, md_template, template
    from eukrates.files import write_atomically

    if md and active:
        raise ValueError("--md and --active are two kinds of configuration. Give one of them.")
    if md or active:
        refuse_given(said(data=data), "dynamics needs no data" if md else "active learning makes its own data")
    claim([config], overwrite)
    texts = {"md": md_template, "active": active_template}
    verb = "md" if md else "active" if active else "train"
    made = texts[verb](str(config)) if verb in texts else template(str(config), data or "train.extxyz")
    write_atomically(config, made)
    print(f"Wrote {config}. Edit it, then: eukrates {verb} {config}")


def schema(md: Dynamics = False, active: Active = False) -> None:
    """Print the JSON schema of the configuration, for editors that complete and check YAML."""
    from eukrates.app.active_configuration import ActiveConfiguration
    from eukrates.app.configuration import Configuration
    from eukrates.app.simulation_configuration import RunConfiguration
    from eukrates.app.template import schema as text

    print(text(RunConfiguration if md else ActiveConfiguration if active else Configuration))
