"""Motion along a trajectory: mean-square displacements, and spectra."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from eukrates.analysis import Spectrum
from eukrates.plots.style import BLUE, QUIET, element_colour, figure, label, legend

SHOWN = 0.5  # of the lags; longer ones average few origins
POINTS = 400


def displacement_figure(found: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Mean-square displacement (Å²) against the lag (ps) by element, linear and logarithmic."""
    fig, (left, right) = figure(4.4, 3.2, 2)
    for place, (name, (lags, msd)) in enumerate(found.items()):
        last = max(2, int(SHOWN * len(lags)))
        rows = slice(1, last, max(1, last // POINTS))
        for ax in (left, right):
            ax.plot(lags[rows], msd[rows], color=element_colour(name, place), linewidth=1.5, label=name)
    right.set_xscale("log")
    right.set_yscale("log")
    lags = next(iter(found.values()))[0]
    ends = np.array([lags[1], SHOWN * lags[-1]])
    height = max(float(msd[max(1, int(SHOWN * len(msd)) - 1)]) for _, msd in found.values())
    right.plot(ends, height * ends / ends[1], color=QUIET, linewidth=0.9, linestyle=":", label="∝ t")
    label(left, "lag (ps)", "Å²", "Mean-square displacement")
    label(right, "lag (ps)", "Å²", "The same, logarithmic")
    legend(left)
    legend(right)
    return fig


def spectrum_figure(
    found: Spectrum, fastest: float, unit: str = "K per 1/cm", title: str = "Velocity spectrum"
) -> Figure:
    """A spectrum against wavenumber, up to what may vibrate, with its error as a band."""
    fig, (ax,) = figure(9.0, 3.2)
    rows = found.wavenumber <= 1.1 * fastest
    x, y, error = found.wavenumber[rows], found.density[rows], np.nan_to_num(found.error[rows])
    ax.fill_between(x, y - error, y + error, color=BLUE, alpha=0.25, linewidth=0)
    ax.plot(x, y, color=BLUE, linewidth=1.2)
    ax.set_xlim(0, float(x[-1]))
    ax.set_ylim(bottom=0)
    label(ax, "wavenumber (1/cm)", unit, title)
    return fig
