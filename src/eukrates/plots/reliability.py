"""Errors of an ensemble beside what its members say of them."""

import numpy as np
from matplotlib.figure import Figure

from eukrates.plots.style import BLUE, INK, QUIET, figure, label
from eukrates.trust.calibration import Calibration
from eukrates.trust.comparison import UNITS


def reliability(calibration: Calibration) -> Figure:
    """The reliability diagram, and the errors of single structures against their scaled deviations."""
    fig, (left, right) = figure(4.3, 3.7, 2)
    _, unit, factor, _, _ = UNITS["energy"]
    expected, found = (factor * values for values in calibration.bins())
    sigma = factor * calibration.scale * calibration.deviations
    error = factor * np.abs(calibration.errors)
    for ax in (left, right):
        ends = [0.8 * sigma.min(), 1.25 * sigma.max()]
        ax.plot(ends, ends, color=QUIET, linewidth=0.9)
        ax.set(xscale="log", yscale="log")
    left.plot(expected, found, "o-", color=BLUE, ms=4)
    words = f"scale {calibration.scale:.3g}\nENCE {calibration.ence:.2f}"
    left.text(0.03, 0.97, words, transform=left.transAxes, va="top", color=INK, fontsize=8.5)
    label(left, f"scaled deviation of a bin ({unit})", f"RMSE of the bin ({unit})", "Reliability")
    right.plot(sigma, np.maximum(error, 1e-2 * sigma.min()), ".", ms=3.5, alpha=0.45, mec="none", color=BLUE)
    label(right, f"scaled deviation ({unit})", f"size of the error ({unit})", "Single structures")
    return fig
