"""What a search leaves behind: minima.extxyz, minima.csv, aside.extxyz, second_opinion.csv, report.html."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import ase
import ase.io

from eukrates.app.frames import frame
from eukrates.app.networks import read_network
from eukrates.files import replacing, write_atomically
from eukrates.landscape.catalogue import Minimum
from eukrates.landscape.populations import Gibbs, boltzmann_weights, symmetry_numbers
from eukrates.landscape.search import Search
from eukrates.landscape.second_opinion import SecondOpinion
from eukrates.plots.landscape import Listed, exploration_sections
from eukrates.plots.network import network_section
from eukrates.plots.report import Report, Section, Verdict
from eukrates.units import KJ_PER_MOL
from eukrates.version import __version__

MINIMA, TABLE, ASIDE = "minima.extxyz", "minima.csv", "aside.extxyz"
SAME = 1e-5  # eV, within which energies of a minimum are kept in files
OPINION, REPORT = "second_opinion.csv", "report.html"


def write_results(
    search: Search,
    folder: Path,
    temperatures_kelvin: Sequence[float],
    gibbs: Sequence[Gibbs] = (),
    opinion: SecondOpinion | None = None,
) -> None:
    """All results, each file whole or as it was.

    Args:
        search: that has begun.
        folder: of the search.
        temperatures_kelvin: K, of populations.
        gibbs: of the lowest minima, at these temperatures.
        opinion: on the lowest minima.
    """
    listed = write_minima(search, folder, temperatures_kelvin, gibbs)
    if search.aside:
        frames = [frame(one.structure, one.energy, source=one.source, reason=one.reason) for one in search.aside]
        with replacing(folder / ASIDE) as temporary:
            ase.io.write(temporary, frames, "extxyz")
    if opinion is None:  # an earlier one was of other ranks
        (folder / OPINION).unlink(missing_ok=True)
    else:
        write_atomically(folder / OPINION, _opinion_csv(opinion))
    sections = [*exploration_sections(search, listed, temperatures_kelvin, opinion), *_passes(folder, listed)]
    Report(f"Minima in {folder.resolve().name}", sections, f"Eukrates {__version__}").write(folder / REPORT)


def _passes(folder: Path, listed: Sequence[Listed]) -> list[Section]:
    """The disconnectivity tree, where passes between these minima are known."""
    if (earlier := read_network(folder)) is None:
        return []
    ranked = [(one.energy, n) for n, one in earlier.network.minima.items() if n < earlier.given]
    if any(n >= len(listed) or abs(energy - listed[n].energy) > SAME for energy, n in ranked):
        words = "The list has changed since passes were looked for, and ranks are others: run `eukrates connect` again."
        return [Section("Passes between minima", [Verdict(words, "plain")])]
    return [network_section(earlier.network)]


def write_minima(
    search: Search, folder: Path, temperatures_kelvin: Sequence[float], gibbs: Sequence[Gibbs] = ()
) -> list[Listed]:
    """minima.extxyz and minima.csv alone, of which the rows are returned."""
    minima = search.lowest(len(search.catalogue))
    listed = _listed(search, minima, temperatures_kelvin, gibbs)
    with replacing(folder / MINIMA) as temporary:
        ase.io.write(temporary, [_frame(search, one, row) for one, row in zip(minima, listed, strict=True)], "extxyz")
    write_atomically(folder / TABLE, _csv(listed, temperatures_kelvin))
    return listed


def _listed(
    search: Search, minima: Sequence[Minimum], temperatures_kelvin: Sequence[float], gibbs: Sequence[Gibbs]
) -> list[Listed]:
    """The rows of the table. What is known to be no minimum has no weight."""
    images, symmetry = search.degeneracies(minima), symmetry_numbers(search.catalogue, minima)
    known = dict(enumerate(gibbs))
    saddles = {n for n, one in known.items() if one.imaginary}
    energies = {n: [one.energy] * len(temperatures_kelvin) for n, one in enumerate(minima) if n not in saddles}
    free = {n: one.energies for n, one in known.items() if one.energies is not None}
    wells = [m / sigma for m, sigma in zip(images, symmetry, strict=True)]
    weights, free_weights = _weights(energies, temperatures_kelvin, wells), _weights(free, temperatures_kelvin, images)
    return [
        Listed(
            rank=n,
            energy=one.energy,
            above=(one.energy - minima[0].energy) / KJ_PER_MOL,
            count=one.count,
            images=images[n],
            symmetry=symmetry[n],
            weights=weights.get(n),
            imaginary=known[n].imaginary if n in known else None,
            gibbs=free.get(n),
            gibbs_weights=free_weights.get(n),
            said=known[n].said if n in known else "",
        )
        for n, one in enumerate(minima)
    ]


def _weights(
    told: Mapping[int, Sequence[float]], temperatures_kelvin: Sequence[float], degeneracies: Sequence[float | int]
) -> dict[int, tuple[float, ...]]:
    """Shares of those minima, by rank, of which an energy in eV at each temperature is told."""
    if not told:
        return {}
    many = [degeneracies[n] for n in told]
    columns = [
        boltzmann_weights([energies[k] for energies in told.values()], kelvin, many)
        for k, kelvin in enumerate(temperatures_kelvin)
    ]
    return {n: tuple(float(column[row]) for column in columns) for row, n in enumerate(told)}


def _frame(search: Search, minimum: Minimum, row: Listed) -> ase.Atoms:
    told = {"rank": row.rank, "above_kj_per_mol": row.above, "count": row.count}
    return frame(search.structure(minimum), minimum.energy, **told)


def _csv(listed: Sequence[Listed], temperatures_kelvin: Sequence[float]) -> str:
    at = lambda name: [f"{name}_{kelvin:g}K" for kelvin in temperatures_kelvin]
    free = any(row.imaginary is not None or row.said for row in listed)
    heads = ["rank", "energy_ev", "above_kj_per_mol", "found", "mirror_images", "symmetry_number", *at("weight")]
    heads += [*at("gibbs_ev"), *at("gibbs_weight"), "imaginary_modes", "why_no_gibbs"] if free else []
    nothing = [""] * len(temperatures_kelvin)
    shown = lambda values, form: nothing if values is None else [format(value, form) for value in values]
    rows: list[list] = [heads]
    for row in listed:
        cells = [row.rank, f"{row.energy:.8f}", f"{row.above:.4f}", row.count, row.images, row.symmetry]
        cells += shown(row.weights, ".6g")
        if free:
            cells += [*shown(row.gibbs, ".8f"), *shown(row.gibbs_weights, ".6g")]
            cells += ["" if row.imaginary is None else row.imaginary, row.said]
        rows.append(cells)
    return _lines(rows)


def _opinion_csv(opinion: SecondOpinion) -> str:
    """Energies from the lowest minimum that both levels know."""
    rows: list[list] = [["rank", "own_kj_per_mol", "other_kj_per_mol", "what_is_wrong"]]
    for n, (own, other, wrong) in enumerate(zip(opinion.own, opinion.other, opinion.wrong, strict=True)):
        rows.append([n, f"{own / KJ_PER_MOL:.4f}", "" if wrong else f"{other / KJ_PER_MOL:.4f}", wrong])
    return _lines(rows)


def _lines(rows: Sequence[Sequence]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue()
