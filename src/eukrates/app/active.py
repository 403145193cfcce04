"""`active`: a configuration becomes a folder with generations of labels and models, and a report."""

from collections.abc import Callable, Sequence
from pathlib import Path

from ase import Atoms

from eukrates.active import Loop, Outcome
from eukrates.app.active_configuration import ActiveConfiguration
from eukrates.app.configuration_file import as_yaml
from eukrates.app.folder import REPORT
from eukrates.app.labelling import labeller
from eukrates.app.provenance import digest_of
from eukrates.app.structures import frames_in, read_structures
from eukrates.app.training import train
from eukrates.files import write_atomically
from eukrates.plots.active import active_section
from eukrates.plots.report import Report
from eukrates.training import Progress
from eukrates.version import __version__

CONFIG = "active.yaml"


def learn(
    configuration: ActiveConfiguration,
    *,
    tell: Callable[[str], None] = print,
    progress: Callable[[Progress], None] | None = None,
) -> Outcome:
    """Active learning as the configuration says; a loop that was killed goes on where it stopped.

    Args:
        configuration: see `eukrates.app.active_configuration`.
        tell: receives sentences about what was done and why.
        progress: of the trainings, called about every 20 steps.

    Raises:
        ValueError: structures that cannot be read or labelled, labels without forces where the loss wants them, a
            folder of something else; nothing is overwritten.
    """
    engine, folder = labeller(configuration.labeller), Path(configuration.folder)
    if not engine.gives_forces and configuration.training.make().loss.forces > 0:
        raise ValueError(f"{engine.level} gives energies without forces. Say training: {{loss: {{forces: 0}}}}.")

    def trained(files: Sequence[Path], where: Path) -> Path:
        names, labels = [str(file) for file in files], sum(frames_in(file) for file in files)
        settings = configuration.training_on(names, str(where), engine.level, labels)
        return train(settings, tell=lambda words: None, progress=progress).trained.best

    told = configuration.as_dict()
    told = {name: told[name] for name in ("model", "members", "training", "valid")}
    del told["training"]["checkpoint_minutes"]  # changes no weight
    told["test"] = None if configuration.test is None else digest_of(configuration.test)
    loop = Loop(
        folder,
        _start(configuration),
        engine,
        trained,
        configuration.sampling.made,
        configuration.policy.make(),
        told,
        configuration.processes,
    )
    outcome = loop(tell)
    write_atomically(folder / CONFIG, as_yaml(configuration))
    section = active_section(outcome, configuration.policy.make())
    Report(f"Active learning in {folder.name}", [section], f"Eukrates {__version__}").write(folder / REPORT)
    tell(f"Model: {outcome.model}. Report: {folder / REPORT}.")
    return outcome


def _start(configuration: ActiveConfiguration) -> list[Atoms]:
    """The structures to begin with, without labels, with charge and spin."""
    names = configuration.structures
    frames = [frame for name in ([names] if isinstance(names, str) else names) for frame in read_structures(name)]
    for frame in frames:
        frame.calc = None
        for state in ("charge", "spin"):
            if (value := getattr(configuration, state)) is not None:
                frame.info[state] = value
    return frames
