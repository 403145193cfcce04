"""`Catalogue`: the minima of one molecule or cluster that are known so far, none twice."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eukrates.landscape.automorphisms import Relabellings
from eukrates.landscape.bond_graph import BondGraph, bond_graph, expect_open
from eukrates.landscape.invariants import Invariants
from eukrates.landscape.superposition import Superposition, superpose
from eukrates.matter import System

WINDOW, TOLERANCE = 0.001, 0.125  # eV, Å


@dataclass
class Minimum:
    """One minimum, as it was first found."""

    positions: Float[np.ndarray, "atoms 3"]  # Å
    energy: float | int  # eV
    count: int = 1  # how often it was found


@dataclass(frozen=True)
class Entry:
    """What `Catalogue.add` found a structure to be."""

    index: int  # of the minimum
    new: bool
    superposition: Superposition | None = None  # of the structure over the minimum it repeats


class Catalogue:
    """Minima of the same atoms in the same order, none twice.

    A structure repeats a known minimum if their energies differ by no more than `window`, and laid over it, like atoms
    exchanged (see `superpose`), its RMSD is not above `tolerance` and no atom is farther off than four times that. Of
    several such minima it repeats the one with the lowest RMSD found. All atoms count, hydrogens too, none by its mass.

    Works for molecules, several molecules (those alike are exchanged as wholes) and clusters of atoms without bonds;
    for which of them duplicates are surely recognised is said in `superpose`. Prefilters by energy and by `Invariants`
    lose nothing: 1000 structures of docosahexaenoic acid (56 atoms) were looked up among 1000 in 0.6 s on one core; to
    list 1000 different ones of one energy took 5 s. Whether a structure still has the bonds and the configuration of
    the reference is not looked at here: see `changed_bonds` and `Configuration`, before adding.

    The defaults suit structures whose largest force is 0.005 eV/Å or less. So relaxed with GFN2-xTB, the same conformer
    of ethanediol came back within 0.2 meV and 0.05 Å, and two others were never closer than 0.2 Å: any tolerance from
    0.03 to 0.2 Å lists the same. With forces of 0.02 eV/Å, energies of one soft minimum (methyl groups) differ by up to
    5 meV, and it is listed more than once: relax further, as a wider window helps only in part.

    Being the same within a tolerance is not transitive, so that at its edge what is found depends on the order: `add`
    several at once, then at least the order among these does not matter. Known minima stay as they were first found.

    Args:
        reference: a relaxed structure; only its atoms and bonds are used.
        graph: its bonds, if not those that distances tell.
        mirror: "apart" keeps mirror images as two minima, "merged" as one.
        window: eV.
        tolerance: Å.
        minima: known before; they are believed to be different.

    Raises:
        ValueError: a periodic reference, a tolerance that is not positive, a window below 0, another word for `mirror`.
    """

    def __init__(
        self,
        reference: System,
        *,
        graph: BondGraph | None = None,
        mirror: str = "apart",
        window: float | int = WINDOW,
        tolerance: float | int = TOLERANCE,
        minima: Sequence[Minimum] = (),
    ):
        if mirror not in ("apart", "merged"):
            raise ValueError(f'Expected mirror to be "apart" or "merged", got {mirror!r}.')
        if not (window >= 0 and tolerance > 0):
            raise ValueError(f"Expected a window of 0 eV or more and a tolerance above 0 Å, got {window}, {tolerance}.")
        expect_open(reference)
        self.graph = bond_graph(reference) if graph is None else graph
        self.mirror, self.window, self.tolerance = mirror, window, tolerance
        self.minima: list[Minimum] = []
        self.relabellings, self._invariants = Relabellings(self.graph), Invariants(self.graph)
        self._prints: list[np.ndarray] = []
        self._by_energy: list[tuple[float, int]] = []
        for minimum in minima:
            self._keep(minimum, self._invariants.of(minimum.positions))

    def __len__(self) -> int:
        return len(self.minima)

    def add(self, structures: Sequence[System], energies: Sequence[float]) -> list[Entry]:
        """Look up relaxed structures, with their energies in eV, and take in those that are new, the lowest first.

        Entries come in the order of the structures.

        Raises:
            ValueError: a structure of other atoms or a periodic one, an energy that is not finite, or numbers of both
                that differ. Nothing was added then.
        """
        if len(structures) != len(energies) or not np.all(np.isfinite(energies)):
            raise ValueError(
                f"Expected one finite energy in eV for each structure, got {len(structures)} structures and energies "
                f"{list(energies)[:5]} …: leave out what did not converge."
            )
        for structure in structures:
            expect_open(structure)
            if not np.array_equal(structure.numbers, self.graph.numbers):
                raise ValueError("Expected structures of the atoms of the reference in the same order, got others.")
        found: dict[int, Entry] = {}
        for n in sorted(range(len(structures)), key=lambda n: energies[n]):
            found[n] = self._added(np.array(structures[n].positions, np.float64), float(energies[n]))
        return [found[n] for n in range(len(structures))]

    def knows(self, structure: System, energy: float) -> bool:
        """Whether a relaxed structure, with its energy in eV, repeats a known minimum; nothing is added or counted."""
        positions = np.array(structure.positions, np.float64)
        return self._known(positions, energy, self._invariants.of(positions)) is not None

    def same(self, one: Float[np.ndarray, "atoms 3"], other: Float[np.ndarray, "atoms 3"]) -> bool:
        """Whether two structures can be laid over each other without a mirror, within the tolerance."""
        return superpose(self.relabellings, one, other, enough=self.tolerance).within(self.tolerance)

    def laid(self, onto: int, moving: int) -> Superposition:
        """One known minimum over another, as near as it comes."""
        one, other = self.minima[onto].positions, self.minima[moving].positions
        return superpose(self.relabellings, one, other, mirror=self.mirror == "merged")

    def _added(self, positions: np.ndarray, energy: float) -> Entry:
        invariants = self._invariants.of(positions)
        known = self._known(positions, energy, invariants)
        if known is None:
            self._keep(Minimum(positions, energy), invariants)
            return Entry(len(self) - 1, True)
        self.minima[known.index].count += 1
        return known

    def _known(self, positions: np.ndarray, energy: float, invariants: np.ndarray) -> Entry | None:
        """The known minimum that a structure repeats; None if there is none."""
        begin = bisect_left(self._by_energy, (energy - self.window, -1))
        end = bisect_right(self._by_energy, (energy + self.window, len(self)))
        near = np.array(sorted(index for _, index in self._by_energy[begin:end]), int)
        if not near.size:
            return None
        least = self._invariants.least_rmsd(invariants, np.stack([self._prints[n] for n in near]))
        best = None
        for index in near[least <= self.tolerance].tolist():
            laid = self._laid(self.minima[index].positions, positions)
            closest = np.inf if best is None or best.superposition is None else best.superposition.rmsd
            if laid.within(self.tolerance) and laid.rmsd < closest:
                best = Entry(index, False, laid)
        return best

    def _laid(self, onto: np.ndarray, positions: np.ndarray) -> Superposition:
        mirror = self.mirror == "merged"
        return superpose(self.relabellings, onto, positions, mirror=mirror, enough=self.tolerance)

    def _keep(self, minimum: Minimum, invariants: np.ndarray) -> None:
        insort(self._by_energy, (minimum.energy, len(self.minima)))
        self.minima.append(minimum)
        self._prints.append(invariants)
