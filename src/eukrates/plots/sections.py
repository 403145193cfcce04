"""Sections of a report: one function for each kind of result."""

import os
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from eukrates.data.trajectory import Trajectory
from eukrates.matter import System
from eukrates.plots.bonds import bond_figure, table_rows
from eukrates.plots.history import learning_curves, read_history
from eukrates.plots.molecule import molecule
from eukrates.plots.parity import parity
from eukrates.plots.reliability import reliability
from eukrates.plots.report import Block, Figure, Section, Verdict
from eukrates.plots.run import energy_conservation, temperature
from eukrates.plots.walls import dimer_curves
from eukrates.trust.evaluation import Evaluation
from eukrates.trust.inspection import Inspection
from eukrates.trust.structures import moved
from eukrates.trust.table import Table

MOST_FRAMES = 2000  # whose bonds are measured


def evaluation_section(evaluation: Evaluation, title: str = "Errors on data it has not seen") -> Section:
    """Tables of errors and parity plots."""
    overall, *others = evaluation.tables()
    blocks: list[Block] = [overall]
    blocks += [
        Verdict(remark, "bad" if evaluation.broken and n == 0 else "care")
        for n, remark in enumerate(evaluation.remarks())
    ]
    for name in ("energy_per_atom", "forces", "stress", "dipole", "charges", "hirshfeld_ratios"):
        comparison = evaluation.comparisons.get(name)
        if comparison is not None and comparison.sample.size:
            blocks.append(Figure(parity(comparison), as_png=comparison.reference.size > 5000))
    if evaluation.calibration is not None:
        words = "Structures in bins of the deviation of members, scaled: errors should lie on the line."
        blocks.append(Figure(reliability(evaluation.calibration), words))
    return Section(title, [*blocks, *others])


def inspection_section(inspection: Inspection, title: str = "Can it be trusted?") -> Section:
    """The verdict, the findings, dimer curves, the short run, the card."""
    card, findings = inspection.tables()
    mood = "bad" if inspection.failed else "care" if inspection.doubtful else "good"
    blocks: list[Block] = [Verdict(inspection.verdict, mood), findings]
    captions = (
        (inspection.dimers, "Two atoms alone", "In the shaded range the energy must rise to the left; ▼ marks a hole."),
        (inspection.in_place, "Two atoms inside a structure", "The same, with all other atoms held in their places."),
    )
    for scans, name, words in captions:
        drawn = dimer_curves(scans, name)
        blocks += [Figure(drawn, words)] if drawn is not None else []
    run = inspection.run
    if run is not None and run.exploded is None:
        words = f"A short run at constant energy with steps of {run.timestep_fs:g} fs."
        blocks.append(Figure(energy_conservation(run.times_fs, run.total, run.atoms), words))
    return Section(title, [*blocks, card])


def training_section(
    metrics: str | os.PathLike | Sequence[Mapping], facts: Mapping[str, str] | None = None, title: str = "Training"
) -> Section:
    """Learning curves from a metrics file or its rows, and whatever facts are worth a line each."""
    rows = metrics if isinstance(metrics, Sequence) and not isinstance(metrics, str) else read_history(metrics)
    blocks: list[Block] = [Table("", ("", ""), [(str(k), str(v)) for k, v in facts.items()])] if facts else []
    drawn = learning_curves(rows)
    blocks.append(Figure(drawn) if drawn is not None else "There are no learning curves yet: nothing was validated.")
    return Section(title, blocks)


def dynamics_section(
    frames: Sequence[System],
    times_fs: Float[np.ndarray, " frames"],
    temperatures: Float[np.ndarray, " frames"] | None = None,
    total: Float[np.ndarray, " frames"] | None = None,
    reference: Sequence[System] = (),
    target_kelvin: float | int | None = None,
    title: str = "Dynamics",
) -> Section:
    """A run in three dimensions, its temperature and total energy, its bond lengths beside those of a reference.

    `total` is shown as conserved, so give it where it should be: at constant energy, or with the heat of the
    thermostat taken off.
    """
    times_fs = np.asarray(times_fs, float)
    spent = f"{times_fs[-1] / 1000:.3g} ps" if times_fs[-1] >= 1000 else f"{times_fs[-1]:.3g} fs"
    blocks: list[Block] = [molecule(frames, times_fs.tolist(), f"{len(frames)} frames over {spent}.")]
    if temperatures is not None:
        blocks.append(Figure(temperature(times_fs, np.asarray(temperatures), target_kelvin)))
    if total is not None:
        blocks.append(Figure(energy_conservation(times_fs, np.asarray(total), frames[0].atoms)))
    every = -(-len(frames) // MOST_FRAMES)
    frames = frames[::every]
    drawn = bond_figure(frames, reference)
    if drawn is not None:
        against = " against the reference data" if reference else ""
        columns = ("bond", "mean (Å)", "width (Å)", "mean, reference (Å)", "width, reference (Å)")
        blocks += [
            Figure(drawn, f"Bond lengths{against}."),
            Table("Bond lengths", columns, table_rows(frames, reference)),
        ]
    return Section(title, blocks)


def trajectory_section(
    trajectory: Trajectory,
    reference: Sequence[System] = (),
    target_kelvin: float | int | None = None,
    stopped: str | None = None,
    title: str = "Dynamics",
) -> Section:
    """`dynamics_section` of what a run recorded (`Run.trajectory`); `Run.stopped` heads it as bad news."""
    f = trajectory.frames
    systems = [moved(trajectory.structure, positions) for positions in f.positions]
    seen = f.observables
    kelvin, total = seen.get("temperature_kelvin"), seen.get("conserved_energy")
    section = dynamics_section(systems, f.time_fs, kelvin, total, reference, target_kelvin, title)
    return (
        section if stopped is None else Section(title, [Verdict(f"Stopped early: {stopped}", "bad"), *section.blocks])
    )
