"""The page of the demonstration: results, and what the numbers mean."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from eukrates.analysis import drift, temperature_statistics
from eukrates.app.pages import SUBTITLE, training_facts
from eukrates.app.training import Outcome
from eukrates.dynamics import Run
from eukrates.matter import System
from eukrates.plots.report import Block, Report, Section, Verdict
from eukrates.plots.sections import dynamics_section, evaluation_section, inspection_section, training_section
from eukrates.training.loop import METRICS
from eukrates.trust import Inspection, Table
from eukrates.units import KCAL_PER_MOL, KELVIN

MEANING_OF_DATA = (
    "{structures} structures of ethanol and the free atoms H, C and O, which give the zero of energy. Groups are the "
    "ways in which structures were made: md_… by dynamics at a temperature, modes by displacements along vibrations."
)
MEANING_OF_TRAINING = (
    "The loss is the weighted squared error of energies per atom and forces. The validation curve is measured on "
    "structures that are not trained on, with averaged weights; where it stops falling while training goes on "
    "falling, the model begins to learn by heart."
)
MEANING_OF_ERRORS = (
    "These structures took no part in the training. They were drawn at random from the same simulations, so the errors "
    "say how well the model interpolates, not how it fares elsewhere. To judge them: chemical accuracy is 1 kcal/mol "
    "(43 meV) for an energy, and forces are useful when their error is a few per cent of their size."
)
MEANING_OF_BONDS = (
    "The reference structures were sampled by tight-binding dynamics (GFN2-xTB) at the same temperature and then "
    "labelled with density functional theory. The model follows the latter: differences of a hundredth of an ångström "
    "in the mean separate the two theories and are no error of the model; nor is a narrower O–H, whose bond is stiffer "
    "in the latter. Nuclei move classically here and there: quantum nuclei would be wider, hydrogen most of all."
)


def demo_page(
    training: Path,
    trained: Outcome,
    inspection: Inspection,
    simulated: Run,
    reference: Sequence[System],
    target_kelvin: float,
) -> Report:
    """Everything on one page that opens without a network."""
    test = trained.evaluations["test"]
    curves = training_section(training / METRICS, training_facts(trained.prepared, trained.trained))
    errors = evaluation_section(test)
    frames = [sample.system for sample in simulated.trajectory.samples()]
    log = simulated.log
    moving = dynamics_section(
        frames, log["time_fs"], log["temperature_kelvin"], log["conserved_energy"], reference, target_kelvin
    )
    sections = [
        Section("In short", _summary(trained, inspection, simulated, target_kelvin)),
        Section("The data", _data(trained)),
        Section(curves.title, [*curves.blocks, MEANING_OF_TRAINING]),
        Section(errors.title, [MEANING_OF_ERRORS, *errors.blocks]),
        inspection_section(inspection),
        Section(moving.title, [_meaning_of_dynamics(simulated, target_kelvin), *moving.blocks, MEANING_OF_BONDS]),
    ]
    return Report("A force field of ethanol", sections, f"{SUBTITLE} · eukrates demo")


def _data(trained: Outcome) -> list[Block]:
    everything, report = trained.prepared.parts.everything, trained.checked
    counts = Counter(sample.group or "none" for sample in everything)
    blocks: list[Block] = [
        MEANING_OF_DATA.format(structures=len(everything)),
        Table("Where the structures come from", ("group", "structures"), list(counts.items())),
    ]
    if report is None:
        return [*blocks, "The check of the data was made when the training began, before it was interrupted."]
    found = [(f.severity, f.fault, f.place, f.fix) for f in report.rows]
    blocks += [Verdict(report.verdict, "good" if report.ok and not found else "care" if report.ok else "bad")]
    blocks += [Table("Findings", ("", "fault", "where", "fix"), found)] if found else []
    return [*blocks, Table("What was checked", ("measured",), [(line,) for line in report.done])]


def _summary(trained: Outcome, inspection: Inspection, simulated: Run, target_kelvin: float) -> list[Block]:
    mood = "bad" if inspection.failed else "care" if inspection.doubtful else "good"
    ended = "bad" if simulated.stopped else "good"
    return [
        Verdict(_learned(trained)),
        Verdict(inspection.verdict, mood),
        Verdict(simulated.stopped or _ran(simulated, target_kelvin), ended),
    ]


def _learned(trained: Outcome) -> str:
    structures = len(trained.prepared.parts["train"])
    level = (trained.prepared.configuration.card.level_of_theory or "an unstated level").partition(",")[0]
    compared = trained.evaluations["test"].comparisons
    energy, forces = (compared[name].predicted - compared[name].reference for name in ("energy", "forces"))
    meaning = 1e3 * np.abs(energy).mean(), np.abs(energy).mean() / KCAL_PER_MOL, 1e3 * np.abs(forces).mean()
    share = 100 * np.sqrt(np.mean(forces**2) / np.mean(compared["forces"].reference ** 2))
    return (
        f"From {structures} structures at {level}, a SO3krates with {trained.prepared.parameters} parameters learned "
        f"energies to {meaning[0]:.1f} meV ({meaning[1]:.2f} kcal/mol) and forces to {meaning[2]:.0f} meV/Å: mean "
        f"absolute errors on {len(energy)} unseen structures. The forces are off by {share:.1f} % of their size "
        "(root mean square of both)."
    )


def _ran(simulated: Run, target_kelvin: float) -> str:
    log, settings = simulated.log, simulated.settings
    freedom, atoms = settings.freedom, settings.structure.atoms
    settled = log["time_fs"] >= 0.1 * log["time_fs"][-1]
    found = temperature_statistics(log["temperature_kelvin"][settled], freedom)
    slope, error = drift(log["time_fs"], log["conserved_energy"], atoms)
    return (
        f"{log['time_fs'][-1] / 1000:g} ps of Langevin dynamics ran without a stop. Temperature {found.mean:.0f} ± "
        f"{found.error:.0f} K (bath {target_kelvin:g} K), fluctuating by {found.deviation:.0f} K where statistical "
        f"mechanics says {found.canonical_deviation:.0f} K. What the dynamics should conserve drifts by "
        f"{slope:.3f} ± {error:.3f} meV per atom and picosecond."
    )


def _meaning_of_dynamics(simulated: Run, target_kelvin: float) -> str:
    settings = simulated.settings
    thermal = 1e3 * KELVIN * target_kelvin
    return (
        f"Langevin dynamics in steps of {settings.timestep_fs:g} fs: friction and noise hold the temperature. Exact "
        "dynamics conserves the total energy with the heat of the bath taken off; a drift would heat the molecule. "
        f"Compare with the thermal energy kT = {thermal:.1f} meV. The temperature of nine atoms fluctuates widely: "
        "that is physics, not noise of the method."
    )
