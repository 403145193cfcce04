"""Distributions along a trajectory: g(r), distances, bond lengths, torsions. One panel each."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eukrates.analysis import RadialDistribution, histogram
from eukrates.plots.style import BLUE, GRID, QUIET, VERMILION, figure, label

HIGHEST = 3.0  # times the rest: a peak that is higher, of bonds, is cut off
BONDED = 1.7  # Å, up to which a peak may be one of bonds
BINS = 60


def radial_figure(found: Mapping[str, RadialDistribution]) -> Figure:
    """g(r) with its error as a band, a panel for each pair; peaks of bonds are cut off and said to be."""
    fig, axes = figure(3.3, 2.9, len(found))
    for ax, (name, one) in zip(axes, found.items(), strict=True):
        ax.axhline(1.0, color=QUIET, linewidth=0.8, linestyle=":")
        _band(ax, one.radius, one.g, one.error)
        rest = one.g[one.radius > BONDED]
        top = 1.15 * float(rest.max()) if rest.size and rest.max() > 0 else 1.15 * float(one.g.max() or 1.0)
        cut = one.g.max() > HIGHEST * top
        ax.set_xlim(0, float(one.edges[-1]))
        ax.set_ylim(0, top if cut else 1.08 * float(one.g.max() or 1.0))
        if cut:
            where = float(one.radius[np.argmax(one.g)])
            ax.annotate(f"peak {one.g.max():.3g}", (where, top), (where + 0.3, 0.94 * top), fontsize=8, color=QUIET)
        label(ax, "r (Å)", "g(r)", name)
    return fig


def distance_figure(found: Mapping[str, Float[np.ndarray, "..."]]) -> Figure:
    """Probability densities of distances in Å, a panel for each pair."""
    return _densities(found, 2 * BINS, False)


def length_figure(found: Mapping[str, Float[np.ndarray, "..."]]) -> Figure:
    """Probability densities of bond lengths in Å, a panel for each kind."""
    return _densities(found, BINS, True)


def torsion_figure(found: Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Figure:
    """Probability density of each torsion over the circle (`torsion_distribution`), with its error as a band."""
    fig, axes = figure(3.3, 2.6, len(found))
    for ax, (name, (centre, density, error)) in zip(axes, found.items(), strict=True):
        closed = lambda values: np.append(values, values[0])
        _band(ax, np.append(centre, 180.0), 1000 * closed(density), 1000 * closed(error))
        ax.set_xlim(-180, 180)
        ax.set_ylim(bottom=0)
        ax.set_xticks([-180, -120, -60, 0, 60, 120, 180])
        label(ax, "degrees", "10⁻³ per degree", name)
    return fig


def _densities(found: Mapping[str, np.ndarray], bins: int, with_mean: bool) -> Figure:
    fig, axes = figure(3.0, 2.6, len(found))
    for ax, (name, values) in zip(axes, found.items(), strict=True):
        low, high = float(values.min()), float(values.max())
        margin = 0.04 * (high - low) + 0.005
        centre, density = histogram(values, int(np.clip(np.sqrt(values.size), 12, bins)), (low - margin, high + margin))
        ax.fill_between(centre, density, step="mid", color=BLUE, alpha=0.45, linewidth=0)
        ax.step(centre, density, where="mid", color=BLUE, linewidth=1.1)
        if with_mean:
            ax.axvline(float(values.mean()), color=VERMILION, linewidth=1.0)
        ax.set_yticks([])
        ax.set_ylim(bottom=0)
        ax.spines["left"].set_visible(False)
        label(ax, "Å", "", name.replace("-", "–") + (f", mean {values.mean():.3f} Å" if with_mean else ""))
    return fig


def _band(ax: Axes, x: np.ndarray, y: np.ndarray, error: np.ndarray) -> None:
    """A line with its standard error."""
    wide = np.nan_to_num(error)
    ax.fill_between(x, y - wide, y + wide, color=BLUE, alpha=0.25, linewidth=0)
    ax.plot(x, y, color=BLUE, linewidth=1.3)
    ax.grid(True, color=GRID, linewidth=0.7)
