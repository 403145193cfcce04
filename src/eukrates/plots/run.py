"""A run of dynamics over time: temperature, energies, conservation."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from eukrates.plots.style import BAND, BLUE, GREEN, QUIET, VERMILION, figure, label, legend


def energy_conservation(
    times_fs: Float[np.ndarray, " frames"], total: Float[np.ndarray, " frames"], atoms: int
) -> Figure:
    """Total energy against time with its line, meV per atom relative to the start of the line."""
    fig, (ax,) = figure(5.2, 3.2)
    t, e = _scaled(times_fs), 1e3 * total / atoms
    slope, start = np.polyfit(times_fs / 1e3, e, 1) if len(t[0]) > 1 else (0.0, e[0])
    ax.plot(t[0], e - start, color=BLUE, linewidth=0.9, label="total energy")
    ax.plot(t[0], slope * times_fs / 1e3, color=VERMILION, linewidth=1.4, label=f"drift {slope:.2g} meV/atom/ps")
    label(ax, f"time ({t[1]})", "meV/atom", "Energy conservation")
    legend(ax)
    return fig


def conserved_energy(
    times_fs: Float[np.ndarray, " frames"],
    conserved: Float[np.ndarray, " frames"],
    atoms: int,
    drift: float,
    start_fs: float = 0.0,
) -> Figure:
    """The conserved energy against time, meV per atom, with its drift (meV/atom/ns) from `start_fs` on as a line."""
    fig, (ax,) = figure(5.2, 3.2)
    (t, unit), rows = _scaled(times_fs), times_fs >= start_fs
    e = 1e3 * (conserved - conserved[rows].mean()) / atoms
    ax.plot(t, e, color=BLUE, linewidth=0.9, label="conserved energy")
    line = drift * (times_fs[rows] - times_fs[rows].mean()) / 1e6
    ax.plot(t[rows], line, color=VERMILION, linewidth=1.4, label=f"drift {drift:.3g} meV/atom/ns")
    label(ax, f"time ({unit})", "meV/atom", "Conserved energy")
    legend(ax)
    return fig


def series(
    times_fs: Float[np.ndarray, " frames"],
    values: Float[np.ndarray, " frames"],
    name: str,
    target: float | int | None = None,
    start_fs: float = 0.0,
) -> Figure:
    """Any logged quantity against time, its running mean from `start_fs` on, and the target where there is one."""
    fig, (ax,) = figure(4.6, 3.0)
    (t, unit), rows = _scaled(times_fs), times_fs >= start_fs
    if not rows.all():
        ax.axvspan(t[0], t[rows][0], color=BAND, zorder=0, label="left out of means")
    ax.plot(t, values, color=QUIET, linewidth=0.6, alpha=0.6, label="instantaneous")
    mean = np.cumsum(values[rows]) / np.arange(1, rows.sum() + 1)
    ax.plot(t[rows], mean, color=BLUE, linewidth=1.7, label="mean so far")
    low, high = values[rows].min(), values[rows].max()
    room = 0.35 * (high - low) or 1.0
    ax.set_ylim(max(values.min(), low - room) - 0.1 * room, min(values.max(), high + room) + 0.1 * room)
    if target is not None:
        ax.axhline(target, color=GREEN, linewidth=1.2, linestyle="--", label=f"target {target:g}")
    label(ax, f"time ({unit})", name, "")
    legend(ax)
    return fig


def many_series(lines: Mapping[str, tuple[np.ndarray, np.ndarray]], name: str) -> Figure:
    """Running means of a quantity of several runs against time: name → times (fs) and values, both [frames]."""
    fig, (ax,) = figure(9.0, 3.2)
    longest = max((times for times, _ in lines.values()), key=lambda times: times[-1])
    unit = _scaled(longest)[1]
    for run, (times, values) in lines.items():
        mean = np.cumsum(values) / np.arange(1, len(values) + 1)
        ax.plot(times / (1e3 if unit == "ps" else 1.0), mean, linewidth=1.2, label=run)
    label(ax, f"time ({unit})", name, "")
    legend(ax)
    return fig


def temperature(
    times_fs: Float[np.ndarray, " frames"], kelvin: Float[np.ndarray, " frames"], target: float | int | None = None
) -> Figure:
    """Temperature against time, its running mean, and the target where there is one."""
    fig, (ax,) = figure(5.2, 3.2)
    t, unit = _scaled(times_fs)
    ax.plot(t, kelvin, color=QUIET, linewidth=0.6, alpha=0.6, label="instantaneous")
    ax.plot(t, np.cumsum(kelvin) / np.arange(1, len(kelvin) + 1), color=BLUE, linewidth=1.7, label="mean so far")
    if target is not None:
        ax.axhline(target, color=GREEN, linewidth=1.2, linestyle="--", label=f"target {target:g} K")
    label(ax, f"time ({unit})", "K", "Temperature")
    legend(ax)
    return fig


def energies(
    times_fs: Float[np.ndarray, " frames"],
    potential: Float[np.ndarray, " frames"],
    kinetic: Float[np.ndarray, " frames"],
) -> Figure:
    """Potential and kinetic energy in eV against time, the potential energy relative to its mean."""
    fig, (ax,) = figure(5.2, 3.2)
    t, unit = _scaled(times_fs)
    ax.plot(t, potential - potential.mean(), color=BLUE, linewidth=0.8, label="potential − mean")
    ax.plot(t, kinetic, color=VERMILION, linewidth=0.8, label="kinetic")
    label(ax, f"time ({unit})", "eV", "Energies")
    legend(ax)
    return fig


def _scaled(times_fs: np.ndarray) -> tuple[np.ndarray, str]:
    return (times_fs / 1e3, "ps") if times_fs[-1] > 2000 else (times_fs, "fs")
