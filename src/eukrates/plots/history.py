"""Learning curves, from the lines that training writes."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from eukrates.plots.style import BLUE, GREEN, QUIET, figure, label, legend

PANELS = (  # name of the metric, title, unit, inside → shown
    ("loss", "Loss", "", 1.0),
    ("energy_mae", "Energy MAE", "meV", 1e3),
    ("forces_mae", "Force MAE", "meV/Å", 1e3),
    ("stress_mae", "Stress MAE", "meV/Å³", 1e3),
    ("dipole_mae", "Dipole MAE", "me Å", 1e3),
    ("charges_mae", "Charge MAE", "me", 1e3),
    ("hirshfeld_ratios_mae", "Hirshfeld ratio MAE", "10⁻³", 1e3),
)


def read_history(path: str | os.PathLike) -> list[dict]:
    """The rows of a JSONL file; a last line that was cut off is left out.

    Raises:
        ValueError: a line in the middle is not a JSON object.
    """
    lines = [line for line in Path(path).read_text().splitlines() if line.strip()]
    rows = []
    for n, line in enumerate(lines):
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            if n == len(lines) - 1:
                break
            raise ValueError(f"{path}, line {n + 1} is not JSON: {error}.") from error
        if not isinstance(row, dict):
            raise ValueError(f"{path}, line {n + 1}: expected an object, got {type(row).__name__}.")
        rows.append(row)
    return rows


def learning_curves(rows: Sequence[Mapping]) -> Figure | None:
    """A panel for the loss and for each error that occurs, training and validation; None if nothing can be drawn.

    Understands "train/loss" and "train_loss", "valid/forces_mae" and "valid_forces_mae", "epoch" or "step".
    """
    shown = [p for p in PANELS if any(_series(rows, kind, p[0])[0].size for kind in ("train", "valid"))]
    if not shown:
        return None
    fig, axes = figure(3.5, 3.0, len(shown))
    along = "epoch" if any("epoch" in row for row in rows) else "step"
    for ax, (name, title, unit, factor) in zip(axes, shown, strict=True):
        for kind, colour in (("train", QUIET), ("valid", BLUE)):
            x, y = _series(rows, kind, name)
            if x.size:
                words = "training" if kind == "train" else "validation"
                ax.plot(x, factor * y, color=colour, linewidth=1.5, marker="." if x.size < 30 else "", label=words)
        x, y = _series(rows, "valid", name)
        if x.size:
            n = int(np.argmin(y))
            ax.plot(
                x[n],
                factor * y[n],
                "o",
                ms=5,
                mfc="white",
                mec=GREEN,
                mew=1.5,
                label=f"best {factor * y[n]:.3g}",
                zorder=5,
            )
        ax.set_yscale("log")
        label(ax, along, unit, title)
        legend(ax)
    return fig


def _series(rows: Sequence[Mapping], kind: str, name: str) -> tuple[np.ndarray, np.ndarray]:
    points = []
    for n, row in enumerate(rows):
        y = row.get(f"{kind}/{name}", row.get(f"{kind}_{name}"))
        if isinstance(y, int | float) and np.isfinite(y) and y > 0:
            points.append((row.get("epoch", row.get("step", n)), y))
    x, y = np.array(points, float).reshape(-1, 2).T
    return x, y
