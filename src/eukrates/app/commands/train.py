"""`eukrates train`: a configuration becomes a model."""

from pathlib import Path
from typing import Annotated

import typer


def train(
    config: Annotated[Path, typer.Argument(help="YAML file; `eukrates init` writes one to start from.")],
    folder: Annotated[str | None, typer.Option(help="Output folder, instead of the one in the file.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Insist on a run to resume.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace another run in the folder.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Stop on every finding of the data check.")] = False,
) -> None:
    """Train a model. A killed run goes on where it stopped when the same command is given again."""
    from eukrates.app.configuration_file import read_configuration
    from eukrates.app.display import progress, training_words
    from eukrates.app.training import train as run

    settings = read_configuration(config)
    if folder is not None:
        settings = settings.model_copy(update={"folder": folder})
    with progress("training", "steps") as update:
        show = lambda p: update(p.step, p.steps, training_words(p))
        outcome = run(settings, resume=resume, overwrite=overwrite, strict=strict, progress=show)
    print(f"\nThe best model is {outcome.trained.best} (epoch {outcome.trained.epoch}).")
    print(f"Next: eukrates inspect {outcome.trained.best} --data DATA")
