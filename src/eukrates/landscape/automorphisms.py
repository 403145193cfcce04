"""Relabellings of atoms that leave a bond graph as it is: all of them, any with a property, or the least costly one."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import linear_sum_assignment

from eukrates.landscape.bond_graph import BondGraph

MOST = 2000  # relabellings that are written down
STEPS = 20_000  # of a search, after which it ends with the best found so far


def mappings(
    order: tuple[int, ...], choose: Callable[[int, dict[int, int]], Iterable[int]]
) -> Iterator[dict[int, int]]:
    """Depth first all ways to map atoms, one after the other.

    `choose(atom, image)` gives the images worth trying, of those from `possible`, in the order of trying; `image` holds
    the atoms mapped so far, and is the same dictionary throughout: copy what is yielded.
    """
    image: dict[int, int] = {}
    waiting = [iter(choose(order[0], image))]
    while waiting:
        atom = order[len(waiting) - 1]
        image.pop(atom, None)
        target = next(waiting[-1], None)
        if target is None:
            waiting.pop()
            continue
        image[atom] = target
        if len(waiting) == len(order):
            yield image
        else:
            waiting.append(iter(choose(order[len(waiting)], image)))


def possible(graph: BondGraph, atom: int, image: dict[int, int]) -> list[int]:
    """Images of an atom, ascending: unused, of its class, bonded to the images of its neighbours."""
    placed = [image[n] for n in graph.around[atom] if n in image]
    some = graph.around[placed[0]] if placed else np.flatnonzero(graph.classes == graph.classes[atom]).tolist()
    used, own = set(image.values()), graph.classes[atom]
    return [
        n for n in some if graph.classes[n] == own and n not in used and all(graph.adjacent[n, p] for p in placed[1:])
    ]


@dataclass(frozen=True, eq=False)
class Relabellings:
    """The automorphisms of a bond graph: permutations p of equal elements with p(i), p(j) bonded where i, j are."""

    graph: BondGraph

    @cached_property
    def all(self) -> Int[np.ndarray, "relabellings atoms"] | None:
        """All of them, the identity among them; None if there are more than 2000.

        Benzene has 12, ethane 72, butane 288, three methyls at one centre 1296, neopentane 31104.
        """
        graph, found = self.graph, []
        order = graph.order(tuple(range(graph.atoms)))
        for image in mappings(order, lambda atom, image: possible(graph, atom, image)):
            if len(found) == MOST:
                return None
            found.append([image[atom] for atom in range(graph.atoms)])
        return np.array(found)

    def nearest(self, costs: Float[np.ndarray, "atoms atoms"]) -> tuple[Int[np.ndarray, " atoms"], float]:
        """The relabelling p with the least Σᵢ costs[i, p(i)], and that sum.

        First the best assignment within classes of atoms: where it keeps the bonds, as it does if costs are squared
        distances between structures that nearly coincide, it is the answer. Otherwise molecule by molecule: leaves
        (hydrogens of a methyl, say) are assigned at each atom by themselves, the skeleton by branch and bound, like
        molecules to each other by assignment again. Exact, but for a skeleton whose search is ended after 20000 steps:
        its mapping then is the best one met.
        """
        graph = self.graph
        barred = graph.classes[:, None] != graph.classes
        row, column = linear_sum_assignment(costs + barred * (1.0 + costs.sum()))
        if not graph.adjacent[column[graph.bonds[:, 0]], column[graph.bonds[:, 1]]].all():
            column = self._by_molecules(costs)
        return column, float(costs[row, column].sum())

    def _by_molecules(self, costs: np.ndarray) -> np.ndarray:
        graph = self.graph
        members = [np.flatnonzero(graph.molecules == m) for m in range(graph.molecules.max() + 1)]
        kinds = [tuple(sorted(graph.classes[some].tolist())) for some in members]
        combined = self._with_leaves(costs)
        permutation = np.arange(graph.atoms)
        for kind in sorted(set(kinds)):
            alike = [some for some, own in zip(members, kinds, strict=True) if own == kind]
            ways = [[_cheapest(graph, a, b, combined) for b in alike] for a in alike]
            prices = np.array([[price for price, _ in row] for row in ways])
            worst = 1.0 + prices[np.isfinite(prices)].sum()
            for a, b in zip(*linear_sum_assignment(np.where(np.isfinite(prices), prices, worst)), strict=True):
                for atom, target in ways[a][b][1].items():
                    permutation[atom] = target
                    for leaf, other in _leaves_onto(graph, atom, target, costs):
                        permutation[leaf] = other
        return permutation

    def _with_leaves(self, costs: np.ndarray) -> np.ndarray:
        """Costs of mapping atoms of the skeleton of one class on one another together with their leaves; else inf."""
        graph, combined = self.graph, np.full_like(costs, np.inf)
        for a in graph.skeleton:
            for b in np.flatnonzero(graph.classes == graph.classes[a]).tolist():
                combined[a, b] = costs[a, b] + sum(costs[pair] for pair in _leaves_onto(graph, a, b, costs))
        return combined


def _leaves_onto(graph: BondGraph, a: int, b: int, costs: np.ndarray) -> list[tuple[int, int]]:
    """The cheapest pairs of leaves of two atoms of one class."""
    here, there = np.array(graph.leaves[a], int), np.array(graph.leaves[b], int)
    if not here.size:
        return []
    part = costs[np.ix_(here, there)]
    barred = graph.classes[here][:, None] != graph.classes[there]
    row, column = linear_sum_assignment(part + barred * (1.0 + part.sum()))
    return list(zip(here[row].tolist(), there[column].tolist(), strict=True))


def _cheapest(graph: BondGraph, a: np.ndarray, b: np.ndarray, costs: np.ndarray) -> tuple[float, dict[int, int]]:
    """The price, infinite if there is no way, and the mapping of the skeleton of one molecule onto that of another."""
    order = graph.order(tuple(set(graph.skeleton) & set(a.tolist())))
    inside = set(b.tolist())
    rest = np.append(np.cumsum(costs[np.array(order)][:, b].min(axis=1)[::-1])[::-1], 0.0)
    place = {atom: n for n, atom in enumerate(order)}
    best: tuple[float, dict[int, int]] = (np.inf, {})
    steps = 0

    def choose(atom: int, image: dict[int, int]) -> Iterator[int]:
        nonlocal steps
        paid = sum(costs[pair] for pair in image.items())
        for target in sorted((n for n in possible(graph, atom, image) if n in inside), key=lambda n: costs[atom, n]):
            steps += 1
            if paid + costs[atom, target] + rest[place[atom] + 1] >= best[0] or (steps > STEPS and best[1]):
                return
            yield target

    for image in mappings(order, choose):
        best = (sum(costs[pair] for pair in image.items()), dict(image))
    return best
