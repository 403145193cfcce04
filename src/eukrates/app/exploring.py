"""`explore` on files: a model and a molecule become a folder with minima, tables and a report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ase

from eukrates.analysis.torsions import rotatable_torsions
from eukrates.app.exploration_results import write_results
from eukrates.app.second_opinion import Check, check_lowest
from eukrates.app.structures import read_structures
from eukrates.data import to_system
from eukrates.landscape import bond_graph
from eukrates.landscape.populations import Gibbs, gibbs_energies
from eukrates.landscape.search import BasinHopping, Budget, Explorer, HotDynamics, RandomTorsions, Rules, Search
from eukrates.landscape.search.search import Tell
from eukrates.landscape.second_opinion import SecondOpinion
from eukrates.models import load, with_long_range
from eukrates.near_miss import near_miss
from eukrates.numerics import cast
from eukrates.potential import Potential

WAYS = ("torsions", "hopping", "dynamics")


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
) -> Search:
    """Search for minima and write what was found; called again with the same arguments, it goes on.

    A search that is interrupted writes what it has found so far.

    Args:
        model: model file.
        structures: any file that ASE reads: structures of one molecule or cluster to begin with.
        folder: new, or that of the same search.
        budget: when to end; may be larger than it was.
        ways, rules, afterwards: see there.
        choices: precision (of the features), charge, spin, far_cutoff, electrostatics.
        progress: see `Search`.

    Raises:
        ValueError: what `load`, `Search` and the labeller refuse.
    """
    told, afterwards = dict(choices or {}), afterwards or Afterwards()
    electrons = {name: told.pop(name) for name in ("charge", "spin") if name in told}
    precision = told.pop("precision", "float32")
    potential = cast(with_long_range(load(model), **told), precision)
    starts = read_structures(structures)
    for atoms in starts:
        atoms.info |= electrons
    search = Search(potential, starts, (ways or Ways()).explorers(starts[0]), folder, rules)
    if afterwards.check is not None:
        afterwards.check.refuse_unknown()
    try:
        search(budget, progress)
    finally:  # also of a search that was interrupted, or whose minima cannot be checked
        if search.standings:
            write_results(search, Path(folder), afterwards.temperatures_kelvin)
    gibbs = _gibbs(potential, search, afterwards)
    opinion = _opinion(search, Path(folder), afterwards.check)
    write_results(search, Path(folder), afterwards.temperatures_kelvin, gibbs, opinion)
    return search


def _gibbs(potential: Potential, search: Search, wanted: Afterwards) -> Sequence[Gibbs]:
    lowest = search.lowest(wanted.free_energies)
    structures = [search.structure(one) for one in lowest]
    return gibbs_energies(potential, structures, wanted.temperatures_kelvin) if structures else ()


def _opinion(search: Search, folder: Path, check: Check | None) -> SecondOpinion | None:
    if check is None or len(search.catalogue) < 2:
        return None
    lowest = search.lowest(check.count)
    return check_lowest(check, [search.structure(one) for one in lowest], [one.energy for one in lowest], folder)
