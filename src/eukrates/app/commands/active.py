"""`eukrates active`: active learning."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option


def active(
    config: Annotated[Path, Argument(metavar="CONFIG", help="YAML: structures, labeller, model, sampling, policy.")],
    folder: Annotated[Path | None, Option(help="Where everything is written. Default: that of the file.")] = None,
) -> None:
    """Learn actively: label what an ensemble does not know, train it again, until it knows.

    A killed loop goes on where it stopped when the same command is given again.
    """
    from eukrates.app.active import learn
    from eukrates.app.active_configuration import ActiveConfiguration
    from eukrates.app.configuration_file import configuration, read_yaml
    from eukrates.app.display import progress, training_words

    content, lines = read_yaml(config, ActiveConfiguration)
    if folder is not None and isinstance(content, dict):
        content["folder"] = str(folder)
    settings = configuration(content, str(config), ActiveConfiguration, lines)
    with progress("training", "steps") as update:
        learn(settings, progress=lambda p: update(p.step, p.steps, training_words(p)))
