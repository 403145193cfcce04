"""`explore` on files: a model and a molecule become a folder with minima, tables and a report."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ase
import numpy as np

from eukrates.analysis.torsions import rotatable_torsions
from eukrates.app.exploration_results import REPORT, write_minima, write_results
from eukrates.app.opening import open_model
from eukrates.app.second_opinion import Check, check_lowest
from eukrates.app.structures import read_structures
from eukrates.data import to_system
from eukrates.landscape import bond_graph, expansion
from eukrates.landscape.expansion import NotFinite
from eukrates.landscape.populations import Gibbs, gibbs_energies
from eukrates.landscape.search import (
    BasinHopping,
    Budget,
    Explorer,
    HotDynamics,
    RandomTorsions,
    Rules,
    Search,
    Standing,
)
from eukrates.landscape.search.search import Tell
from eukrates.landscape.second_opinion import SecondOpinion
from eukrates.near_miss import near_miss
from eukrates.potential import Potential

WAYS = ("torsions", "hopping", "dynamics")
EVERY, SHARE = 600.0, 20  # s between writings of a search that goes on, or so many times what the last one took


@dataclass(frozen=True)
class Ways:
    """How candidates are made.

    Args:
        by: some of torsions, hopping and dynamics; none: all three, but torsions only where two bonds or more can turn.
        candidates: of a round, shared out evenly.
        hopping_kelvin, step_angstrom: see `BasinHopping`.
        dynamics_kelvin, interval_fs: see `HotDynamics`.
    """

    by: tuple[str, ...] = ()
    candidates: int = 96
    hopping_kelvin: float = 1500.0
    step_angstrom: float = 0.4
    dynamics_kelvin: tuple[float, ...] = (500.0, 800.0)
    interval_fs: float = 500.0

    def explorers(self, start: ase.Atoms) -> list[Explorer]:
        """For a molecule like `start`.

        Raises:
            ValueError: an unknown way, or fewer candidates than ways.
        """
        if unknown := [way for way in self.by if way not in WAYS]:
            raise ValueError(f"Unknown way {unknown[0]!r}{near_miss(unknown[0], WAYS)} Known: {', '.join(WAYS)}.")
        structure = to_system(start)
        flexible = len(rotatable_torsions(structure, bond_graph(structure).bonds, hydrogens=2)) >= 2
        by = tuple(dict.fromkeys(self.by)) or (WAYS if flexible else WAYS[1:])
        each = self.candidates // len(by)
        if each < 1:
            raise ValueError(f"Expected a candidate for each of {len(by)} ways, got {self.candidates}.")
        makers = {
            "torsions": lambda: RandomTorsions(each),
            "hopping": lambda: BasinHopping(each, self.hopping_kelvin, self.step_angstrom),
            "dynamics": lambda: HotDynamics(each, self.dynamics_kelvin, self.interval_fs),
        }
        return [makers[way]() for way in by]


@dataclass(frozen=True)
class Afterwards:
    """What is done with the minima.

    Args:
        temperatures_kelvin: K, of populations.
        free_energies: of so many of the lowest minima harmonic free energies are computed.
        check: how the lowest are checked; None: they are not.
    """

    temperatures_kelvin: tuple[float, ...] = (298.15,)
    free_energies: int = 0
    check: Check | None = None

    def __post_init__(self):
        if not self.temperatures_kelvin or not all(0 < kelvin < np.inf for kelvin in self.temperatures_kelvin):
            raise ValueError(f"Expected temperatures above 0 K, of populations, got {self.temperatures_kelvin}.")
        if self.free_energies < 0:
            raise ValueError(f"Expected free energies of so many minima, 0 or more, got {self.free_energies}.")

    @property
    def anything(self) -> bool:
        """Whether anything is asked for that takes long."""
        return self.free_energies > 0 or self.check is not None


@dataclass(frozen=True, eq=False)
class Explored:
    """A search, and what was found out about its lowest minima."""

    search: Search
    gibbs: Sequence[Gibbs] = ()
    opinion: SecondOpinion | None = None

    @property
    def summary(self) -> str:
        """In a few sentences, each on a line."""
        last = self.search.standings[-1]
        words = (
            f"{last.minima} minima in {last.quenches} quenches, the lowest at {last.lowest:.6f} eV; {last.aside} "
            "candidates were set aside."
        )
        if missing := sum(one.energies is None for one in self.gibbs):
            words += f"\n{missing} of {len(self.gibbs)} have no free energy; the report says why."
        return words if self.opinion is None else f"{words}\n{self.opinion.summary}"


def explore_file(
    model: str | Path,
    structures: str | Path,
    folder: str | Path,
    budget: Budget,
    ways: Ways | None = None,
    rules: Rules | None = None,
    afterwards: Afterwards | None = None,
    choices: Mapping[str, Any] | None = None,
    progress: Tell = lambda standing, done, of: None,
    checking: Callable[[int, int], None] = lambda done, of: None,
) -> Explored:
    """Search for minima and write what was found; called again with the same arguments, it goes on.

    While it goes on minima.extxyz and minima.csv are written every ten minutes. A search that is interrupted writes all
    that it has found so far; results that were complete stay as they are where it found nothing new.

    Args:
        model: model file.
        structures: any file that ASE reads: structures of one molecule or cluster to begin with.
        folder: new, or that of the same search.
        budget: when to end; may be larger than it was.
        ways, rules, afterwards: see there.
        choices: precision (of the features), charge, spin, far_cutoff, electrostatics.
        progress: see `Search`.
        checking: see `check_lowest`.

    Raises:
        ValueError: what `load`, `Search` and `Check.refuse` refuse, and free energies of a potential without second
            derivatives.
    """
    afterwards, folder, (potential, electrons) = afterwards or Afterwards(), Path(folder), open_model(model, choices)
    starts = read_structures(structures)
    for atoms in starts:
        atoms.info |= electrons
    if afterwards.check is not None:
        afterwards.check.refuse(starts[0])
    search = Search(potential, starts, (ways or Ways()).explorers(starts[0]), folder, rules)
    if afterwards.free_energies and not search.standings:
        with suppress(NotFinite):  # which tells of the structure, that is not at rest yet
            expansion(potential, search.starts[0])
    kelvin, before = afterwards.temperatures_kelvin, len(search.standings)
    gibbs, opinion = [], None
    try:
        search(budget, _keeping(search, folder, kelvin, progress))
        if afterwards.anything and len(search.standings) > before:
            _write_before_more(search, folder, kelvin)
        gibbs = _gibbs(potential, search, afterwards)
        if afterwards.check is not None:
            opinion = check_lowest(afterwards.check, search, folder, checking)
    except BaseException as error:  # an interruption too
        if search.standings and (len(search.standings) > before or not (folder / REPORT).exists()):
            _write_despite(error, lambda: write_results(search, folder, kelvin, gibbs, opinion))
        raise
    write_results(search, folder, kelvin, gibbs, opinion)
    return Explored(search, gibbs, opinion)


def _keeping(search: Search, folder: Path, temperatures_kelvin: Sequence[float], progress: Tell) -> Tell:
    """`progress`, and minima on disk while rounds follow one another."""
    due = time.monotonic() + EVERY

    def tell(standing: Standing | None, done: int, of: int) -> None:
        nonlocal due
        progress(standing, done, of)
        if of == 0 and (began := time.monotonic()) >= due:  # a round has ended
            write_minima(search, folder, temperatures_kelvin)
            due = time.monotonic() + max(EVERY, SHARE * (time.monotonic() - began))

    return tell


def _write_before_more(search: Search, folder: Path, temperatures_kelvin: Sequence[float]) -> None:
    """What was searched for, before what takes long; a report that tells more than it could now stays as it is."""
    if (folder / REPORT).exists():
        write_minima(search, folder, temperatures_kelvin)
    else:
        write_results(search, folder, temperatures_kelvin)


def _write_despite(error: BaseException, write: Callable[[], None]) -> None:
    """Write after an error, which stays the one that is raised."""
    try:
        write()
    except Exception as another:
        error.add_note(f"Nor could results be written: {type(another).__name__}: {another}")


def _gibbs(potential: Potential, search: Search, wanted: Afterwards) -> list[Gibbs]:
    lowest = search.lowest(wanted.free_energies)
    structures = [search.structure(one) for one in lowest]
    return gibbs_energies(potential, structures, wanted.temperatures_kelvin) if structures else []
