"""Active learning: errors and disagreement against labels, and what was chosen."""

import numpy as np
from matplotlib.figure import Figure as Drawing

from eukrates.active import Generation, Outcome, Policy
from eukrates.plots.report import Block, Figure, Section, Verdict
from eukrates.plots.style import BLUE, GREEN, QUIET, VERMILION, figure, label, legend
from eukrates.trust.comparison import UNITS
from eukrates.trust.table import Table

PARTS = (("test", GREEN), ("valid", BLUE))  # of the data, the last word first
CURVES = (("energy", "Energy"), ("forces", "Forces"))


def active_section(outcome: Outcome, policy: Policy) -> Section:
    """How the errors fell, what the samplers found and what of it was labelled."""
    drawn = learning_curve(outcome.generations, policy)
    blocks: list[Block] = [Verdict(f"The loop ended: {outcome.ended}.", "good"), Figure(drawn), _table(outcome)]
    return Section("Active learning", blocks)


def learning_curve(generations: tuple[Generation, ...], policy: Policy) -> Drawing:
    """Root-mean-square errors on the parts of the data that chose no weights, and rho of the candidates."""
    labels = np.array([g.labels for g in generations])
    fig, axes = figure(3.9, 3.3, len(CURVES) + 1)
    for ax, (name, title) in zip(axes, CURVES, strict=False):
        _, unit, factor, _, _ = UNITS[name]
        for part, colour in PARTS:
            errors = [g.errors.get(part, {}).get(name, {}).get("rmse") for g in generations]
            y = np.array([np.nan if e is None else factor * e for e in errors])
            if np.any(np.isfinite(y)):
                ax.plot(labels, y, "o-", ms=4, color=colour, label=part)
        ax.set(xscale="log", yscale="log")
        label(ax, "labels", f"RMSE ({unit})", title)
        legend(ax)
    sampled = [g for g in generations if g.largest is not None]
    ax, x = axes[-1], [g.labels for g in sampled]
    ax.plot(x, [1e3 * (g.largest or 0) for g in sampled], "o-", ms=4, color=VERMILION, label="largest")
    ax.plot(x, [1e3 * (g.median or 0) for g in sampled], "o-", ms=4, color=BLUE, label="median")
    ax.axhline(1e3 * policy.rho, color=QUIET, linewidth=0.9, label="threshold")
    ax.set(xscale="log", yscale="log")
    label(ax, "labels", "ρ (meV)", "Disagreement of candidates")
    legend(ax)
    return fig


def _table(outcome: Outcome) -> Table:
    words = lambda counts: ", ".join(f"{name} {count}" for name, count in counts.items())
    columns = ("generation", "labels", "failed", "scale", "candidates", "above ρ", "chosen")
    rows = [
        (g.number, g.labels, g.failed, g.scale, words(g.candidates), g.above, words(g.picked))
        for g in outcome.generations
    ]
    return Table("Generations: what was found and what of it was labelled next", columns, rows)
