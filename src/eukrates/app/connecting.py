"""`connect` on files: passes between the minima of a search."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import ase
import ase.io
import numpy as np

from eukrates.app.exploration_results import MINIMA
from eukrates.app.frames import frame
from eukrates.app.networks import read_network, write_network
from eukrates.app.opening import open_model
from eukrates.app.structures import read_structures
from eukrates.data import to_system
from eukrates.dynamics.settings import identity
from eukrates.files import replacing
from eukrates.landscape import Catalogue, Target
from eukrates.landscape.catalogue import Minimum
from eukrates.landscape.paths import Connections, Stretch
from eukrates.landscape.search import Rules
from eukrates.landscape.search.folder import SETTINGS, Folder
from eukrates.landscape.search.screen import Screen
from eukrates.plots.network import network_section
from eukrates.plots.report import Report, Section
from eukrates.potential import Potential
from eukrates.trust.table import Table
from eukrates.version import __version__

NUMBERED, SADDLES, REPORT = "network.extxyz", "saddles.extxyz", "network.html"
SUBTITLE = f"Eukrates {__version__}"
MORE = 3  # times bands are nudged between groups of minima that no way leads between yet


def connect_folder(
    model: str | Path,
    folder: str | Path,
    lowest: int = 20,
    neighbours: int = 2,
    stretch: Stretch | None = None,
    choices: Mapping[str, Any] | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Connections:
    """Passes between the lowest minima of a search, by the rules of that search.

    Beside the minima are written, after every band: network.json, from which a call goes on where an earlier one
    ended or was killed; network.extxyz, the minima in the network, those too that only passes led to; saddles.extxyz.
    At the end comes network.html.

    Args:
        model: model file, that of the search.
        folder: of the search; its minima.extxyz and search.json are read.
        lowest: so many minima.
        neighbours: bands from each minimum, at least.
        stretch: of bands; pairs that were tried with another are tried again.
        choices: precision (of the features), far_cutoff, electrostatics; those of the search.
        progress: is told how many bands were nudged, of how many.

    Raises:
        ValueError: no search there, one with another potential, fewer than two minima, or fewer than two wanted.
    """
    folder, (potential, _) = Path(folder), open_model(model, choices, ())
    if lowest < 2 or neighbours < 1:
        raise ValueError(f"Expected at least two minima and a neighbour of each, got {lowest} and {neighbours}.")
    found = _before(potential, folder, stretch)

    def kept(done: int, of: int) -> None:
        _keep(found, folder)
        progress(done, of)

    pairs = found.pairs(lowest, neighbours)
    for _ in range(1 + MORE):
        found.look(pairs, kept)
        pairs = found.gaps(lowest)
    _keep(found, folder)
    rows = [(f"{i} – {j}", attempt.words) for attempt in found.attempts for i, j in [attempt.pair]]
    sections = [
        network_section(found.network),
        Section("Bands", [Table("What came of each", ("between", "result"), rows)]),
    ]
    Report(f"Passes in {folder.resolve().name}", sections, SUBTITLE).write(folder / REPORT)
    return found


def _before(potential: Potential, folder: Path, stretch: Stretch | None) -> Connections:
    """The minima of a search, and what earlier calls found."""
    told = _settings(folder)
    if told["potential"] != json.loads(json.dumps(identity(potential))):
        raise ValueError(
            f"{folder} was searched with another potential: {told['potential']}, and this one is "
            f"{identity(potential)}. Give the same model, far cutoff, electrostatics and precision."
        )
    rules, frames = Rules(**told["rules"]), read_structures(folder / MINIMA)
    if len(frames) < 2:
        raise ValueError(f"Expected at least two minima in {folder / MINIMA}, got {len(frames)}: search on.")
    first = Folder(folder).first()  # at rest: its bonds and configuration are those of the search
    reference = replace(to_system(frames[0]), positions=first.positions[0])
    screen = Screen.of(reference, rules, potential)
    known = [Minimum(np.array(one.positions), one.get_potential_energy(), one.info.get("count", 1)) for one in frames]
    same = {"mirror": rules.mirror, "window": rules.window, "tolerance": rules.tolerance}
    minima = Catalogue(reference, graph=screen.graph, minima=known, **same)
    target = Target(force=rules.force, steps=rules.steps)
    found = Connections(potential, reference, minima, screen, stretch, target)
    if (earlier := read_network(folder)) is not None:
        found.recall(earlier.network, earlier.attempts)
    return found


def _settings(folder: Path) -> dict[str, Any]:
    path = folder / SETTINGS
    if not path.exists() or not (folder / MINIMA).exists():
        raise ValueError(f"There is no finished search in {folder}: expected {SETTINGS} and {MINIMA} there.")
    return json.loads(path.read_text("utf-8"))


def _keep(found: Connections, folder: Path) -> None:
    """All but the page, each file whole or as it was; network.json, which the next call begins with, last."""
    network = found.network
    with replacing(folder / NUMBERED) as temporary:
        ase.io.write(temporary, [_numbered(found, n) for n in sorted(network.minima)], "extxyz")
    if network.passes:
        with replacing(folder / SADDLES) as temporary:
            ase.io.write(temporary, [_pass_frame(found, n) for n in range(len(network.passes))], "extxyz")
    write_network(folder, found)


def _numbered(found: Connections, number: int) -> ase.Atoms:
    one = found.network.minima[number]
    return frame(found.structure(one.positions), one.energy, number=number)


def _pass_frame(found: Connections, n: int) -> ase.Atoms:
    one = found.network.passes[n]
    info = {"minima": json.dumps(one.minima), "wavenumber": one.wavenumber}
    return frame(found.structure(one.positions), one.energy, **info)
