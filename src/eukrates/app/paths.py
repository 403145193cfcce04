"""`path` on files: the way between two structures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ase
import ase.io
import numpy as np

from eukrates.app.frames import frame
from eukrates.app.opening import open_model
from eukrates.app.structures import read_structures
from eukrates.data import to_system
from eukrates.files import replacing
from eukrates.landscape import Target, relax, vibrations
from eukrates.landscape.catalogue import TOLERANCE, WINDOW, Minimum
from eukrates.landscape.paths import Band, Crossing, Network, Pass, Stretch, check_ends, crossings, nudge
from eukrates.landscape.vibrations import STATIONARY
from eukrates.matter import System
from eukrates.matter.superposition import superposed
from eukrates.plots.network import band_figure
from eukrates.plots.report import Figure, Report, Section
from eukrates.potential import Potential
from eukrates.trust.table import Table
from eukrates.units import KJ_PER_MOL
from eukrates.version import __version__

PATH, SADDLES, PAGE = "path.extxyz", "saddles.extxyz", "path.html"
ENDS = "first", "second"
REST = Target(force=STATIONARY / 2, steps=2000)


def path_between(
    model: str | Path,
    structures: str | Path,
    folder: str | Path,
    stretch: Stretch | None = None,
    choices: Mapping[str, Any] | None = None,
) -> tuple[Table, list[str]]:
    """The way between two minima: a band, all passes of it, and where these lead on both sides.

    Written are path.extxyz as soon as the band rests, then saddles.extxyz, if there are any, and path.html.

    Args:
        model: model file, whose potential has second derivatives.
        structures: a file with two structures of the same atoms in the same order, which are relaxed first.
        folder: where to write.
        stretch: of the band.
        choices: precision (of the features), charge, spin, far_cutoff, electrostatics.

    Returns:
        A table, and what is missing for this to be the way from one to the other, in words.

    Raises:
        ValueError: not two such structures, constraints, ends that do not come to rest, that rest on saddle points, or
            that are the same minimum; nothing is written then.
    """
    folder, (potential, electrons) = Path(folder), open_model(model, choices)
    fast = potential.for_inference()
    first, last = _ends(potential, fast, *_two(structures, electrons))
    (band,) = nudge(fast, [(first, last)], stretch)
    with replacing(folder / PATH) as temporary:
        images = [frame(s, float(e)) for s, e in zip(band.structures, band.energies, strict=True)]
        ase.io.write(temporary, images, "extxyz")
    found = crossings(potential, fast, band, REST)
    network = _network(band, found)
    missing = _missing(band, found, network)
    saddles = [(one.image, one.saddle) for one in found if one.saddle is not None]
    if saddles:
        with replacing(folder / SADDLES) as temporary:
            ase.io.write(temporary, [frame(s.structure, s.energy, image=n) for n, s in saddles], "extxyz")
    else:
        (folder / SADDLES).unlink(missing_ok=True)
    table = _table(band, found, network, missing)
    drawn = Figure(band_figure(band, [(n, s.energy) for n, s in saddles]), "Stars are saddle points.")
    subtitle = f"Eukrates {__version__}"
    Report(f"Path in {folder.resolve().name}", [Section("The path", [drawn, table])], subtitle).write(folder / PAGE)
    return table, missing


def _two(structures: str | Path, electrons: Mapping[str, float]) -> tuple[ase.Atoms, ase.Atoms]:
    frames = read_structures(structures)
    if len(frames) != 2:
        raise ValueError(f"Expected two structures in {structures}, the ends of a path, got {len(frames)}.")
    for atoms in frames:
        atoms.info |= electrons
        if atoms.constraints:
            raise ValueError("A path with fixed atoms is not known here: take the constraints out of both structures.")
    return frames[0], frames[1]


def _ends(potential: Potential, fast: Potential, one: ase.Atoms, other: ase.Atoms) -> tuple[System, System]:
    """Both as minima.

    Raises:
        ValueError: what cannot be an end, does not come to rest or not at a minimum, or both at the same one.
    """
    check_ends(potential, to_system(one), to_system(other))
    rested = relax(fast, [one, other], REST)
    for name, end in zip(ENDS, rested, strict=True):
        if not end.converged:
            raise ValueError(
                f"The {name} structure does not come to rest: {end.ending.words}, {end.force:.2g} eV/Å are left."
            )
        if modes := vibrations(potential, end.structure).imaginary:
            raise ValueError(
                f"The {name} structure rests on a saddle point: {modes} modes lead down from there. A path goes from "
                "minimum to minimum: displace its atoms a little, so that no symmetry keeps it there."
            )
    first, last = (end.structure for end in rested)
    if _same(first, last):
        raise ValueError("Both structures come to rest in the same minimum: there is no path between them.")
    return first, last


def _same(one: System, other: System) -> bool:
    """Whether structures are alike atom by atom, as they are numbered."""
    a, b = (np.asarray(s.positions, np.float64) for s in (one, other))
    return bool(np.sqrt(np.mean(np.sum((superposed(b, a) - a) ** 2, axis=1))) <= TOLERANCE)


def _network(band: Band, found: Sequence[Crossing]) -> Network:
    """The ends, 0 and 1, what else the passes lead to, and these."""
    at = lambda s: np.asarray(s.positions, np.float64)
    known = [(band.structures[n], float(band.energies[n])) for n in (0, -1)]
    passes = []
    for one in found:
        if one.saddle is None or one.saddle.vibrations is None or one.rests is None:
            continue
        sides = []
        for rest in one.rests:
            alike = (n for n, (s, e) in enumerate(known) if abs(e - rest.energy) <= WINDOW and _same(s, rest.structure))
            sides.append(next(alike, len(known)))
            if sides[-1] == len(known):
                known.append((rest.structure, rest.energy))
        wavenumber = float(one.saddle.vibrations.wavenumbers[0])
        passes.append(Pass((sides[0], sides[1]), one.saddle.energy, at(one.saddle.structure), wavenumber))
    return Network({n: Minimum(at(s), e) for n, (s, e) in enumerate(known)}, passes)


def _missing(band: Band, found: Sequence[Crossing], network: Network) -> list[str]:
    missing = [one.said for one in found if one.said]
    if not band.converged:
        missing.insert(0, f"the band did not come to rest ({band.ending.words}, {band.force:.2g} eV/Å)")
    if not found:
        missing.append("no image is higher than its neighbours: take more images")
    elif not missing and not np.isfinite(network.barriers(0)[1]):
        missing.append(
            "the passes that were found do not lead from the first structure to the second: take more images"
        )
    return missing


def _table(band: Band, found: Sequence[Crossing], network: Network, missing: Sequence[str]) -> Table:
    """What there is to know about a path."""
    start, end = band.energies[[0, -1]]
    kj = lambda energy: float(energy) / KJ_PER_MOL
    name = lambda n: ENDS[n] if n < 2 else f"a minimum at {kj(network.minima[n].energy - start):.2f} kJ/mol"
    rows: list[tuple] = [
        ("second structure, kJ/mol", kj(end - start)),
        ("highest image, kJ/mol", kj(band.energies.max() - start)),
        ("band", f"{band.ending.words} after {band.steps} evaluations, {band.force:.3g} eV/Å"),
    ]
    images = [one.image for one in found if one.saddle is not None and one.rests is not None]
    for image, one in zip(images, network.passes, strict=True):
        i, j = sorted(one.minima)
        led = f"{kj(one.energy - start):.3f} kJ/mol, {-one.wavenumber:.0f}i 1/cm, between {name(i)} and {name(j)}"
        rows.append((f"saddle point near image {image}", led))
    if np.isfinite(barrier := network.barriers(0)[1]):
        rows += [("barrier forwards, kJ/mol", kj(barrier)), ("barrier backwards, kJ/mol", kj(barrier - (end - start)))]
    note = f"Missing: {'; '.join(missing)}." if missing else ""
    return Table("Path, energies from the first structure", ("", ""), rows, note)
