"""Pages that the application writes: one of a training, one of the demonstration."""

from collections.abc import Mapping
from pathlib import Path

from eukrates.app.preparation import Prepared
from eukrates.plots.report import Report, Section
from eukrates.plots.sections import evaluation_section, training_section
from eukrates.training import Trained
from eukrates.training.loop import METRICS
from eukrates.trust import Evaluation
from eukrates.version import __version__

SUBTITLE = f"Eukrates {__version__}"


def training_page(folder: Path, prepared: Prepared, trained: Trained, evaluations: Mapping[str, Evaluation]) -> Report:
    """Learning curves, and errors on the parts that were not trained on."""
    sections = [training_section(folder / METRICS, training_facts(prepared, trained))]
    sections += [judged_section(part, evaluation) for part, evaluation in evaluations.items()]
    return Report(f"Training in {folder.name}", sections, SUBTITLE)


def judged_section(part: str, evaluation: Evaluation) -> Section:
    """Errors on one part, with what kind of part it is."""
    titles = {
        "valid": "Errors on the validation structures (they chose the best epoch)",
        "test": "Errors on the test structures (they chose nothing)",
    }
    return evaluation_section(evaluation, titles[part])


def training_facts(prepared: Prepared, trained: Trained) -> dict[str, str]:
    """What one has to know about a training run, a line each."""
    parts, settings = prepared.parts, prepared.configuration
    counts = ", ".join(f"{len(indices)} {part}" for part, indices in parts.split.parts.items())
    e0 = ", ".join(f"{symbol} {energy:.4f}" for symbol, energy in prepared.energies.energies.items())
    return {
        "data": ", ".join(Path(name).name for names in parts.files.values() for name in names),
        "level of theory": settings.card.level_of_theory or "not stated",
        "structures": counts,
        "split": parts.split.rule,
        "E0 (eV)": f"{e0} ({prepared.energies.source})",
        "model": settings.model_in_words,
        "parameters": prepared.moving.text(),
        "epochs": f"{settings.training.epochs}, best {trained.epoch}" + ", stopped early" * trained.stopped_early,
    }
