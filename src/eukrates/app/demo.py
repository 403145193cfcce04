"""`demo`: the whole road, alone and offline, on the reference set that comes with the package.

Check the data, train a small SO3krates, measure its errors on structures it has not seen, inspect it, run 20 ps of
dynamics, and put everything on one page. Each step is the function that its command calls. Started again in the same
folder it goes on where it stopped.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from eukrates.app.configuration import Configuration
from eukrates.app.configuration_file import configuration
from eukrates.app.demo_page import demo_page
from eukrates.app.display import Update, dynamics_words, training_words
from eukrates.app.structures import read_structure
from eukrates.app.training import Outcome, train
from eukrates.data import Dataset, read, separate
from eukrates.dynamics import Langevin, Record, Run, resume, run
from eukrates.dynamics.journal import CHECKPOINT
from eukrates.models import load, read_header
from eukrates.trust import Inspection, ShortRun, inspect

FRICTION = 5.0  # 1/ps: stiff bonds take up their share of the heat well within the run
TRAINING, DYNAMICS, REPORT = "training", "dynamics", "report.html"
GROUP = "md_300K"  # frames of the reference set that were sampled at the temperature of our dynamics

Bar = Callable[[str, str], AbstractContextManager[Update]]


@dataclass(frozen=True)
class Demo:
    """How long the demonstration takes is a matter of these numbers.

    Args:
        epochs: of the training.
        dynamics_ps: ps of Langevin dynamics.
        nve_ps: ps at constant energy.
        temperature_kelvin: K, of both.
        timestep_fs: fs, of both.
        features, layers, degrees: of the model.
        valid, test: structures that are not trained on.
    """

    epochs: int = 150
    dynamics_ps: float | int = 20.0
    nve_ps: float | int = 5.0
    temperature_kelvin: float | int = 300.0
    timestep_fs: float | int = 0.5
    features: int = 66
    layers: int = 3
    degrees: tuple[int, ...] = (1, 2, 3)
    valid: int = 50
    test: int = 100

    @classmethod
    def lasting(cls, minutes: float) -> "Demo":
        """About so many minutes on two cores: the training is shortened or extended, the rest takes what it takes.

        Raises:
            ValueError: less time than everything but the training takes.
        """
        if not minutes > REST_MINUTES:
            raise ValueError(f"Expected more than {REST_MINUTES:g} minutes, got {minutes:g}: the rest takes that long.")
        return cls(epochs=max(1, round(cls.epochs * (minutes - REST_MINUTES) / (MINUTES - REST_MINUTES))))


@dataclass(frozen=True)
class Demonstrated:
    """What a demonstration left: its page, the verdict on the model, and the dynamics."""

    page: Path
    inspection: Inspection
    dynamics: Run

    @property
    def faults(self) -> list[str]:
        """Why the model is not to be trusted, if so."""
        unsound = [] if self.inspection.ok else [f"the model is {self.inspection.verdict}"]
        return unsound + ([f"the dynamics stopped: {self.dynamics.stopped}"] if self.dynamics.stopped else [])


MINUTES, REST_MINUTES = 6.0, 3.0  # of the defaults on two cores: all, and all but the training


def demo(
    folder: str | Path, bar: Bar, choices: Demo | None = None, data: Path | None = None, tell=print
) -> Demonstrated:
    """Run the demonstration into a folder.

    Args:
        folder: new, or that of a demonstration that was interrupted.
        bar: makes a progress display of a title and a unit, see `eukrates.app.display.progress`.
        choices: how much of everything.
        data: the set; default: ethanol, as shipped.
        tell: receives sentences.

    Raises:
        ValueError: a folder that holds something else.
    """
    choices, folder = choices or Demo(), Path(folder)
    _may_use(folder)
    if data is None:
        with as_file(files("eukrates.data").joinpath("sets", "ethanol.extxyz")) as path:
            return demo(folder, bar, choices, path, tell)
    tell(f"1/5  Check and train on {data.name}")
    trained = _trained(folder / TRAINING, choices, data, bar, tell)
    test = trained.prepared.parts["test"]
    tell("\n2/5  Inspect the model: laws of nature, walls between atoms, a run at constant energy")
    inspection = _inspected(trained, test, choices, tell)
    tell(f"{inspection.verdict}\n\n3/5  Dynamics: {choices.dynamics_ps:g} ps at {choices.temperature_kelvin:g} K")
    simulated = _simulated(folder / DYNAMICS, trained, test, choices, bar)
    tell(f"{simulated.steps_done} steps, {simulated.ns_per_day:.3g} ns/day. {simulated.stopped or ''}")
    tell("\n4/5  Write the page")
    everything = separate(read(data))[1]
    reference = [s.system for s in everything if s.group == GROUP]
    page = demo_page(folder / TRAINING, trained, inspection, simulated, reference, choices.temperature_kelvin)
    return Demonstrated(page.write(folder / REPORT), inspection, simulated)


def settings(folder: Path, choices: Demo, data: Path) -> Configuration:
    """The training of the demonstration, as `eukrates train` would read it from a file."""
    model = {"features": choices.features, "layers": choices.layers, "heads": 2, "degrees": list(choices.degrees)}
    return configuration(
        {
            "data": {"train": str(data), "valid": choices.valid, "test": choices.test},
            "model": {"so3krates": model},
            "training": {
                "epochs": choices.epochs,
                "validate_every": max(1, choices.epochs // 40),
                "checkpoint_minutes": 0.5,
                "optimiser": {"learning_rate": 5e-3, "clip": 1.0, "ema": 0.99},
            },
            "folder": str(folder),
            "card": {"level_of_theory": _level(data), "licence": "CC0-1.0", "description": "Model of eukrates demo."},
        },
        "demo",
    )


def _trained(folder: Path, choices: Demo, data: Path, bar: Bar, tell) -> Outcome:
    with bar("training", "steps") as update:
        show = lambda p: update(p.step, p.steps, training_words(p))
        return train(settings(folder, choices, data), tell=tell, progress=show)


def _inspected(trained: Outcome, test: Dataset, choices: Demo, tell) -> Inspection:
    best = trained.trained.best
    short = ShortRun(1000 * choices.nve_ps, choices.timestep_fs, choices.temperature_kelvin)
    say = lambda words: tell(f"     {words}")
    return inspect(load(best), test, read_header(best), short, progress=say)


def _simulated(folder: Path, trained: Outcome, test: Dataset, choices: Demo, bar: Bar) -> Run:
    potential = load(trained.trained.best)
    steps = round(1000 * choices.dynamics_ps / choices.timestep_fs)
    with bar("dynamics", "steps") as update:
        show = lambda p: update(p.step, p.steps, dynamics_words(p))
        if (folder / CHECKPOINT).exists():
            return resume(potential, folder, steps, show)
        start = next((s for s in test.samples if s.group == GROUP), test.samples[0]).system
        bath, record = Langevin(choices.temperature_kelvin, FRICTION), Record(directory=folder, every=20)
        return run(potential, start, bath, steps, choices.timestep_fs, record=record, progress=show)


def _may_use(folder: Path) -> None:
    ours = {TRAINING, DYNAMICS, REPORT}
    if folder.exists() and (not folder.is_dir() or {path.name for path in folder.iterdir()} - ours):
        raise ValueError(f"{folder} holds something else. Nothing was touched: choose another --folder.")


def _level(data: Path) -> str | None:
    return read_structure(data).info.get("level")
