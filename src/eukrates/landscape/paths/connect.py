"""`Connections`: from a list of minima to the network of the passes between them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import jax
import numpy as np

from eukrates.landscape.catalogue import Catalogue
from eukrates.landscape.paths.band import Band, Stretch, nudge
from eukrates.landscape.paths.crossing import crossings
from eukrates.landscape.paths.network import Network, Pass, nearest_pairs
from eukrates.landscape.paths.saddle import Saddle
from eukrates.landscape.relax import TOGETHER, TOGETHER_ELSEWHERE, Relaxed, Target
from eukrates.landscape.search.screen import Screen
from eukrates.landscape.settling import settled
from eukrates.landscape.superposition import Superposition, superpose
from eukrates.matter import System
from eukrates.matter.superposition import superposed
from eukrates.potential import Potential

Pair = tuple[int, int]
REST = Target(force=0.0005, steps=2000)  # as minima of searches are


@dataclass(frozen=True)
class Attempt:
    """What came of one band."""

    pair: Pair
    stretch: Stretch
    said: str  # what did not come of it, in words
    passes: Sequence[Pair] = ()  # new ones: the minima that they lead to

    @property
    def words(self) -> str:
        """All of it."""
        return "; ".join([f"a pass between {i} and {j}" for i, j in self.passes] + ([self.said] if self.said else []))


class Connections:
    """Looks for passes between minima, pair by pair, and takes in the minima that they lead to.

    For each pair a band is nudged, each image that is higher than its neighbours refined to a saddle point, and the way
    down from there followed on both sides. Of relabellings of the second minimum the one nearest to the first is taken
    that keeps its configuration.

    Args:
        potential: with second derivatives, the one by which the minima are known.
        reference: a structure with the atoms, charge and spin of all minima.
        minima: all that are known; those that passes lead to are added.
        screen: what a minimum that a pass leads to must be; a pass to another is left out. None: anything.
        stretch: of bands.
        target: of descents; as that of the minima, else they are not recognised.
    """

    def __init__(
        self,
        potential: Potential,
        reference: System,
        minima: Catalogue,
        screen: Screen | None = None,
        stretch: Stretch | None = None,
        target: Target = REST,
    ):
        self.potential, self.reference, self.minima, self.screen = potential, reference, minima, screen
        self._fast, self.given = potential.for_inference(), len(minima)
        self.stretch, self.target = stretch or Stretch(), target
        self.network = Network()  # of minima that were to be connected, or that passes lead to
        rules = {"mirror": minima.mirror, "window": minima.window, "tolerance": minima.tolerance}
        self._saddles = Catalogue(reference, graph=minima.graph, **rules)
        self.attempts: list[Attempt] = []

    def recall(self, network: Network, attempts: Sequence[Attempt]) -> None:
        """Go on from what was found before, when minima may have had other numbers."""
        numbers = {n: self._number(one.positions, one.energy) for n, one in network.minima.items()}
        for one in network.passes:
            i, j = (numbers[n] for n in one.minima)
            self._saddles.add([self.structure(one.positions)], [one.energy])
            self.network.passes.append(replace(one, minima=(i, j)))
        for one in attempts:
            i, j = sorted(numbers[n] for n in one.pair)
            passes = [(numbers[a], numbers[b]) for a, b in one.passes]
            self.attempts.append(replace(one, pair=(i, j), passes=passes))

    def structure(self, positions: np.ndarray) -> System:
        """The reference elsewhere."""
        return replace(self.reference, positions=np.array(positions, np.float64))

    def pairs(self, lowest: int, neighbours: int = 2) -> list[Pair]:
        """Of the lowest minima that were given those worth a band, not yet tried: near ones, and what makes all hang
        together."""
        known = self._lowest(lowest)
        apart = np.zeros((len(known), len(known)))
        for a in range(len(known)):
            for b in range(a):
                apart[a, b] = apart[b, a] = self.minima.laid(known[a], known[b]).rmsd
        tried = self._tried()
        told = [(min(known[i], known[j]), max(known[i], known[j])) for i, j in nearest_pairs(apart, neighbours)]
        return [pair for pair in told if pair not in tried]

    def gaps(self, lowest: int) -> list[Pair]:
        """Where no way leads from one of the lowest minima to another: the nearest pairs, not yet tried, of what ways
        lead to from the one and from the other.

        So minima that passes led to are stepping stones: Carr, Trygubenko & Wales, J. Chem. Phys. 122, 234903 (2005),
        doi:10.1063/1.1931587.
        """
        known = self._lowest(lowest)
        tried, groups = self._tried(), self._groups()
        found: dict[frozenset, list[tuple[float, Pair]]] = {}
        for pair in combinations(sorted(frozenset().union(*(groups[n] for n in known))), 2):
            i, j = pair
            if groups[i] != groups[j] and pair not in tried:
                both = frozenset([groups[i], groups[j]])
                found.setdefault(both, []).append((self.minima.laid(i, j).rmsd, pair))
        return sorted(min(some)[1] for some in found.values())

    def look(self, pairs: Sequence[Pair], tell: Callable[[int, int], None] = lambda done, of: None) -> None:
        """Bands between these pairs, as many at once as there is room for; what was found is in `network`.

        Args:
            pairs: see `pairs` and `gaps`.
            tell: is told after each band how many were done, of how many.
        """
        room = TOGETHER.get(jax.default_backend(), TOGETHER_ELSEWHERE)
        many = max(1, room // (self.reference.atoms * (self.stretch.images - 2)))
        for begin in range(0, len(pairs), many):
            some = pairs[begin : begin + many]
            bands = nudge(self._fast, [self.ends(pair) for pair in some], self.stretch)
            for n, (pair, band) in enumerate(zip(some, bands, strict=True)):
                self.attempts.append(self._taken(pair, band))
                tell(begin + n + 1, len(pairs))

    def ends(self, pair: Pair) -> tuple[System, System]:
        """Both minima, the second relabelled and turned onto the first."""
        first, last = (self.minima.minima[n].positions for n in pair)
        placed = (self._placed(first, last, laid) for laid in self._layings(pair))
        moved = next((one for one in placed if self._keeps(one)), superposed(last, first))
        return self.structure(first), self.structure(moved)

    def _placed(self, first: np.ndarray, last: np.ndarray, laid: Superposition) -> np.ndarray:
        return (last - last.mean(axis=0))[laid.permutation] @ laid.turn + first.mean(axis=0)

    def _keeps(self, positions: np.ndarray) -> bool:
        """Whether the configuration is the one that minima must have."""
        wanted = None if self.screen is None else self.screen.configuration
        return wanted is None or not wanted.changed(positions)

    def _layings(self, pair: Pair) -> Iterator[Superposition]:
        """The nearest, also mirrored where mirror images are one minimum, then the nearest without a mirror."""
        yield self.minima.laid(*pair)
        if self.minima.mirror == "merged":
            first, last = (self.minima.minima[n].positions for n in pair)
            yield superpose(self.minima.relabellings, first, last)

    def _taken(self, pair: Pair, band: Band) -> Attempt:
        """What became of a band."""
        if not np.all(np.isfinite(band.energies)):
            return Attempt(pair, self.stretch, "the energy of an image is not finite")
        found = [
            self._crossed(one.saddle, one.rests) if one.saddle and one.rests else one.said
            for one in crossings(self.potential, self._fast, band, self.target)
        ]
        said = [] if band.converged else [band.ending.words]
        said += [one for one in found if isinstance(one, str)]
        if not found:
            said.append("the band has no pass: it falls all the way")
        return Attempt(pair, self.stretch, "; ".join(said), [one.minima for one in found if isinstance(one, Pass)])

    def _crossed(self, saddle: Saddle, rests: tuple[Relaxed, Relaxed]) -> Pass | str:
        """A new pass, with the minima on its sides in the network; or what it is instead, in words."""
        ends = self._settled(rests)
        objections = [] if self.screen is None else [self.screen.objection(end) for end in ends]
        if said := next(filter(None, objections), None):
            return f"it leads to something else: {said}"
        depth = max(end.energy for end in ends) - saddle.energy
        if depth > self.minima.window:
            return f"the saddle point is {depth:.2g} eV below a minimum on its side: these are not of one surface"
        (entry,) = self._saddles.add([saddle.structure], [saddle.energy])
        if not entry.new:
            return "the pass was known"
        i, j = (self._number(np.asarray(end.structure.positions), end.energy) for end in ends)
        positions = np.array(saddle.structure.positions, np.float64)
        wavenumber = float(saddle.vibrations.wavenumbers[0]) if saddle.vibrations else float("nan")
        self.network.passes.append(Pass((i, j), saddle.energy, positions, wavenumber))
        return self.network.passes[-1]

    def _settled(self, rests: Sequence[Relaxed]) -> list[Relaxed]:
        """The same, but what would be a new minimum has settled."""
        new = [n for n, one in enumerate(rests) if not self.minima.knows(one.structure, one.energy)]
        return settled(self._fast, rests, new, self.target, np.random.default_rng(0))

    def _number(self, positions: np.ndarray, energy: float) -> int:
        """Of a minimum, which is in the network then."""
        (entry,) = self.minima.add([self.structure(positions)], [energy])
        self.network.minima[entry.index] = self.minima.minima[entry.index]
        return entry.index

    def _groups(self) -> dict[int, frozenset[int]]:
        """Of each minimum those that ways lead to."""
        found = {n: frozenset([n]) for n in self.network.minima}
        for join in self.network.joins():
            both = join.one | join.other
            found |= dict.fromkeys(both, both)
        return found

    def _tried(self) -> set[Pair]:
        return {one.pair for one in self.attempts if one.stretch == self.stretch}

    def _lowest(self, count: int) -> list[int]:
        """Of those that were given; they are in the network then."""
        found = sorted(range(self.given), key=lambda n: self.minima.minima[n].energy)[:count]
        self.network.minima |= {n: self.minima.minima[n] for n in found}
        return found
