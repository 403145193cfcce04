"""The page that compares replicas: how each ended, its temperature and drift, and what all say together."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from eukrates.app.pages import SUBTITLE
from eukrates.app.run_report.recorded import Recorded, read_recorded
from eukrates.app.run_report.summary import settings
from eukrates.app.run_report.thermodynamics import SETTLED, drawn_log, drift_per_ns, temperatures
from eukrates.dynamics.journals import directories
from eukrates.plots.report import Figure, Report, Section, Verdict
from eukrates.plots.run import many_series
from eukrates.trust.table import Table

TOGETHER = {
    "temperature_kelvin": "temperature (K)",
    "potential_energy": "potential energy (eV)",
    "pressure_gpa": "pressure (GPa)",
    "volume_angstrom3": "volume (Å³)",
    "density_g_per_cm3": "density (g/cm³)",
}
MOST_CURVES = 8


def page_of_replicas(folder: Path) -> Report:
    """The page about all systems in a folder; those without a frame are named.

    Raises:
        ValueError: damaged files, or not a single frame.
    """
    found: dict[str, Recorded] = {}
    empty: list[str] = []
    for one in directories(folder):
        try:
            found[one.name] = read_recorded(one)
        except ValueError:
            empty.append(one.name)
    if not found:
        raise ValueError(f"{folder} holds no frame yet: there is nothing to analyse.")
    first = next(iter(found.values()))
    each = [*_ended(found, empty), _table(found), *_curves(found)]
    again = f"`eukrates analyse {folder / list(found)[-1]}` makes the page of a single replica, with everything else."
    here = f"{len(found) + len(empty)} replicas of {first.told['formula']}, {first.told['ensemble']['kind']}"
    sections = [
        Section("Replicas", each),
        *_together(list(found.values())),
        Section(f"Replica {next(iter(found))}", [settings(first), again]),
    ]
    return Report(f"Dynamics of {here}", sections, f"{SUBTITLE} · {folder.resolve().name}")


def _ended(found: dict[str, Recorded], empty: Sequence[str]) -> list[Verdict]:
    """How many came to their end."""
    stopped = [name for name, one in found.items() if one.stopped is not None] + list(empty)
    first = max(found.values(), key=lambda one: one.steps_done)
    done, planned, fs = first.steps_done, first.told["steps"], first.told["timestep_fs"]
    length = f"{done * fs / 1000:.6g} ps, {done} steps of {fs:g} fs"
    words = []
    if stopped:
        words = [Verdict(f"Stopped before their end, the table says why: {', '.join(sorted(stopped))}.", "bad")]
    if done < planned and len(stopped) < len(found) + len(empty):
        again = f"`eukrates md --resume --folder {first.home}` goes on."
        return [*words, Verdict(f"Not finished: {length}, of {planned * fs / 1000:.6g} ps. {again}", "care")]
    others = len(found) + len(empty) - len(stopped)
    return [*words, Verdict(f"Finished: {others} replicas, {length} each.", "good")] if others else words


def _table(found: dict[str, Recorded]) -> Table:
    """A row for each."""
    rows = []
    for name, one in found.items():
        try:
            warm, slope = temperatures(one), drift_per_ns(one)
            numbers = (warm.mean, warm.error, *slope)
        except ValueError:  # too few frames
            numbers = (None,) * 4
        ended = one.stopped or f"{one.steps_done} steps"
        rows.append((name, one.told["seed"], one.target_kelvin, *numbers, ended))
    columns = ("", "seed", "bath (K)", "temperature (K)", "error", "drift (meV/atom/ns)", "error", "ended")
    return Table("", columns, rows, SETTLED)


def _curves(found: dict[str, Recorded]) -> list[Figure]:
    """Potential energies of some over time: replicas in different basins differ."""
    drawn = {name: drawn_log(one) for name, one in list(found.items())[:MOST_CURVES] if len(one.log["step"]) > 1}
    lines = {name: (log["time_fs"], log["potential_energy"]) for name, log in drawn.items()}
    caption = f"The first {MOST_CURVES}, running means." if len(found) > MOST_CURVES else "Running means."
    return [Figure(many_series(lines, "potential energy (eV)"), caption)] if lines else []


def _together(found: Sequence[Recorded]) -> list[Section]:
    """Means over replicas that differ by their seeds alone, with the scatter between them as the error."""
    whole = [one for one in found if one.stopped is None and len(one.log["step"]) > 1]
    kinds = {repr(one.told["ensemble"]) for one in whole}
    if len(whole) < 2 or len(kinds) > 1:
        return []
    rows = []
    for name, words in TOGETHER.items():
        if name in whole[0].log:
            means = np.array([one.settled[name].mean() for one in whole])
            rows.append((words, float(means.mean()), float(means.std(ddof=1) / np.sqrt(len(means)))))
    note = (
        f"Means of {len(whole)} replicas that came to their end, without the first tenth; the error is the standard "
        "error that the scatter between replicas tells, whatever the correlations within one are."
    )
    return [Section("Together", [Table("", ("", "mean", "error"), rows, note)])]
