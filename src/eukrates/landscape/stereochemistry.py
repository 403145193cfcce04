"""Tetrahedral centres and double bonds: whether a structure still has the configuration of its reference."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eukrates.analysis.torsions import DOUBLE
from eukrates.elements import COVALENT_RADII, SYMBOLS
from eukrates.landscape.automorphisms import STEPS, mappings, possible
from eukrates.landscape.bond_graph import BondGraph

PYRAMIDS = ("P", "S", "As", "Se")  # that keep their hand with three neighbours; amines turn inside out
ENDS = {("C", 2), ("N", 1), ("N", 2)}  # of double bonds, with so many other neighbours
FLAT = 0.2  # triple product of unit vectors (1.5 to 3 in tetrahedra, 0.7 to 1 in pyramids) below which no hand is seen
TWISTED = 0.5  # cosine of the torsion about a double bond, below which it is neither cis nor trans


@dataclass(frozen=True)
class Centre:
    """An atom and its four neighbours, or three, in an order that gives it a hand."""

    atom: int
    neighbours: tuple[int, ...]

    @property
    def place(self) -> frozenset[int]:
        """Where it is, in whatever order the neighbours are named."""
        return frozenset((self.atom,))

    @property
    def atoms(self) -> tuple[int, ...]:
        """All it is told by."""
        return (self.atom, *self.neighbours)

    def moved(self, onto: Callable[[int], int]) -> "Centre":
        """The same, of other atoms."""
        return Centre(onto(self.atom), tuple(onto(n) for n in self.neighbours))

    def value(self, positions: Float[np.ndarray, "atoms 3"]) -> float:
        """(u₁-u₄)·((u₂-u₄)×(u₃-u₄)) of unit vectors to four neighbours, u₁·(u₂×u₃) to three."""
        arms = positions[list(self.neighbours)] - positions[self.atom]
        arms = arms / np.linalg.norm(arms, axis=1, keepdims=True)
        return float(np.linalg.det(arms[:3] - arms[3] if len(arms) == 4 else arms))


@dataclass(frozen=True)
class DoubleBond:
    """A chain a-i=j-b: cis or trans."""

    atoms: tuple[int, int, int, int]

    @property
    def place(self) -> frozenset[int]:
        """Where it is, in whatever order its ends are named."""
        return frozenset(self.atoms[1:3])

    def moved(self, onto: Callable[[int], int]) -> "DoubleBond":
        """The same, of other atoms."""
        a, i, j, b = self.atoms
        return DoubleBond((onto(a), onto(i), onto(j), onto(b)))

    def value(self, positions: Float[np.ndarray, "atoms 3"]) -> float:
        """Cosine of the torsion: 1 is cis."""
        a, i, j, b = positions[list(self.atoms)]
        one, other = np.cross(a - i, j - i), np.cross(b - j, j - i)
        return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


Element = Centre | DoubleBond


@dataclass(frozen=True)
class ConfigurationChanges:
    """What became of the configuration of a reference; true if anything did."""

    symbols: tuple[str, ...]
    inverted: tuple[int, ...]  # atoms
    flipped: tuple[tuple[int, int], ...]  # double bonds

    def __bool__(self) -> bool:
        return len(self.inverted) + len(self.flipped) > 0

    def __str__(self) -> str:
        name = lambda atom: f"{self.symbols[atom]}{atom}"
        parts = [
            f"inverted: {', '.join(map(name, self.inverted))}" if self.inverted else "",
            f"flipped: {', '.join(f'{name(i)}={name(j)}' for i, j in self.flipped)}" if self.flipped else "",
        ]
        return "; ".join(part for part in parts if part) or "the configuration is as it was"


@dataclass(frozen=True, eq=False)
class Configuration:
    """The configuration of a reference structure.

    Watched are atoms with four neighbours, P, S, As and Se with three in a pyramid, and double bonds C=C, C=N and N=N
    by length (below 0.9 sums of covalent radii) with one or two neighbours at each end, nearly planar; in rings too.
    Not watched are atoms and ends of double bonds with two hydrogens, or other leaves that are alike (CH2 is no
    stereocentre: nothing would be another molecule); nitrogen with three neighbours, which inverts; amides, which turn;
    axes (allenes, biaryls), helices and metals.
    """

    graph: BondGraph
    reference: Float[np.ndarray, "atoms 3"]
    watched: tuple[Element, ...]

    def changed(self, positions: Float[np.ndarray, "atoms 3"]) -> ConfigurationChanges:
        """What is not as in the reference, for atoms in the same order.

        A structure has the configuration of the reference if there is an automorphism of the bond graph under which
        every watched element has the same sign in both. So nothing changed where like branches only changed places;
        enantiomers, diastereomers and meso forms are told apart, and cis from trans across a ring. If there is none,
        the elements whose sign changed by the labels of atoms are told. A search that finds none in 20000 steps counts
        as one that there is none for.
        """
        values = {element.place: element.value(positions) for element in self.watched}
        other = [e for e in self.watched if values[e.place] * e.value(self.reference) <= 0]
        if other and _explained(self, lambda element: element.value(positions)):
            other = []
        return ConfigurationChanges(
            tuple(SYMBOLS[n] for n in self.graph.numbers.tolist()),
            tuple(e.atom for e in other if isinstance(e, Centre)),
            tuple(e.atoms[1:3] for e in other if isinstance(e, DoubleBond)),
        )

    def stereogenic(self) -> tuple[Element, ...]:
        """The watched elements that, changed alone, make another stereoisomer."""

        def with_one_changed(one: Element) -> Callable[[Element], float]:
            return lambda element: element.value(self.reference) * (-1 if element.place == one.place else 1)

        return tuple(one for one in self.watched if not _explained(self, with_one_changed(one)))


def configuration(graph: BondGraph, positions: Float[np.ndarray, "atoms 3"]) -> Configuration:
    """The configuration of a relaxed structure."""
    r = np.asarray(positions, np.float64)
    found = [*_centres(graph), *_double_bonds(graph, r)]
    least = lambda element: FLAT if isinstance(element, Centre) else TWISTED
    return Configuration(graph, r, tuple(element for element in found if abs(element.value(r)) > least(element)))


def _centres(graph: BondGraph) -> Iterator[Centre]:
    for atom, near in enumerate(graph.around):
        pyramid = len(near) == 3 and SYMBOLS[graph.numbers[atom]] in PYRAMIDS
        if (len(near) == 4 or pyramid) and not _leaves_alike(graph, near):
            yield Centre(atom, near)


def _double_bonds(graph: BondGraph, positions: np.ndarray) -> Iterator[DoubleBond]:
    for i, j in graph.bonds.tolist():
        short = np.linalg.norm(positions[i] - positions[j]) < DOUBLE * COVALENT_RADII[graph.numbers[[i, j]]].sum()
        ends = [tuple(n for n in graph.around[a] if n != b) for a, b in ((i, j), (j, i))]
        kinds = [(SYMBOLS[graph.numbers[a]], len(end)) for a, end in zip((i, j), ends, strict=True)]
        if short and set(kinds) <= ENDS and not any(_leaves_alike(graph, end) for end in ends):
            yield DoubleBond((ends[0][0], i, j, ends[1][0]))


def _leaves_alike(graph: BondGraph, neighbours: tuple[int, ...]) -> bool:
    """True if two of these have no other neighbour and are of one class."""
    leaves = [int(graph.classes[n]) for n in neighbours if len(graph.around[n]) == 1]
    return len(set(leaves)) < len(leaves)


def _explained(here: Configuration, value: Callable[[Element], float]) -> bool:
    """True if an automorphism takes all watched elements to elements whose values have the same signs."""
    graph = here.graph
    order = graph.order(graph.skeleton)
    place = {atom: n for n, atom in enumerate(order)}
    due: dict[int, list[tuple[Element, float]]] = {}
    for element in here.watched:
        last = max((atom for atom in element.atoms if atom in place), key=lambda atom: place[atom])
        due.setdefault(last, []).append((element, element.value(here.reference)))
    steps = 0

    def choose(atom: int, image: dict[int, int]) -> Iterator[int]:
        nonlocal steps
        for target in sorted(possible(graph, atom, image), key=lambda n: n != atom):
            steps += 1
            onto = lambda n, full={**image, atom: target}: _carried(graph, n, full)
            agrees = all(value(element.moved(onto)) * sign > 0 for element, sign in due.get(atom, ()))
            if steps <= STEPS and agrees:
                yield target

    return next(mappings(order, choose), None) is not None


def _carried(graph: BondGraph, atom: int, image: dict[int, int]) -> int:
    """Where a mapping of the skeleton takes an atom, or a leaf that has no like on its atom."""
    if atom in image:
        return image[atom]
    return next(n for n in graph.leaves[image[graph.around[atom][0]]] if graph.classes[n] == graph.classes[atom])
