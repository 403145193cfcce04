"""What a search leaves behind: minima.extxyz, minima.csv, aside.extxyz, report.html."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import ase.io
from ase.calculators.singlepoint import SinglePointCalculator

from eukrates.data.atoms import to_atoms
from eukrates.files import replacing, write_atomically
from eukrates.landscape.catalogue import Minimum
from eukrates.landscape.populations import Gibbs, boltzmann_weights
from eukrates.landscape.search import Search
from eukrates.landscape.second_opinion import SecondOpinion
from eukrates.plots.landscape import Listed, exploration_sections
from eukrates.plots.report import Report
from eukrates.units import KJ_PER_MOL
from eukrates.version import __version__

MINIMA, TABLE, ASIDE, REPORT = "minima.extxyz", "minima.csv", "aside.extxyz", "report.html"


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
    minima = search.lowest(len(search.catalogue))
    listed = _listed(search, minima, temperatures_kelvin, gibbs)
    with replacing(folder / MINIMA) as temporary:
        ase.io.write(temporary, [_frame(search, one, row) for one, row in zip(minima, listed, strict=True)], "extxyz")
    write_atomically(folder / TABLE, _csv(listed, temperatures_kelvin))
    if search.aside:
        frames = []
        for one in search.aside:
            frames.append(to_atoms(one.structure))
            frames[-1].info |= {"energy": one.energy, "source": one.source, "reason": one.reason}
        with replacing(folder / ASIDE) as temporary:
            ase.io.write(temporary, frames, "extxyz")
    sections = exploration_sections(search, listed, temperatures_kelvin, opinion)
    Report(f"Minima in {folder.resolve().name}", sections, f"Eukrates {__version__}").write(folder / REPORT)


def _listed(
    search: Search, minima: Sequence[Minimum], temperatures_kelvin: Sequence[float], gibbs: Sequence[Gibbs]
) -> list[Listed]:
    """The rows of the table."""
    energies = [one.energy for one in minima]
    many = search.degeneracies(minima)
    by_energy = [boltzmann_weights(energies, t, many) for t in temperatures_kelvin]
    true = [n for n, one in enumerate(gibbs) if one.energies is not None]
    weights = {n: [0.0] * len(temperatures_kelvin) for n in true}
    for k, kelvin in enumerate(temperatures_kelvin if true else ()):
        told = [float(gibbs[n].energies[k]) for n in true]  # type: ignore[index]
        for n, weight in zip(true, boltzmann_weights(told, kelvin, [many[n] for n in true]), strict=True):
            weights[n][k] = float(weight)
    return [
        Listed(
            rank=n,
            energy=one.energy,
            above=(one.energy - energies[0]) / KJ_PER_MOL,
            count=one.count,
            degeneracy=many[n],
            weights=tuple(float(w[n]) for w in by_energy),
            imaginary=gibbs[n].imaginary if n < len(gibbs) else None,
            gibbs=gibbs[n].energies if n in weights else None,
            gibbs_weights=tuple(weights[n]) if n in weights else None,
        )
        for n, one in enumerate(minima)
    ]


def _frame(search: Search, minimum: Minimum, row: Listed) -> ase.Atoms:
    atoms = to_atoms(search.structure(minimum))
    atoms.info |= {"rank": row.rank, "above_kj_per_mol": row.above, "count": row.count}
    atoms.calc = SinglePointCalculator(atoms, energy=minimum.energy)
    return atoms


def _csv(listed: Sequence[Listed], temperatures_kelvin: Sequence[float]) -> str:
    at = lambda name: [f"{name}_{kelvin:g}K" for kelvin in temperatures_kelvin]
    free = any(row.imaginary is not None for row in listed)
    heads = ["rank", "energy_ev", "above_kj_per_mol", "found", "degeneracy", *at("weight")]
    heads += [*at("gibbs_ev"), *at("gibbs_weight"), "imaginary_modes"] if free else []
    stream, nothing = io.StringIO(), [""] * len(temperatures_kelvin)
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(heads)
    for row in listed:
        cells = [row.rank, f"{row.energy:.8f}", f"{row.above:.4f}", row.count, row.degeneracy]
        cells += [f"{weight:.6g}" for weight in row.weights]
        if free:
            cells += nothing if row.gibbs is None else [f"{value:.8f}" for value in row.gibbs]
            cells += nothing if row.gibbs_weights is None else [f"{value:.6g}" for value in row.gibbs_weights]
            cells.append("" if row.imaginary is None else row.imaginary)
        writer.writerow(cells)
    return stream.getvalue()
