"""Bond lengths: how long they are in a trajectory, and how long in the reference."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
from matplotlib.figure import Figure

from eukrates.elements import COVALENT_RADII
from eukrates.matter import System, neighbours
from eukrates.plots.style import BLUE, INK, figure, label
from eukrates.trust.repulsion import pair_name

LONGEST = 1.3  # times the sum of covalent radii: what counts as a bond
MOST = 5  # panels


def bond_lengths(structures: Sequence[System]) -> dict[str, np.ndarray]:
    """Distances below 1.3 times the sum of covalent radii in Å, by pair of elements ("C-H")."""
    found: dict[str, list[np.ndarray]] = {}
    for s in structures:
        reach = LONGEST * 2 * float(COVALENT_RADII[np.asarray(s.numbers)].max())
        near = neighbours(s, reach)
        i, j, image = (x[: near.half] for x in (near.i, near.j, near.image))
        r = np.linalg.norm(s.positions[j] - s.positions[i] + image @ s.cell[0], axis=1)
        a, b = np.minimum(s.numbers[i], s.numbers[j]), np.maximum(s.numbers[i], s.numbers[j])
        bonded = r < LONGEST * (COVALENT_RADII[a] + COVALENT_RADII[b])
        for pair in set(zip(a[bonded].tolist(), b[bonded].tolist(), strict=True)):
            rows = bonded & (a == pair[0]) & (b == pair[1])
            found.setdefault(pair_name(*pair), []).append(r[rows])
    return {name: np.concatenate(parts) for name, parts in sorted(found.items())}


def bond_figure(
    run: Sequence[System], reference: Sequence[System] = (), names=("simulation", "reference")
) -> Figure | None:
    """The distribution of the bond lengths of a run, filled, and of a reference, as a line: one panel for each pair."""
    mine, theirs = bond_lengths(run), bond_lengths(reference)
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
    mine, theirs = bond_lengths(run), bond_lengths(reference)
    stats = lambda x, pair: (float(x[pair].mean()), float(x[pair].std())) if pair in x else (None, None)
    return [(pair, *stats(mine, pair), *stats(theirs, pair)) for pair in dict.fromkeys(chain(mine, theirs))]
