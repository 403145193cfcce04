"""Bonds and torsions of a run, and how long the bonds held."""

import numpy as np

from eukrates.analysis import (
    bond_lengths,
    find_bonds,
    rotatable_torsions,
    stability,
    torsion_angles,
    torsion_distribution,
)
from eukrates.app.run_report.recorded import Recorded
from eukrates.app.run_report.structure import in_rows
from eukrates.elements import SYMBOLS
from eukrates.plots.distributions import length_figure, torsion_figure
from eukrates.plots.report import Section, Verdict
from eukrates.trust.table import Table

FRAMES = 2000
KINDS, TORSIONS = 6, 6  # shown
MOST_FRAMES = 20_000  # whose torsions are measured


def bonds(recorded: Recorded) -> Section:
    """How long the bonds of the first frame are."""
    some = _bonded(recorded)
    frames = recorded.some(FRAMES, 90 * len(some))
    found = bond_lengths(recorded.structure, frames.positions, some, frames.cell)
    found = dict(sorted(found.items(), key=lambda item: -item[1].shape[1]))
    rows = [(k, int(d.shape[1]), *map(float, (d.mean(), d.std(), d.min(), d.max()))) for k, d in found.items()]
    columns = ("bond", "bonds", "mean (Å)", "width (Å)", "shortest (Å)", "longest (Å)")
    table = Table("", columns, rows, f"From {_of(recorded, len(frames))}.")
    shown = {kind: found[kind] for kind in list(found)[:KINDS]}
    words = "Bonds are pairs that are closer than 1.25 times the sum of their covalent radii in the first frame."
    return Section("Bond lengths", [words, *in_rows(length_figure, shown), table])


def torsions(recorded: Recorded) -> Section:
    """Angles about the bonds that can turn."""
    chosen = rotatable_torsions(recorded.structure, _bonded(recorded))
    if not len(chosen):
        raise ValueError("No bond can turn: there is none between two atoms that hold heavier atoms than hydrogen.")
    frames = recorded.some(MOST_FRAMES, 120 * len(chosen[:TORSIONS]))
    if len(frames) < 2:
        raise ValueError("One frame is too few for a distribution.")
    angles = torsion_angles(recorded.structure, frames.positions, chosen[:TORSIONS], frames.cell)
    names = [_name(recorded, torsion) for torsion in chosen]
    kept = np.flatnonzero(np.isfinite(angles).all(axis=0))
    found = {names[n]: torsion_distribution(angles[:, n : n + 1]) for n in kept}
    if not found:
        raise ValueError("Every torsion has frames in which three of its atoms are in line: its angle does not exist.")
    rows = [(names[n], *_shares(angles[:, n])) for n in kept]
    more = f" The first {TORSIONS} of {len(chosen)} bonds that can turn." if len(chosen) > TORSIONS else ""
    note = f"Shares of {_of(recorded, len(frames))}: |φ| up to 30°, 30 to 90°, 90 to 150°, beyond.{more}"
    table = Table("", ("torsion", "cis", "gauche", "anticlinal", "trans"), rows, note)
    return Section("Torsions", [*in_rows(torsion_figure, found), table])


def stable(recorded: Recorded) -> Section:
    """The share of the run before the first frame that is not physical."""
    some = _bonded(recorded)
    f = recorded.frames
    every = max(1, -(-len(f) // min(FRAMES, max(1, 100_000_000 // (90 * len(some))))))
    heat = recorded.log["temperature_kelvin"][:: recorded.stride][: len(f)]
    cells = None if f.cell is None else f.cell[::every]
    found = stability(recorded.structure, f.positions[::every], some, temperature_kelvin=heat[::every], cells=cells)
    told, apart = recorded.told, every * recorded.stride
    planned = told["steps"] // told["record"]["every"] // apart + 1 if recorded.stopped else found.frames
    coefficient = found.coefficient_of(max(planned, found.frames))
    checked = "Every frame" if apart == 1 else f"One frame in {apart}"
    n = found.first_unphysical
    where = "" if n is None else f" At {f.time_fs[n * every] / 1000:.6g} ps {found.reason}."
    mood = "good" if coefficient == 1 else "care"
    meaning = (
        "The share of the run (of the planned one, if it was stopped) before the first frame in which a position is "
        "not finite or a bond of the first frame is more than 0.5 Å longer or shorter than it was there. A reaction, "
        "and atoms that change their neighbours in a metal or a melt, count as unphysical by this definition. "
        f"{checked} was looked at."
    )
    return Section("Stability", [Verdict(f"Stability coefficient {coefficient:.3f}.{where}", mood), meaning])


def _bonded(recorded: Recorded) -> np.ndarray:
    found = find_bonds(recorded.structure)
    if not len(found):
        raise ValueError("No two atoms of the first frame are bonded.")
    return found


def _name(recorded: Recorded, torsion: np.ndarray) -> str:
    z = np.asarray(recorded.structure.numbers)
    return "–".join(f"{SYMBOLS[z[atom]]}{atom}" for atom in torsion)


def _shares(angles: np.ndarray) -> list[float]:
    edges = [0.0, 30.0, 90.0, 150.0, 180.0 + 1e-9]
    return (np.histogram(np.abs(angles), edges)[0] / angles.size).tolist()


def _of(recorded: Recorded, used: int) -> str:
    return f"{used} of {len(recorded.log['step'])} frames without the first tenth"
