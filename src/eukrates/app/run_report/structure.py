"""Where the atoms are: the moving structure, and how far the elements are from one another."""

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from eukrates.analysis import RadialDistribution, find_bonds, radial_distribution
from eukrates.analysis import distances as lengths_of
from eukrates.app.run_report.recorded import Recorded
from eukrates.elements import SYMBOLS, pair_name
from eukrates.matter.bonds import molecule_of
from eukrates.matter.superposition import superposed
from eukrates.plots.distributions import distance_figure, radial_figure
from eukrates.plots.molecule import Molecule3D
from eukrates.plots.report import Figure, Section
from eukrates.trust.table import Table

MOST_SHOWN = 120_000  # coordinates in the moving picture
PANELS = 3  # of a figure
ELEMENTS = 3  # whose pairs are shown
FRAMES, PAIRS_AT_ONCE = 200, 400_000
SHORTEST, LONGEST, SPACING = 6.0, 10.0, 0.05  # Å
BEYOND_PEAK = 1.5  # times the radius of the highest peak, up to which the minimum behind it is looked for


def moving(recorded: Recorded) -> Section:
    """The trajectory to be turned: a molecule laid over its start, matter with every molecule in the box."""
    f = recorded.frames
    frames = f[:: max(1, -(-f.positions.size // MOST_SHOWN))]
    r, cell = np.asarray(frames.positions, np.float64), np.asarray(recorded.structure.cell[0])
    if recorded.alone:
        r, cell = np.stack([superposed(one, r[0]) for one in r]), np.zeros((3, 3))
    else:
        r = _inside(recorded, r, np.broadcast_to(cell, (len(r), 3, 3)) if frames.cell is None else frames.cell)
    words = f"{len(frames)} of {len(recorded.log['step'])} frames."
    z = np.asarray(recorded.structure.numbers)
    return Section("Trajectory", [Molecule3D(z, r, cell if cell.any() else None, frames.time_fs, words)])


def distances(recorded: Recorded) -> Section:
    """Radial distribution functions, or without a density the distances themselves."""
    return _alone(recorded) if recorded.alone else _dense(recorded)


def main_pairs(numbers: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of the most frequent elements, the heavier one first."""
    common = [z for z, _ in Counter(np.asarray(numbers).tolist()).most_common(ELEMENTS)]
    return list(combinations_with_replacement(sorted(common, reverse=True), 2))


def _dense(recorded: Recorded) -> Section:
    frames, structure = recorded.some(FRAMES), recorded.structure
    reach = radius_max(structure.cell[0])
    bins, found = round(reach / SPACING), {}
    for a, b in main_pairs(structure.numbers):
        pair = (SYMBOLS[a], SYMBOLS[b])
        if a == b and np.sum(np.asarray(structure.numbers) == a) < 2 and reach < SHORTEST:
            continue
        found["–".join(pair)] = radial_distribution(structure, frames.positions, reach, pair, bins, frames.cell)
    rows = [(name, *peak(g)) for name, g in found.items()]
    note = f"From {_of(recorded, len(frames))}, up to {reach:.3g} Å. n: the neighbours of an atom of the first element."
    columns = ("pair", "highest peak (Å)", "g there", "error", "minimum behind (Å)", "n up to it")
    return Section("Radial distribution functions", [*in_rows(radial_figure, found), Table("", columns, rows, note)])


def radius_max(cell: np.ndarray) -> float:
    """Half the shortest width of a cell, but 6 to 10 Å."""
    inverse = np.linalg.inv(np.asarray(cell, np.float64))
    return float(np.clip(0.5 / np.linalg.norm(inverse, axis=0).max(), SHORTEST, LONGEST))


def peak(found: RadialDistribution) -> tuple[float, float, float, float, float]:
    """Radius of the highest peak (Å), g and its error there, the minimum behind it (Å), neighbours up to there."""
    n = int(np.argmax(found.g))
    behind = np.flatnonzero((found.radius > found.radius[n]) & (found.radius < BEYOND_PEAK * found.radius[n]))
    m = int(behind[np.argmin(found.g[behind])]) if behind.size else n
    return (
        float(found.radius[n]),
        float(found.g[n]),
        float(found.error[n]),
        float(found.radius[m]),
        found.neighbours_within(float(found.radius[m])),
    )


def _alone(recorded: Recorded) -> Section:
    z, structure = np.asarray(recorded.structure.numbers), recorded.structure
    pairs = np.array(list(combinations_with_replacement(range(z.size), 2)))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    if not len(pairs):
        raise ValueError("A single atom has no distances.")
    frames = recorded.some(max(1, PAIRS_AT_ONCE // len(pairs)))
    wanted = main_pairs(z)
    found = {}
    for a, b in wanted:
        chosen = pairs[np.all(np.sort(z[pairs], axis=1) == sorted((a, b)), axis=1)]
        if len(chosen):
            found[pair_name(a, b)] = lengths_of(structure, frames.positions, chosen, frames.cell)
    if not found:
        raise ValueError("No element is there twice, and there is one element only: no pair to look at.")
    rows = [(name, int(d.shape[1]), float(d.min()), float(d.mean()), float(d.max())) for name, d in found.items()]
    words = (
        f"A radial distribution function compares with the mean density, and here {recorded.alone}. Shown is how the "
        "distances between atoms are distributed; the area under a curve is 1."
    )
    columns = ("pair", "pairs", "shortest (Å)", "mean (Å)", "longest (Å)")
    table = Table("", columns, rows, f"From {_of(recorded, len(frames))}.")
    return Section("Distances", [words, *in_rows(distance_figure, found), table])


def in_rows(draw: Callable[[Any], Any], found: Mapping[str, Any]) -> list[Figure]:
    """Figures of three panels each."""
    names = list(found)
    return [Figure(draw({n: found[n] for n in names[k : k + PANELS]})) for k in range(0, len(names), PANELS)]


def _of(recorded: Recorded, used: int) -> str:
    whole = len(recorded.log["step"])
    return f"{used} of {whole} frames, evenly spaced, without the first tenth"


def _inside(recorded: Recorded, positions: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Positions with the centre of every molecule inside the box."""
    owner = molecule_of(recorded.atoms, find_bonds(recorded.structure))
    share = np.eye(owner.max() + 1)[owner] / np.bincount(owner)  # [atoms, molecules]
    centres = np.einsum("am,fax->fmx", share, positions, optimize=True)
    fractions = np.einsum("fmx,fxy->fmy", centres, np.linalg.inv(cells))
    return positions - np.einsum("fmx,fxy->fmy", np.floor(fractions), cells)[:, owner]
