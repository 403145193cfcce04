"""Dimer curves: the wall between two nuclei, and the holes in it."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from eukrates.plots.style import BAND, CYCLE, QUIET, VERMILION, figure, label, legend
from eukrates.trust.repulsion import INNER, OUTER, THRESHOLD, Scan


def dimer_curves(scans: Sequence[Scan], title: str = "Two atoms alone") -> Figure | None:
    """Energy against the distance over the sum of covalent radii; linear up to 1 eV, logarithmic beyond.

    With more than six pairs only those with holes have names; the shaded range must rise towards the left.
    """
    if not scans:
        return None
    fig, (ax,) = figure(5.2, 3.6)
    ax.axvspan(INNER, OUTER, color=BAND, zorder=0)
    named = 0
    for scan in sorted(scans, key=lambda s: s.depth > THRESHOLD):
        holed = scan.depth > THRESHOLD
        loud = holed or len(scans) <= len(CYCLE)
        colour = CYCLE[named % len(CYCLE)] if loud else "#b8c1cb"
        named += loud
        name = scan.pair + (" (hole)" if holed else "") if loud and named <= 12 else None
        ax.plot(scan.distances / scan.radius, scan.energies, color=colour, linewidth=1.6 if loud else 0.8, label=name)
        if scan.place is not None:
            deep = scan.energies[abs(scan.distances - scan.place).argmin()]
            ax.plot(scan.place / scan.radius, deep, "v", color=VERMILION, ms=7, zorder=5)
    ax.set_yscale("symlog", linthresh=1.0)
    ax.axhline(0, color=QUIET, linewidth=0.8)
    ax.set_xlim(INNER, min(3.0, max(float(s.distances[-1] / s.radius) for s in scans)))
    label(ax, "distance / sum of covalent radii", "energy (eV)", title)
    legend(ax, loc="upper right", ncols=1 if named <= 6 else 2, frameon=True, edgecolor="none", framealpha=0.85)
    return fig
