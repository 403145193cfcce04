"""Networks of minima and passes: the disconnectivity tree, tables, profiles of bands."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure as Drawing

from eukrates.landscape.paths import Band, Network
from eukrates.plots.report import Figure, Section
from eukrates.plots.style import BLUE, QUIET, VERMILION, figure, label
from eukrates.trust.table import Table
from eukrates.units import KJ_PER_MOL

SHOWN = 60  # rows of the table of passes
NAMED = 100  # minima, up to which their numbers stand below the tree


def network_section(network: Network) -> Section:
    """The tree, and the lowest passes."""
    found = sorted(network.lowest_passes().items(), key=lambda item: item[1].energy)
    energy = {n: one.energy for n, one in network.minima.items()}
    low = min(energy.values())
    heights = lambda i, j, top: [(top - e) / KJ_PER_MOL for e in (low, energy[i], energy[j])]
    rows = [(f"{i} – {j}", *heights(i, j, one.energy), -one.wavenumber) for (i, j), one in found[:SHOWN]]
    columns = ("minima", "above the lowest minimum, kJ/mol", "above the first", "above the second", "mode, i/cm")
    note = f"The lowest {SHOWN} of {len(found)}; all are in network.json. " if len(found) > SHOWN else ""
    if inner := sum(one.minima[0] == one.minima[1] for one in network.passes):
        note += f"{inner} more lead from a minimum to itself, or to what it is with like atoms exchanged."
    words = "Each end is a minimum; lines meet at the lowest pass over which one gets from one group to the other."
    drawn = Figure(tree_figure(network), words)
    return Section("Passes between minima", [drawn, Table("Passes", columns, rows, note.strip())])


def tree_figure(network: Network) -> Drawing:
    """The disconnectivity tree; minima without any known pass stand alone."""
    order = _ordered(network)
    places = {minimum: x for x, minimum in enumerate(order)}
    low = min(one.energy for one in network.minima.values())
    kj = lambda energy: (energy - low) / KJ_PER_MOL
    height = lambda n: kj(network.minima[n].energy)
    fig, (ax,) = figure(min(12.0, 3.0 + 0.12 * len(places)), 4.0)
    at = {frozenset([n]): (float(x), height(n)) for n, x in places.items()}
    for join in network.joins():
        (x1, y1), (x2, y2), top = at.pop(join.one), at.pop(join.other), kj(join.energy)
        ax.plot([x1, x1, x2, x2], [y1, top, top, y2], color=BLUE, linewidth=1.0)
        weights = len(join.one), len(join.other)
        at[join.one | join.other] = ((x1 * weights[0] + x2 * weights[1]) / sum(weights), top)
    for n, x in places.items():
        ax.plot(x, height(n), "o", ms=3, color=VERMILION if height(n) == 0 else QUIET)
    ax.set_xticks(range(len(order)) if len(order) <= NAMED else [])
    if len(order) <= NAMED:
        ax.set_xticklabels([str(n) for n in order], fontsize=6, rotation=90)
    label(ax, f"{len(places)} minima", "above the lowest (kJ/mol)", "Disconnectivity tree")
    return fig


def band_figure(band: Band, saddles: Sequence[tuple[int, float]] = ()) -> Drawing:
    """Energy along a band, and saddle points: the image that each was found from, and its energy in eV."""
    r = np.stack([np.asarray(s.positions) for s in band.structures])
    steps = np.linalg.norm((r[1:] - r[:-1]).reshape(len(r) - 1, -1), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    fig, (ax,) = figure(4.8, 3.4)
    ax.plot(along, (band.energies - band.energies[0]) / KJ_PER_MOL, "o-", ms=4, color=BLUE)
    for image, energy in saddles:
        ax.plot(along[image], (energy - band.energies[0]) / KJ_PER_MOL, "*", ms=12, color=VERMILION)
    label(ax, "length of the path (Å, all atoms)", "kJ/mol", "Energy along the path")
    return fig


def _ordered(network: Network) -> Sequence[int]:
    """Minima so that those that join stand beside each other, the group with the lower one to the left."""
    order = {frozenset([n]): [n] for n in network.minima}
    lowest = lambda some: min(network.minima[n].energy for n in some)
    for join in network.joins():
        one, other = order.pop(join.one), order.pop(join.other)
        order[join.one | join.other] = one + other if lowest(one) <= lowest(other) else other + one
    return [n for some in order.values() for n in some]
