"""`connect` and `path` on files: passes between the minima of a search, or between two structures."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ase.io
import numpy as np

from eukrates.app.exploration_results import MINIMA
from eukrates.app.structures import read_structures
from eukrates.data import to_system
from eukrates.data.atoms import to_atoms
from eukrates.files import replacing, write_atomically
from eukrates.landscape import Catalogue, Target, relax
from eukrates.landscape.catalogue import Minimum
from eukrates.landscape.paths import (
    Band,
    Connections,
    Saddle,
    Stretch,
    climbing_direction,
    nudge,
    refine_saddle,
)
from eukrates.landscape.paths.sides import sides
from eukrates.matter import System
from eukrates.matter.superposition import superposed
from eukrates.models import load, with_long_range
from eukrates.plots.network import band_figure, network_section
from eukrates.plots.report import Figure, Report, Section
from eukrates.potential import Potential
from eukrates.trust import Table
from eukrates.units import KJ_PER_MOL
from eukrates.version import __version__

NETWORK, SADDLES, REPORT = "network.json", "saddles.extxyz", "network.html"
PATH, SADDLE, PAGE = "path.extxyz", "saddle.extxyz", "path.html"
SUBTITLE = f"Eukrates {__version__}"
MORE = 3  # times bands are nudged between groups of minima that no way leads between yet
SAME = 0.001  # eV, between a minimum and where a descent ended
APART = 0.05  # Å, that the ends of a path differ by at least


def connect_folder(
    model: str | Path,
    folder: str | Path,
    lowest: int = 20,
    neighbours: int = 2,
    stretch: Stretch | None = None,
    choices: Mapping[str, Any] | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Connections:
    """Passes between the lowest minima of a search; network.json, saddles.extxyz and network.html beside them.

    Args:
        model: model file, that of the search.
        folder: of the search; its minima.extxyz is read.
        lowest: so many minima.
        neighbours: bands from each minimum, at least.
        stretch: of bands.
        choices: far_cutoff, electrostatics.
        progress: is told how many bands were nudged, of how many.

    Raises:
        ValueError: no minima there, or fewer than two.
    """
    folder, potential = Path(folder), with_long_range(load(model), **dict(choices or {}))
    frames = read_structures(folder / MINIMA)[:lowest]
    if len(frames) < 2:
        raise ValueError(f"Expected at least two minima in {folder / MINIMA}, got {len(frames)}.")
    reference = to_system(frames[0])
    known = [Minimum(np.array(f.positions), f.get_potential_energy(), int(f.info.get("count", 1))) for f in frames]
    found = Connections(potential, reference, Catalogue(reference, minima=known), stretch)
    pairs = found.pairs(len(frames), neighbours)
    for _ in range(1 + MORE):
        found.look(pairs, progress)
        pairs = found.gaps(len(frames))
    network = found.network
    write_atomically(folder / NETWORK, network.to_json())
    if network.passes:
        with replacing(folder / SADDLES) as temporary:
            ase.io.write(temporary, [_pass_frame(found, n) for n in range(len(network.passes))], "extxyz")
    rows = [(f"{i} – {j}", attempt.said) for attempt in found.attempts for i, j in [attempt.pair]]
    tried = Section("Bands", [Table("What came of each", ("between", "result"), rows)])
    Report(f"Passes in {folder.resolve().name}", [network_section(network), tried], SUBTITLE).write(folder / REPORT)
    return found


def path_between(
    model: str | Path,
    structures: str | Path,
    folder: str | Path,
    stretch: Stretch | None = None,
    force: float = 0.005,
    choices: Mapping[str, Any] | None = None,
) -> Table:
    """The way between two structures: relaxed ends, band, saddle point, and where it leads on both sides.

    Written are path.extxyz, saddle.extxyz and path.html.

    Args:
        model: model file.
        structures: a file with two structures of the same atoms in the same order.
        folder: where to write.
        stretch: of the band.
        force: eV/Å, to which ends are relaxed.
        choices: charge, spin, far_cutoff, electrostatics.

    Raises:
        ValueError: not two structures, ends that do not come to rest, or that are the same minimum.
    """
    told, folder = dict(choices or {}), Path(folder)
    electrons = {name: told.pop(name) for name in ("charge", "spin") if name in told}
    potential = with_long_range(load(model), **told)
    frames = read_structures(structures)
    if len(frames) != 2:
        raise ValueError(f"Expected two structures in {structures}, the ends of a path, got {len(frames)}.")
    for atoms in frames:
        atoms.info |= electrons
    first, last = _ends(potential, to_system(frames[0]), to_system(frames[1]), force)
    (band,) = nudge(potential, [(first, last)], stretch)
    saddle = refine_saddle(potential, band.structures[band.top], climbing_direction(band))
    rests = sides(potential, [saddle], Target(force=force))[0] if saddle.true else None
    table = _path_table(band, saddle, None if rests is None else (rests[0].energy, rests[1].energy))
    with replacing(folder / PATH) as temporary:
        ase.io.write(
            temporary,
            [_told(s, energy=float(e)) for s, e in zip(band.structures, band.energies, strict=True)],
            "extxyz",
        )
    with replacing(folder / SADDLE) as temporary:
        ase.io.write(temporary, _told(saddle.structure, energy=saddle.energy, converged=saddle.converged), "extxyz")
    drawn = Figure(band_figure(band, saddle.energy if saddle.converged else None), "The star is the saddle point.")
    Report(f"Path in {folder.resolve().name}", [Section("The path", [drawn, table])], SUBTITLE).write(folder / PAGE)
    return table


def _ends(potential: Potential, first: System, last: System, force: float) -> tuple[System, System]:
    """Both at rest, the second laid over the first as it is numbered.

    Raises:
        ValueError: one does not come to rest, or both come to rest in the same place.
    """
    found = relax(potential, [first, last], Target(force=force))
    if loose := [str(n) for n, one in enumerate(found) if not one.converged]:
        raise ValueError(f"Structure {' and '.join(loose)} did not come to rest: {found[int(loose[0])].ending.name}.")
    one, other = found[0].structure, found[1].structure
    at = lambda s: np.asarray(s.positions, np.float64)
    apart = np.linalg.norm(superposed(at(other), at(one)) - at(one), axis=1).max()
    if apart < APART:
        raise ValueError("Both structures come to rest in the same minimum: there is no path between them.")
    return one, other


def _path_table(band: Band, saddle: Saddle, rests: tuple[float, float] | None) -> Table:
    """What there is to know about a path."""
    start, end = band.energies[[0, -1]]
    kj = lambda energy: float(energy - start) / KJ_PER_MOL
    rows: list[tuple] = [
        ("second structure, kJ/mol", kj(end)),
        ("highest image, kJ/mol", kj(band.energies.max())),
        ("band", f"{band.ending.name.lower().replace('_', ' ')} after {band.steps} evaluations, {band.force:.3g} eV/Å"),
    ]
    if saddle.vibrations is None:
        rows.append(("saddle point", f"not found, {saddle.force:.2g} eV/Å are left"))
        return Table("Path, energies from the first structure", ("", ""), rows)
    modes = saddle.vibrations.wavenumbers
    rows += [
        ("saddle point, kJ/mol", kj(saddle.energy)),
        ("barrier forwards, kJ/mol", kj(saddle.energy)),
        ("barrier backwards, kJ/mol", kj(saddle.energy) - kj(end)),
        (
            "modes that lead down, 1/cm",
            ", ".join(f"{-nu:.0f}i" for nu in modes[: saddle.vibrations.imaginary]) or "none",
        ),
    ]
    if rests is not None:
        names = {"first": start, "second": end}
        near = lambda energy: min(names, key=lambda name: abs(names[name] - energy))
        words = [f"{kj(e):.3f} kJ/mol ({near(e) if abs(names[near(e)] - e) < SAME else 'neither'})" for e in rests]
        rows.append(("both sides of it lead to", " and ".join(words)))
    return Table("Path, energies from the first structure", ("", ""), rows)


def _pass_frame(found: Connections, n: int) -> ase.Atoms:
    one = found.network.passes[n]
    info = {"minima": json.dumps(one.minima), "wavenumber": one.wavenumber}
    return _told(found.structure(one.positions), energy=one.energy, **info)


def _told(structure: System, **info: Any) -> ase.Atoms:
    atoms = to_atoms(structure)
    atoms.info |= info
    return atoms
