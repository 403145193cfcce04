"""`Connections`: from a list of minima to the network of the passes between them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import jax
import numpy as np

from eukrates.landscape.bond_graph import changed_bonds
from eukrates.landscape.catalogue import Catalogue
from eukrates.landscape.paths.band import Band, Stretch, nudge
from eukrates.landscape.paths.network import Network, Pass, nearest_pairs
from eukrates.landscape.paths.saddle import Saddle, climbing_direction, refine_saddle
from eukrates.landscape.paths.sides import sides
from eukrates.landscape.relax import TOGETHER, TOGETHER_ELSEWHERE, Target
from eukrates.landscape.superposition import superpose
from eukrates.matter import System
from eukrates.potential import Potential

Pair = tuple[int, int]


@dataclass(frozen=True)
class Attempt:
    """What came of one band."""

    pair: Pair
    said: str  # in words


class Connections:
    """Looks for passes between minima, pair by pair, and takes in the minima that they lead to.

    For each pair a band is nudged, its highest image refined to a saddle point, and the way down from there followed on
    both sides. Of relabellings of the second minimum the one nearest to the first is taken.

    Args:
        potential: with second derivatives.
        reference: a structure with the atoms, charge and spin of all minima.
        minima: known minima; those that passes lead to are added.
        stretch: of bands.
        force: eV/Å, of minima at the ends of descents.
        keep_bonds: whether passes over which bonds change, and minima with other bonds, are left out.
    """

    def __init__(
        self,
        potential: Potential,
        reference: System,
        minima: Catalogue,
        stretch: Stretch | None = None,
        force: float = 0.005,
        keep_bonds: bool = True,
    ):
        self.potential, self.reference, self.minima = potential, reference, minima
        self._fast = potential.for_inference()
        self.stretch, self.target, self.keep_bonds = stretch or Stretch(), Target(force=force), keep_bonds
        self.network = Network([one.energy for one in minima.minima])
        self._saddles = Catalogue(reference, graph=minima.graph, mirror=minima.mirror)
        self.attempts: list[Attempt] = []

    def structure(self, positions: np.ndarray) -> System:
        """The reference elsewhere."""
        return replace(self.reference, positions=np.array(positions, np.float64))

    def pairs(self, lowest: int, neighbours: int = 2) -> list[Pair]:
        """Of the lowest minima those worth a band: near ones, and what makes all hang together."""
        known = self._lowest(lowest)
        apart = np.zeros((len(known), len(known)))
        for a in range(len(known)):
            for b in range(a):
                apart[a, b] = apart[b, a] = self.minima.laid(known[a], known[b]).rmsd
        tried = {one.pair for one in self.attempts}
        told = [(min(known[i], known[j]), max(known[i], known[j])) for i, j in nearest_pairs(apart, neighbours)]
        return [pair for pair in told if pair not in tried]

    def look(self, pairs: Sequence[Pair], tell: Callable[[int, int], None] = lambda done, of: None) -> None:
        """Bands between these pairs, as many at once as there is room for; what was found is in `network`."""
        room = TOGETHER.get(jax.default_backend(), TOGETHER_ELSEWHERE)
        many = max(1, room // (self.reference.atoms * (self.stretch.images - 2)))
        for begin in range(0, len(pairs), many):
            some = pairs[begin : begin + many]
            bands = nudge(self._fast, [self.ends(pair) for pair in some], self.stretch)
            for pair, band in zip(some, bands, strict=True):
                self.attempts.append(Attempt(pair, self._take(band)))
            tell(min(begin + many, len(pairs)), len(pairs))

    def ends(self, pair: Pair) -> tuple[System, System]:
        """Both minima, the second relabelled and turned onto the first."""
        first, last = (self.minima.minima[n].positions for n in pair)
        laid = superpose(self.minima.relabellings, first, last)
        moved = (last - last.mean(axis=0))[laid.permutation] @ laid.turn + first.mean(axis=0)
        return self.structure(first), self.structure(moved)

    def gaps(self, lowest: int) -> list[Pair]:
        """Of the lowest minima the nearest pairs, not yet tried, of which no way leads from one to the other."""
        tried = {one.pair for one in self.attempts}
        found: dict[frozenset, list[tuple[float, Pair]]] = {}
        known = self._lowest(lowest)
        for a, i in enumerate(known):
            here = self._group(i)
            for j in known[:a]:
                if j not in here and (pair := (min(i, j), max(i, j))) not in tried:
                    found.setdefault(frozenset([here, self._group(j)]), []).append((self.minima.laid(*pair).rmsd, pair))
        return sorted(min(some)[1] for some in found.values())

    def _take(self, band: Band) -> str:
        """What became of a band, in words."""
        if not np.all(np.isfinite(band.energies)):
            return "the energy of an image is not finite"
        return "; ".join(self._over(band, top) for top in band.tops) or "the band has no pass: it falls all the way"

    def _over(self, band: Band, top: int) -> str:
        """What became of one of its passes, in words."""
        saddle = refine_saddle(self.potential, band.structures[top], climbing_direction(band, top))
        if not saddle.converged:
            return f"no stationary point was found from image {top} ({saddle.force:.2g} eV/Å are left)"
        if not saddle.true:
            modes = 0 if saddle.vibrations is None else saddle.vibrations.imaginary
            return f"the stationary point near image {top} has {modes} modes that lead down"
        return self._crossed(saddle)

    def _group(self, minimum: int) -> frozenset[int]:
        """All minima that ways lead to."""
        return frozenset(np.flatnonzero(np.isfinite(self.network.barriers(minimum))).tolist())

    def _lowest(self, count: int) -> list[int]:
        return sorted(range(len(self.minima)), key=lambda n: self.minima.minima[n].energy)[:count]

    def _crossed(self, saddle: Saddle) -> str:
        """A pass, and the minima on its sides."""
        ((one, other),) = sides(self._fast, [saddle], self.target)
        if not (one.converged and other.converged):
            return "a descent from the saddle point did not come to rest"
        for rest in (one, other) if self.keep_bonds else ():
            if changes := changed_bonds(self.minima.graph, np.asarray(rest.structure.positions)):
                return f"it leads to another molecule: {changes}"
        (entry,) = self._saddles.add([saddle.structure], [saddle.energy])
        if not entry.new:
            return "the pass was known"
        known = len(self.minima)
        entries = self.minima.add([one.structure, other.structure], [one.energy, other.energy])
        self.network.energies += [one.energy for one in self.minima.minima[known:]]
        ends = entries[0].index, entries[1].index
        positions = np.array(saddle.structure.positions, np.float64)
        wavenumber = float(saddle.vibrations.wavenumbers[0]) if saddle.vibrations else float("nan")
        self.network.passes.append(Pass(ends, saddle.energy, positions, wavenumber))
        return f"a pass between {ends[0]} and {ends[1]}"
