"""`Network`: minima and the saddle points between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.sparse.csgraph import minimum_spanning_tree

from eukrates.landscape.catalogue import Minimum


@dataclass(frozen=True, eq=False)
class Pass:
    """A saddle point, and the minima that it leads to."""

    minima: tuple[int, int]  # their numbers; one twice, where both sides lead to the same (relabelled)
    energy: float  # eV
    positions: Float[np.ndarray, "atoms 3"]  # Å
    wavenumber: float  # 1/cm, of the mode that leads down; negative


@dataclass(eq=False)
class Network:
    """Minima and passes between them.

    Args:
        minima: by number; not every number need be there.
        passes: between these.
    """

    minima: dict[int, Minimum] = field(default_factory=dict)
    passes: list[Pass] = field(default_factory=list)

    def lowest_passes(self) -> dict[tuple[int, int], Pass]:
        """Of each pair of different minima that are connected directly, the lowest pass; i < j."""
        found: dict[tuple[int, int], Pass] = {}
        for one in sorted(self.passes, key=lambda one: -one.energy):
            i, j = sorted(one.minima)
            if i != j:
                found[i, j] = one
        return found

    def barriers(self, origin: int) -> dict[int, float]:
        """eV above one minimum, of the way to each that has the lowest highest point; inf where none is known."""
        found = dict.fromkeys(self.minima, inf) | {origin: 0.0}
        for join in self.joins():
            if (origin in join.one) != (origin in join.other):
                height = join.energy - self.minima[origin].energy
                found |= dict.fromkeys(join.other if origin in join.one else join.one, height)
        return found

    def joins(self) -> "list[Join]":
        """How basins flow together as the energy rises: the disconnectivity tree, from the lowest join to the highest.

        Becker & Karplus, J. Chem. Phys. 106, 1495 (1997), doi:10.1063/1.473299.
        """
        basin = {n: frozenset([n]) for n in self.minima}
        found = []
        for (i, j), one in sorted(self.lowest_passes().items(), key=lambda item: item[1].energy):
            if basin[i] is not basin[j]:
                found.append(Join(one.energy, basin[i], basin[j]))
                both = basin[i] | basin[j]
                basin |= dict.fromkeys(both, both)
        return found

    def to_mapping(self) -> dict[str, Any]:
        """For JSON; eV, Å, 1/cm."""
        minima = [{"number": n, "energy": one.energy, "positions": _rows(one)} for n, one in self.minima.items()]
        passes = [vars(one) | {"positions": _rows(one)} for one in self.passes]
        return {"units": "eV, Å, 1/cm", "minima": minima, "passes": passes}

    @classmethod
    def from_mapping(cls, told: Mapping[str, Any]) -> "Network":
        """The inverse of `to_mapping`."""
        minima = {one["number"]: Minimum(np.array(one["positions"]), one["energy"]) for one in told["minima"]}
        passes = [
            Pass(tuple(one["minima"]), one["energy"], np.array(one["positions"]), one["wavenumber"])
            for one in told["passes"]
        ]
        return cls(minima, passes)


@dataclass(frozen=True)
class Join:
    """Two basins that become one."""

    energy: float  # eV
    one: frozenset[int]  # minima
    other: frozenset[int]


def nearest_pairs(apart: Float[np.ndarray, "minima minima"], neighbours: int) -> Sequence[tuple[int, int]]:
    """Pairs of minima worth a band: each with its nearest, and what is needed for all to hang together.

    Args:
        apart: distances of any kind, above 0 between different minima.
        neighbours: of each minimum.
    """
    pairs = {(int(i), int(j)) for i, j in np.argwhere(minimum_spanning_tree(apart).toarray())}
    for i in range(len(apart)):
        pairs |= {(i, int(j)) for j in np.argsort(apart[i])[1 : neighbours + 1]}
    return sorted({(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]})


def _rows(one: Minimum | Pass) -> list[list[float]]:
    return np.asarray(one.positions).tolist()
