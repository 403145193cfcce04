"""The bonds of molecules as a graph: which atoms play the same part, and whether a structure still has its bonds."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial.distance import cdist

from eukrates.elements import COVALENT_RADII, SYMBOLS
from eukrates.matter import System
from eukrates.matter.bonds import bonded_neighbours, bonding, find_nonmetal_bonds, molecule_of

BROKEN, FORMED = 1.5, 1.15  # times the sum of covalent radii


@dataclass(frozen=True, eq=False)
class BondGraph:
    """Atoms and the bonds between them: one molecule, several, or atoms without bonds.

    Bonds have no order: both oxygens of a carboxylate are alike, and so are the carbons of benzene.

    Args:
        numbers: atomic numbers.
        bonds: pairs of atoms i < j, each once.
    """

    numbers: Int[np.ndarray, " atoms"]
    bonds: Int[np.ndarray, "bonds 2"]

    def __post_init__(self):
        low, high = self.bonds.min(initial=0), self.bonds.max(initial=0)
        ordered = bool(np.all(self.bonds[:, 0] < self.bonds[:, 1]))
        if low < 0 or high >= len(self.numbers) or not ordered or len(np.unique(self.bonds, axis=0)) < len(self.bonds):
            raise ValueError(
                f"Expected bonds between atoms i < j of 0 to {len(self.numbers) - 1}, each once, "
                f"got {self.bonds[:5].tolist()} …"
            )

    @property
    def atoms(self) -> int:
        """How many."""
        return len(self.numbers)

    @cached_property
    def around(self) -> tuple[tuple[int, ...], ...]:
        """To every atom its neighbours, ascending."""
        found = bonded_neighbours(self.bonds)
        return tuple(tuple(found.get(atom, ())) for atom in range(self.atoms))

    @cached_property
    def adjacent(self) -> Bool[np.ndarray, "atoms atoms"]:
        """True between bonded atoms."""
        table = np.zeros((self.atoms, self.atoms), bool)
        table[tuple(self.bonds.T)] = True
        return table | table.T

    @cached_property
    def molecules(self) -> Int[np.ndarray, " atoms"]:
        """To every atom the number of its molecule."""
        return molecule_of(self.atoms, self.bonds)

    @cached_property
    def classes(self) -> Int[np.ndarray, " atoms"]:
        """To every atom a number, the same for all numberings of the atoms; atoms that bonds tell apart differ.

        Colour refinement: atoms are of one class as long as elements and the classes of neighbours are the same
        (Weisfeiler & Leman 1968; Morgan, J. Chem. Doc. 5, 107 (1965), doi:10.1021/c160017a018). Atoms that a
        relabelling exchanges are always of one class; atoms of one class can nearly always be exchanged (exceptions
        need rings that only their sizes tell apart), and nothing here rests on that.
        """
        classes = _ranked(self.numbers.tolist())
        while True:
            told = [(own, *sorted(classes[n] for n in near)) for own, near in zip(classes, self.around, strict=True)]
            finer = _ranked(told)
            if max(finer) == max(classes):
                return np.array(finer)
            classes = finer

    @cached_property
    def leaves(self) -> tuple[tuple[int, ...], ...]:
        """To every atom the neighbours that have no other neighbour, as hydrogens; of two atoms alone, none."""
        degree = [len(near) for near in self.around]
        return tuple(tuple(n for n in near if degree[n] == 1) if len(near) > 1 else () for near in self.around)

    @cached_property
    def skeleton(self) -> tuple[int, ...]:
        """The atoms that are nobody's leaf."""
        hanging = {leaf for some in self.leaves for leaf in some}
        return tuple(atom for atom in range(self.atoms) if atom not in hanging)

    def order(self, among: tuple[int, ...]) -> tuple[int, ...]:
        """These atoms, molecule after molecule, each but the first of a molecule after one it is bonded to."""
        count, wanted, found = np.bincount(self.classes), set(among), {}
        for start in sorted(among, key=lambda a: (count[self.classes[a]], a)):
            front = [] if start in found else [start]
            while front:
                atom = front.pop(0)
                if atom not in found:
                    found[atom] = None
                    front += [n for n in self.around[atom] if n in wanted and n not in found]
        return tuple(found)


@dataclass(frozen=True, eq=False)
class BondChanges:
    """What became of the bonds of a reference; true if anything did."""

    numbers: Int[np.ndarray, " atoms"]
    broken: Int[np.ndarray, "broken 2"]
    formed: Int[np.ndarray, "formed 2"]

    def __bool__(self) -> bool:
        return len(self.broken) + len(self.formed) > 0

    def __str__(self) -> str:
        parts = [self._told("broken", self.broken), self._told("formed", self.formed)]
        return "; ".join(part for part in parts if part) or "all bonds are as they were"

    def _told(self, what: str, pairs: np.ndarray) -> str:
        names = [f"{SYMBOLS[self.numbers[i]]}{i}-{SYMBOLS[self.numbers[j]]}{j}" for i, j in pairs.tolist()]
        return f"{what}: {', '.join(names)}" if names else ""


def bond_graph(structure: System) -> BondGraph:
    """The bonds that a relaxed structure has, between nonmetals: see `eukrates.matter.bonds.find_nonmetal_bonds`.

    Atoms of metals and noble gases have none, so that each is a molecule by itself.

    Raises:
        ValueError: more than one structure, or a periodic one.
    """
    expect_open(structure)
    return BondGraph(np.asarray(structure.numbers), find_nonmetal_bonds(structure))


def expect_open(structure: System) -> None:
    """Raises ValueError for all but one structure without periodic axes."""
    if structure.systems != 1:
        raise ValueError(f"Expected one structure, got a batch of {structure.systems}: give them one by one.")
    if np.any(structure.cell):
        raise ValueError(
            "Expected an open structure (a molecule, several, or a cluster), got a periodic one: minima of crystals "
            "are not told apart here, as their cells and origins could be chosen in many ways. Compare them with a "
            "tool for crystals, or remove the cell if it is only a box."
        )


def changed_bonds(graph: BondGraph, positions: Float[np.ndarray, "atoms 3"]) -> BondChanges:
    """Which bonds a structure of the same atoms in the same order has lost, and which it has besides.

    A bond of the graph is broken if it is longer than 1.5 times the sum of covalent radii, and two other atoms are
    bonded if they are closer than 1.15 times that sum; between the two, things stay as they were, so that a stretched
    bond or a contact is not a reaction. `find_bonds` draws its line in the middle, at 1.25; others draw it at 1.3
    (Bakken & Helgaker, J. Chem. Phys. 117, 9160 (2002), doi:10.1063/1.1515483) or 0.45 Å above the sum (O'Boyle et al.,
    J. Cheminform. 3, 33 (2011), doi:10.1186/1758-2946-3-33), which is 1.30 for C-C, 1.42 for C-H and 1.46 for O-H. The
    two margins are our choice: covalent bonds at rest lie below 1.15 but for H2 (1.19) and F2 (1.24), a shared proton
    at 1.24, two carbons across a ring of four at 1.4.

    Atoms count by their labels: a proton that went from one water to the next is a change, though the molecules are
    the same ones afterwards.

    Raises:
        ValueError: another number of atoms.
    """
    if len(positions) != graph.atoms:
        raise ValueError(f"Expected positions of the {graph.atoms} atoms of the reference, got {len(positions)}.")
    radii, some = COVALENT_RADII[graph.numbers], bonding(graph.numbers)
    ratio = cdist(positions, positions) / (radii[:, None] + radii)
    near = (ratio < FORMED) & some[:, None] & some & ~graph.adjacent
    far = graph.adjacent & ~(ratio <= BROKEN)
    return BondChanges(graph.numbers, np.argwhere(np.triu(far, 1)), np.argwhere(np.triu(near, 1)))


def same_bonds(graph: BondGraph, positions: Float[np.ndarray, "atoms 3"]) -> bool:
    """True if no bond is broken and none formed, see `changed_bonds`."""
    return not changed_bonds(graph, positions)


def _ranked(told: list) -> list[int]:
    """The place of each item among the different ones in ascending order."""
    place = {item: n for n, item in enumerate(sorted(set(told)))}
    return [place[item] for item in told]
