"""Predicted against reference, and how errors are distributed."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eukrates.elements import SYMBOLS
from eukrates.plots.style import BLUE, INK, QUIET, element_colour, figure, label, legend
from eukrates.trust.comparison import UNITS, Comparison
from eukrates.trust.evaluation import TITLES

FEW = 4000  # points that are drawn one by one; more become a density


def parity(comparison: Comparison) -> Figure:
    """Two panels: predicted against reference, and the histogram of errors by element.

    Energies are shown without the mean of the reference and without the mean error, which is written into the panel.
    Errors beyond the 99.8th percentile are gathered at the edge of the histogram and counted there.
    """
    fig, (left, right) = figure(4.3, 3.7, 2)
    _, unit, factor, _, _ = UNITS[comparison.name]
    title = TITLES[comparison.name]
    energy = comparison.name.startswith("energy") and comparison.reference.size > 1
    mean = float(comparison.reference.mean()) if energy else 0.0
    bias = float((comparison.predicted - comparison.reference).mean()) if energy else 0.0
    reference, predicted = factor * (comparison.reference - mean), factor * (comparison.predicted - mean - bias)
    _points(left, reference, predicted, comparison.numbers)
    about = " − mean" if energy else ""
    label(left, f"reference{about} ({unit})", f"predicted{about} ({unit})", title[0].upper() + title[1:])
    e = comparison.errors().times(factor)
    if e.count:
        words = f"MAE {e.mae:.3g}\nRMSE {e.rmse:.3g} {unit}" + (f"\nbias {e.bias:.3g}, removed here" if energy else "")
        behind = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1.5}
        left.text(0.03, 0.97, words, transform=left.transAxes, va="top", color=INK, fontsize=8.5, bbox=behind, zorder=6)
    _histogram(right, predicted - reference, comparison.numbers)
    label(right, f"predicted − reference ({unit})", "share", "Errors")
    return fig


def _points(ax: Axes, reference: np.ndarray, predicted: np.ndarray, numbers: np.ndarray) -> None:
    both = np.concatenate([reference.ravel(), predicted.ravel()])
    low, high = (float(both.min()), float(both.max())) if both.size else (0.0, 1.0)
    margin = 0.04 * (high - low) or 1.0
    low, high = low - margin, high + margin
    ax.plot([low, high], [low, high], color=QUIET, linewidth=0.9, zorder=1)
    if reference.size > FEW:
        bins = ax.hexbin(
            reference.ravel(), predicted.ravel(), gridsize=90, bins="log", mincnt=1, cmap="viridis", zorder=2
        )
        bins.set_rasterized(True)
    else:
        for place, z in enumerate(np.unique(numbers)):
            rows = numbers == z
            colour = element_colour(SYMBOLS[z], place) if z else BLUE
            dots = ax.plot(
                reference[rows].ravel(), predicted[rows].ravel(), ".", ms=3.5, alpha=0.45, mec="none", color=colour
            )
            dots[0].set(rasterized=reference.size > 500, label=SYMBOLS[z] if z else None)
        if np.any(numbers > 0):
            legend(ax, loc="lower right", markerscale=2.5)
    ax.set(xlim=(low, high), ylim=(low, high), aspect="equal", box_aspect=1)
    ax.locator_params(nbins=5)


def _histogram(ax: Axes, errors: np.ndarray, numbers: np.ndarray) -> None:
    if errors.size == 0:
        return
    edge = float(np.quantile(np.abs(errors), 0.998)) or float(np.max(np.abs(errors))) or 1.0
    outside = int(np.sum(np.abs(errors) > edge))
    fewest = min(np.sum(numbers == z) for z in np.unique(numbers)) * errors.shape[1]
    bins = np.linspace(-edge, edge, int(np.clip(2 * fewest**0.4, 11, 61)))
    for place, z in enumerate(np.unique(numbers)):
        values = np.clip(errors[numbers == z].ravel(), -edge, edge)
        colour = element_colour(SYMBOLS[z], place) if z else BLUE
        style = {"histtype": "step", "linewidth": 1.5} if z else {"histtype": "stepfilled", "alpha": 0.75}
        ax.hist(
            values,
            bins.tolist(),
            weights=np.full(values.size, 1 / values.size),
            color=colour,
            label=SYMBOLS[z] if z else None,
            **style,
        )
    ax.axvline(0, color=QUIET, linewidth=0.9)
    ax.set_box_aspect(1)
    ax.locator_params(nbins=5)
    if outside:
        ax.text(
            0.98,
            0.96,
            f"{outside} beyond\nthe edge",
            transform=ax.transAxes,
            ha="right",
            va="top",
            color=QUIET,
            fontsize=8,
        )
    if np.any(numbers > 0):
        legend(ax, loc="upper left")
