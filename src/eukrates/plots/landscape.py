"""Minima of a search: how they were found, their energies, where they lie, what they look like."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure as Drawing

from eukrates.landscape.conformation_map import conformation_map
from eukrates.landscape.search import Search
from eukrates.landscape.second_opinion import SecondOpinion
from eukrates.plots.molecule import molecule
from eukrates.plots.report import Block, Figure, Section, Verdict
from eukrates.plots.style import BLUE, GREEN, INK, QUIET, VERMILION, figure, label, legend
from eukrates.trust.table import Table
from eukrates.units import KJ_PER_MOL

SHOWN, LOWEST = 50, 10  # rows of the table, and structures in three dimensions
MAPPED = 5000  # minima on the map


@dataclass(frozen=True)
class Listed:
    """A row of the table of minima."""

    rank: int
    energy: float  # eV
    above: float  # kJ/mol, above the lowest
    count: int  # how often it was found
    images: int  # 2 where it stands for its mirror image too
    symmetry: int  # in how many ways it can be turned onto itself
    weights: tuple[float, ...] | None  # Boltzmann, by energy, at each temperature; None: it is known to be no minimum
    imaginary: int | None = None  # modes; None: not known
    gibbs: tuple[float, ...] | None = None  # eV, at each temperature
    gibbs_weights: tuple[float, ...] | None = None
    said: str = ""  # why its Gibbs energy was looked for and is not known


def exploration_sections(
    search: Search, listed: Sequence[Listed], temperatures_kelvin: Sequence[float], opinion: SecondOpinion | None = None
) -> list[Section]:
    """The report of a search."""
    blocks: list[Block] = [Verdict(_summary(search), "plain"), Figure(progress_figure(search), _found_by(search))]
    sections = [Section("The search", blocks), _minima_section(search, listed, temperatures_kelvin)]
    if opinion is not None:
        sections.append(opinion_section(opinion))
    structures = [search.structure(one) for one in search.lowest(LOWEST)]
    shown = [
        molecule([s], caption=f"Minimum {row.rank}, {row.above:.2f} kJ/mol, found {row.count} times.")
        for s, row in zip(structures, listed, strict=False)
    ]
    sections.append(Section("The lowest in three dimensions", shown))
    if search.aside:
        sections.append(_aside_section(search))
    return sections


def opinion_section(opinion: SecondOpinion) -> Section:
    """Two levels of theory about the same minima."""
    blocks: list[Block] = [Verdict(opinion.summary, "plain" if opinion.compared else "bad")]
    if opinion.compared:
        blocks += [
            Figure(_agreement_figure(opinion), "Both from the first minimum that both know."),
            _agreement(opinion),
        ]
    kj = lambda value: float(value) / KJ_PER_MOL
    rows = [
        (n, kj(own), kj(other), kj(other - own), wrong)
        for n, (own, other, wrong) in enumerate(zip(opinion.own, opinion.other, opinion.wrong, strict=True))
        if n < SHOWN or wrong
    ]
    heads = ("rank", "this model, kJ/mol", f"{opinion.level}, kJ/mol", "difference", "left out because")
    note = "All are in second_opinion.csv, from the first minimum that both know."
    return Section(f"Second opinion: {opinion.level}", [*blocks, Table("Energies by both", heads, rows, note)])


def _agreement_figure(opinion: SecondOpinion) -> Drawing:
    fig, (ax,) = figure(4.4, 3.8)
    own, other = opinion.own[opinion.known] / KJ_PER_MOL, opinion.other[opinion.known] / KJ_PER_MOL
    ends = [min(own.min(), other.min()), max(own.max(), other.max())]
    ax.plot(ends, ends, color=QUIET, linewidth=0.9)
    ax.plot(own, other, "o", ms=4, color=BLUE)
    label(ax, "this model (kJ/mol)", f"{opinion.level} (kJ/mol)", "Energies of minima")
    return fig


def _agreement(opinion: SecondOpinion) -> Table:
    kj = lambda value: value / KJ_PER_MOL
    rows = [
        ("minima", len(opinion.known)),
        ("rank correlation (Spearman)", opinion.spearman),
        ("rank correlation (Kendall)", opinion.kendall),
        ("mean absolute error, kJ/mol", kj(opinion.mae)),
        ("root-mean-square error, kJ/mol", kj(opinion.rmse)),
        ("largest error, kJ/mol", kj(opinion.largest)),
        ("pairs in the other order", len(opinion.exchanged)),
        ("rank here of its lowest", opinion.lowest),
    ]
    note = f"Errors are from the means; differences within {kj(opinion.window):.2g} kJ/mol say nothing of the order."
    if opinion.exchanged:
        first = ", ".join(f"{i} and {j}" for i, j in opinion.exchanged[:20])
        note += f" In the other order: {first}{' …' if len(opinion.exchanged) > 20 else ''}."
    return Table("Agreement", ("", ""), rows, note)


def progress_figure(search: Search) -> Drawing:
    """Minima against quenches, the lowest energy against time."""
    fig, (left, right) = figure(4.4, 3.3, 2)
    x = [s.quenches for s in search.standings]
    left.plot(x, [s.minima for s in search.standings], color=BLUE, label="known")
    guess = [s.minima + s.coverage.unseen for s in search.standings]
    left.plot(x, guess, color=QUIET, linestyle="--", label="probably at least")
    label(left, "quenches", "different minima", "Minima")
    legend(left)
    hours = [60 * s.hours for s in search.standings]
    lowest = np.array([s.lowest for s in search.standings])
    right.step(hours, (lowest - lowest[-1]) / KJ_PER_MOL, where="post", color=GREEN)
    label(right, "minutes", "above the lowest of all (kJ/mol)", "Lowest so far")
    return fig


def spectrum_figure(listed: Sequence[Listed]) -> Drawing:
    """Energies of all minima, and how many lie below each."""
    fig, (left, right) = figure(4.4, 3.3, 2)
    above = np.array([row.above for row in listed])
    left.hlines(above, 0, 1, color=BLUE, linewidth=0.8)
    left.set_xticks([])
    label(left, "", "above the lowest (kJ/mol)", "Energies")
    right.step(above, np.arange(1, len(above) + 1), where="post", color=INK)
    right.set_yscale("log")
    label(right, "above the lowest (kJ/mol)", "minima up to there", "Their number")
    return fig


def map_figure(search: Search) -> tuple[Drawing, str]:
    """Minima in the plane of their principal components, coloured by energy."""
    some = search.lowest(MAPPED)
    found = conformation_map(search.catalogue.graph, np.stack([one.positions for one in some]))
    above = np.array([one.energy - some[0].energy for one in some]) / KJ_PER_MOL
    fig, (ax,) = figure(5.4, 4.0)
    drawn = ax.scatter(*found.points[::-1].T, c=above[::-1], s=14, cmap="viridis")
    ax.plot(*found.points[0], "*", ms=13, color=VERMILION)
    bar = fig.colorbar(drawn, ax=ax)
    bar.set_label("above the lowest (kJ/mol)", color=INK)
    first, second = (f"component {n + 1} ({share:.0%})" for n, share in enumerate(found.explained))
    label(ax, first, second, "Map")
    return fig, f"Principal components of {found.features}; the star is the lowest."


def _minima_section(search: Search, listed: Sequence[Listed], temperatures_kelvin: Sequence[float]) -> Section:
    percent = lambda weights: [None] * len(temperatures_kelvin) if weights is None else [100 * w for w in weights]
    looked = [row for row in listed if row.imaginary is not None or row.said]
    heads = ["rank", "kJ/mol", "found", "symmetry", *(f"% at {kelvin:g} K" for kelvin in temperatures_kelvin)]
    heads += [*(f"% by G, {kelvin:g} K" for kelvin in temperatures_kelvin), "imaginary"] if looked else []
    rows = [
        (row.rank, row.above, row.count, row.symmetry, *percent(row.weights))
        + ((*percent(row.gibbs_weights), row.imaginary) if looked else ())
        for row in listed[:SHOWN]
    ]
    note = f"The lowest {SHOWN} of {len(listed)}; all are in minima.csv." if len(listed) > SHOWN else ""
    note += " Symmetry: in how many ways it can be turned onto itself; wells, and weights, are as one over it."
    if looked:
        note += " Weights by G are shares among the minima of which it was computed."
    drawn, words = map_figure(search)
    blocks = [Figure(spectrum_figure(listed)), Figure(drawn, words), Table("Minima", tuple(heads), rows, note.strip())]
    return Section("Minima", [*blocks, *_looked_at(looked)])


def _looked_at(rows: Sequence[Listed]) -> list[Block]:
    """What became of those whose second derivatives were computed."""
    if not rows:
        return []
    saddles, none = sum(bool(row.imaginary) for row in rows), [row for row in rows if row.said]
    words = (
        f"Second derivatives of {len(rows)} were asked for; saddle points among them, which have no weight: {saddles}; "
        f"with a free energy: {len(rows) - len(none)}."
    )
    blocks: list[Block] = [Verdict(words, "care" if none else "plain")]
    if none:
        blocks.append(Table("Without a free energy", ("rank", "why"), [(row.rank, row.said) for row in none]))
    return blocks


def _aside_section(search: Search) -> Section:
    reasons: dict[str, int] = {}
    for one in search.aside:
        kind = one.reason.partition(":")[0]
        reasons[kind] = reasons.get(kind, 0) + 1
    rows = sorted(reasons.items(), key=lambda item: -item[1])
    note = "They are in aside.extxyz, each with its reason."
    return Section(
        "Set aside", [Table("Candidates that do not count", ("what became of them", "how many"), rows, note)]
    )


def _summary(search: Search) -> str:
    last = search.standings[-1]
    c = last.coverage
    pace = f", {last.quenches / last.hours:.0f} an hour" if last.hours else ""
    return (
        f"{last.minima} different minima in {last.quenches} quenches{pace}; {last.aside} were set aside. Of what "
        f"the next quench finds {c.known:.0%} is known already; probably at least {c.unseen:.0f} minima that can be "
        "reached in this way are unseen (an estimate that takes quenches for independent: the less they are, the more "
        "are unseen)."
    )


def _found_by(search: Search) -> str:
    told = (f"{name} {search.fruits.get(name, 0)} of {count}" for name, count in search.sources.items())
    return f"New minima of candidates: {', '.join(told)}."
