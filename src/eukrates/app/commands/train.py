"""`eukrates train`: a configuration becomes a model."""

import os
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from eukrates.app.commands.options import Overwrite


def train(
    config: Annotated[Path, Argument(help="YAML file; `eukrates init` writes one to start from.")],
    folder: Annotated[str | None, Option(help="Output folder, instead of the one in the file.")] = None,
    resume: Annotated[bool, Option("--resume", help="Insist on a run to resume; not with --overwrite.")] = False,
    overwrite: Overwrite = False,
    strict: Annotated[bool, Option("--strict", help="Stop on every finding of the data check.")] = False,
) -> None:
    """Train a model. A killed run goes on where it stopped when the same command is given again."""
    from eukrates.app.configuration_file import read_configuration
    from eukrates.app.display import progress, training_words
    from eukrates.app.training import train as run

    settings = read_configuration(config)
    if folder is not None:
        settings = settings.model_copy(update={"folder": os.path.expanduser(folder)})
    with progress("training", "steps") as update:
        show = lambda p: update(p.step, p.steps, training_words(p))
        outcome = run(settings, resume=resume, overwrite=overwrite, strict=strict, progress=show)
    print(f"\nThe best model is {outcome.trained.best} (epoch {outcome.trained.epoch}); see {outcome.report}.")
    print(f"Next: eukrates inspect {outcome.trained.best} --data DATA")
