"""Bond lengths: how long they are in a trajectory, and how long in the reference."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
from matplotlib.figure import Figure

from eukrates.analysis import pooled_bond_lengths
from eukrates.matter import System
from eukrates.plots.style import BLUE, INK, figure, label

MOST = 5  # panels


def bond_figure(
    run: Sequence[System], reference: Sequence[System] = (), names=("simulation", "reference")
) -> Figure | None:
    """The distribution of the bond lengths of a run, filled, and of a reference, as a line: one panel for each pair."""
    mine, theirs = pooled_bond_lengths(run), pooled_bond_lengths(reference)
    pairs = sorted(mine, key=lambda pair: -mine[pair].size)[:MOST]
    if not pairs:
        return None
    fig, axes = figure(3.0, 2.8, len(pairs))
    for ax, pair in zip(axes, pairs, strict=True):
        every = np.concatenate([x[pair] for x in (mine, theirs) if pair in x])
        low, high = np.quantile(every, [0.001, 0.999])
        margin = 0.08 * (high - low) + 0.005
        count = int(np.clip(np.sqrt(min(x[pair].size for x in (mine, theirs) if pair in x)), 12, 60))
        bins = np.linspace(low - margin, high + margin, count)
        ax.hist(mine[pair], bins, density=True, color=BLUE, alpha=0.55, label=names[0])
        if pair in theirs:
            ax.hist(theirs[pair], bins, density=True, histtype="step", color=INK, linewidth=1.4, label=names[1])
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        label(ax, "Å", "", pair.replace("-", "–"))
    handles, words = axes[0].get_legend_handles_labels()
    fig.legend(handles, words, loc="outside lower center", ncols=2, frameon=False, fontsize=8.5, labelcolor=INK)
    return fig


def table_rows(run: Sequence[System], reference: Sequence[System] = ()) -> list[tuple]:
    """Pair, mean and width in the run, mean and width in the reference, Å."""
    mine, theirs = pooled_bond_lengths(run), pooled_bond_lengths(reference)
    stats = lambda x, pair: (float(x[pair].mean()), float(x[pair].std())) if pair in x else (None, None)
    return [(pair, *stats(mine, pair), *stats(theirs, pair)) for pair in dict.fromkeys(chain(mine, theirs))]
