"""`Search`: rounds of candidates, quenched together, until the budget is spent."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import ase
import numpy as np

from eukrates.dynamics.lists import Rooms
from eukrates.dynamics.settings import identity
from eukrates.landscape.bond_graph import bond_graph, changed_bonds
from eukrates.landscape.catalogue import Catalogue, Minimum
from eukrates.landscape.relax import Capacity, Relaxed, Target, quench
from eukrates.landscape.search.coverage import coverage
from eukrates.landscape.search.explorer import Explorer, Memory, Rest, Scene
from eukrates.landscape.search.folder import Folder
from eukrates.landscape.search.plan import Budget, Rules, Standing
from eukrates.landscape.search.rounds import Round
from eukrates.landscape.search.screen import Screen
from eukrates.landscape.search.starts import atoms_of, checked_starts, other_configuration
from eukrates.landscape.settling import KICK, MOST, TIGHTER, settled, shaken
from eukrates.matter import System
from eukrates.potential import Potential

START = "start"  # the source of structures that were given
SHAKEN = 0.02  # Å, by which candidates are displaced: none is to be kept on a saddle point by its symmetry
LOW = 0.21  # eV (20 kJ/mol) above the lowest minimum, up to which what is new must have settled
Tell = Callable[[Standing | None, int, int], None]


@dataclass(frozen=True, eq=False)
class Aside:
    """A candidate that does not count."""

    structure: System
    energy: float  # eV
    source: str
    reason: str


class Search:
    """The search for the minima of one molecule or cluster.

    Listed are the stationary points that quenches ended in. Candidates are displaced by some 0.02 Å along each axis
    before, so that none is kept on a saddle point by its symmetry alone, and what is new within 0.21 eV (20 kJ/mol) of
    the lowest minimum is shaken once more and goes on to less force (`settled`), so that hardly any flat crest passes
    for a minimum. Curvature is not looked at: a saddle point that is left is only found out where its modes are
    computed, as for free energies (`gibbs_energies`).

    Each round is determined by the seed and by what was found before, and is kept in a file when it is finished: a
    search that was killed and is called again does the round in which it was killed from its start, and finds what it
    would have found, bit for bit on the CPUs of one machine. GPUs add in any order, and what they find differs from run
    to run.

    Args:
        potential: anything with an energy.
        starts: structures of the same atoms in the same order; the first, relaxed, has the bonds and the configuration
            that minima must have. Others that do not come to rest, or not as this molecule, are set aside.
        explorers: where candidates come from.
        folder: new, or that of the same search; None: everything stays in memory.
        rules: what counts as a minimum.

    Raises:
        ValueError: no start or no explorer; starts that no search can speak of, see `checked_starts`; a folder of
            something else. Nothing was written then.
    """

    def __init__(
        self,
        potential: Potential,
        starts: Sequence[System | ase.Atoms],
        explorers: Sequence[Explorer],
        folder: str | Path | None = None,
        rules: Rules | None = None,
    ):
        if not starts or not explorers:
            raise ValueError(f"Expected structures and explorers, got {len(starts)} and {len(explorers)}.")
        self.explorers, self.rules = tuple(explorers), rules or Rules()
        self.starts = checked_starts(potential, starts)
        self._potential = potential.for_inference()  # once, and not in every round
        self._target = Target(force=self.rules.force, steps=self.rules.steps)
        self._folder = Folder(None if folder is None else Path(folder))
        self._folder.begin(self._told(potential))
        self.standings: list[Standing] = []
        self.sources: Counter[str] = Counter()  # of candidates
        self.fruits: Counter[str] = Counter()  # of minima: who found them first
        self.aside: list[Aside] = []
        self._memories: tuple[Memory, ...] = tuple({} for _ in self.explorers)
        self._rooms = Rooms()  # for neighbours, after the last round
        self._known: tuple[System, Catalogue, Screen] | None = None
        for done in self._folder.rounds():
            self._take(done)

    @property
    def reference(self) -> System:
        """The first start at rest. Raises ValueError before the search has begun."""
        return self._begun()[0]

    @property
    def catalogue(self) -> Catalogue:
        """The minima that are known. Raises ValueError before the search has begun."""
        return self._begun()[1]

    @property
    def screen(self) -> Screen:
        """What minima must be. Raises ValueError before the search has begun."""
        return self._begun()[2]

    def lowest(self, count: int) -> list[Minimum]:
        """So many of the minima, ascending in energy."""
        return sorted(self.catalogue.minima, key=lambda one: one.energy)[:count]

    def structure(self, minimum: Minimum) -> System:
        """A minimum with its elements, charge and spin."""
        return replace(self.reference, positions=minimum.positions)

    def degeneracies(self, minima: Sequence[Minimum]) -> list[int]:
        """How many mirror images each stands for: 2 where they are merged and it is not its own.

        Relabellings of like atoms make more wells of each, see `eukrates.landscape.populations`.
        """
        if self.rules.mirror == "apart":
            return [1] * len(minima)
        own = lambda one: self.catalogue.same(one.positions, -one.positions)
        return [1 if own(one) else 2 for one in minima]

    def __call__(self, budget: Budget, progress: Tell = lambda standing, done, of: None) -> None:
        """Go on until the budget is spent; what was done before counts.

        Args:
            budget: when to end.
            progress: is told the standing (None in the first round), and of the candidates of the round that is being
                done how many were quenched, of how many.

        Raises:
            ValueError: the first start does not come to rest, or not as the molecule that it was; no explorer has any
                candidate.
        """
        while not self.standings or not self.standings[-1].spends(budget):
            done = self._round(progress)
            self._folder.keep(len(self.standings), done)
            self._take(done)
            progress(self.standings[-1], 0, 0)

    def _round(self, tell: Tell) -> Round:
        """Candidates, proposed, quenched, looked at."""
        began, number = time.perf_counter(), len(self.standings)
        chance = lambda purpose, n: np.random.default_rng([self.rules.seed, number, purpose, n])
        memories, proposed = list(self._memories), [list(self.starts)] if number == 0 else []
        names = [START] if number == 0 else [explorer.name for explorer in self.explorers]
        if number:
            scene = Scene(self._potential, self.reference, self.catalogue.graph, tuple(self.catalogue.minima))
            for n, explorer in enumerate(self.explorers):
                found, memories[n] = explorer.propose(scene, memories[n], chance(0, n))
                proposed.append([scene.at(positions) for positions in found])
        capacity = Capacity(self._rooms)
        candidates = shaken([one for some in proposed for one in some], SHAKEN, chance(2, 0))
        rested = self._settled(self._quenched(candidates, capacity, tell), capacity, chance(3, 0))
        screen = self._begun()[2] if number else self._beginning(rested[0].structure, rested[0])[2]
        objections = [screen.objection(one) or "" for one in rested]
        rests = [
            None if said else Rest(np.asarray(one.structure.positions, np.float64), one.energy)
            for one, said in zip(rested, objections, strict=True)
        ]
        ends = np.cumsum([0, *(len(some) for some in proposed)]).tolist()
        for n, explorer in enumerate(self.explorers if number else ()):
            memories[n] = explorer.learn(memories[n], rests[ends[n] : ends[n + 1]], chance(1, n))
        return Round(
            sources=tuple(name for name, some in zip(names, proposed, strict=True) for _ in some),
            positions=np.stack([np.asarray(one.structure.positions, np.float64) for one in rested]),
            energies=np.array([one.energy for one in rested]),
            forces=np.array([one.force for one in rested]),
            objections=tuple(objections),
            evaluations=sum(one.steps for one in rested),
            seconds=time.perf_counter() - began,
            memories=tuple(memories),
            rooms=tuple(capacity.rooms),
        )

    def _quenched(self, candidates: Sequence[System], capacity: Capacity, tell: Tell) -> list[Relaxed]:
        """All of a round, in their order."""
        if not candidates:
            raise ValueError("No explorer found any candidate: in every structure that was tried atoms collide.")
        rested: dict[int, Relaxed] = {}
        before = self.standings[-1] if self.standings else None
        for n, one in quench(self._potential, candidates, self._target, capacity=capacity):
            rested[n] = one
            tell(before, len(rested), len(candidates))
        return [rested[n] for n in range(len(candidates))]

    def _settled(self, rested: Sequence[Relaxed], capacity: Capacity, rng: np.random.Generator) -> list[Relaxed]:
        """The same, but what is low and new has settled; in the first round all that came to rest."""
        if self._known is None:
            new = [n for n, one in enumerate(rested) if one.converged]
        else:
            good = [n for n, one in enumerate(rested) if not self.screen.objection(one)]
            known = self.catalogue.minima
            lowest = min(one.energy for one in (*known, *(rested[n] for n in good)))
            unknown = lambda one: not self.catalogue.knows(one.structure, one.energy)
            new = [n for n in good if rested[n].energy <= lowest + LOW and unknown(rested[n])]
        return settled(self._potential, rested, new, self._target, rng, capacity)

    def _beginning(self, structure: System, rested: Relaxed | None) -> tuple[System, Catalogue, Screen]:
        """What the first start at rest determines.

        Raises:
            ValueError: it did not come to rest, or has become something else.
        """
        rules, screen = self.rules, Screen.of(structure, self.rules, self._potential)
        if rested is not None and (said := self._became(rested, screen)):
            raise ValueError(
                f"The first structure does not come to rest as what it was: {said}. A search begins with a minimum of "
                "its potential: look at the structure and at the potential, or begin with another structure."
            )
        told = {"mirror": rules.mirror, "window": rules.window, "tolerance": rules.tolerance}
        return structure, Catalogue(structure, graph=screen.graph, **told), screen

    def _became(self, rested: Relaxed, screen: Screen) -> str | None:
        """What the first start became, if not the same at rest."""
        start = self.starts[0]
        if changes := changed_bonds(bond_graph(start), np.asarray(rested.structure.positions, np.float64)):
            return f"its bonds changed, {changes}"
        other = other_configuration(start, rested.structure) if self.rules.configuration else None
        return screen.objection(rested) if other is None else f"its configuration changed, {other}"

    def _take(self, done: Round) -> None:
        """A finished round into what is known."""
        first = self._known is None
        at = lambda n: replace(self.starts[0] if first else self.reference, positions=np.asarray(done.positions[n]))
        if first:
            self._known = self._beginning(at(0), None)
        good = [n for n, said in enumerate(done.objections) if not said]
        known = len(self.catalogue)
        entries = self.catalogue.add([at(n) for n in good], [float(done.energies[n]) for n in good])
        self.sources.update(done.sources)
        self.fruits.update(done.sources[n] for n, entry in zip(good, entries, strict=True) if entry.new)
        for n, said in enumerate(done.objections):
            if said:
                self.aside.append(Aside(at(n), float(done.energies[n]), done.sources[n], said))
        before = self.standings[-1] if self.standings else None
        quenches, hours = len(done.energies), done.seconds / 3600
        self.standings.append(
            Standing(
                round=len(self.standings),
                quenches=quenches + (before.quenches if before else 0),
                minima=len(self.catalogue),
                aside=len(self.aside),
                lowest=min(one.energy for one in self.catalogue.minima),
                hours=hours + (before.hours if before else 0.0),
                idle=0 if before is None or len(self.catalogue) > known else before.idle + quenches,
                coverage=coverage([one.count for one in self.catalogue.minima]),
            )
        )
        self._memories = self._memories if first else done.memories  # no explorer has a part in the first round
        self._rooms = Rooms(*done.rooms)

    def _begun(self) -> tuple[System, Catalogue, Screen]:
        if self._known is None:
            raise ValueError("Nothing was quenched yet: call the search with a budget first.")
        return self._known

    def _told(self, potential: Potential) -> dict[str, Any]:
        """All that determines what is found."""
        return {
            "potential": identity(potential),
            "explorers": [repr(one) for one in self.explorers],
            "rules": asdict(self.rules),
            "settling": [LOW, KICK, TIGHTER, MOST],
            "atoms": atoms_of(self.starts[0]),
            "starts": [np.asarray(one.positions, np.float64).tolist() for one in self.starts],
        }
