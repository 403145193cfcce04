"""Neighbour lists that last: with a skin of pairs beyond the cutoff they stay complete while atoms move little."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from eukrates.matter.batch import Size, pad
from eukrates.matter.graph import Graph, Waves
from eukrates.matter.neighbours import complete, graph, triples
from eukrates.matter.system import System
from eukrates.numerics import sum_by

# An open structure this small gets all its pairs at once. A larger one does when all pairs are hardly more than those
# that a skin would list anyway.
ALWAYS_COMPLETE = 12
COMPLETE_IF_WITHIN = 1.3
MOST_COMPLETE = 1000  # atoms


@dataclass(frozen=True, eq=False)
class VerletList:
    """The graph of one structure with pairs beyond the cutoff in reserve, on the host.

    `graph` serves every set of positions whose atoms have moved, relative to their common drift, by at most `reach` Å
    from `origin` (Verlet, Phys. Rev. 159, 98 (1967), doi:10.1103/PhysRev.159.98).
    """

    graph: Graph
    origin: np.ndarray  # Å, [atoms, 3], padding included: the positions for which it was built
    reach: float  # Å; half the skin, or infinite where all pairs are listed

    def padded(self, room: Size | None = None) -> "VerletList":
        """The list with padding rows up to `room`, by default to few shapes (see `eukrates.matter.pad`)."""
        rows = pad(self.graph, room)
        return VerletList(rows, np.asarray(rows.system.positions), self.reach)

    def serves(self, structure: System) -> bool:
        """True if the list is complete for `structure`: same atoms, same cell, no atom moved beyond `reach`."""
        s, n = self.graph.system, structure.atoms
        if int(s.real.sum()) != n or not np.array_equal(s.numbers[:n], structure.numbers):
            return False
        if not np.array_equal(s.cell[0], structure.cell[0]):
            return False
        moved = displacement(structure.positions, self.origin[:n])
        return moved <= self.reach

    def moved(self, structure: System) -> dict[str, np.ndarray | None]:
        """The positions, charge and spin of `structure`, with padding."""
        s, filled = self.graph.system, lambda shape, values: None if values is None else _filled(shape, values)
        per_system = {name: filled((s.systems,), getattr(structure, name)) for name in ("charge", "spin")}
        return {"positions": _filled(s.positions.shape, structure.positions), **per_system}

    def at(self, structure: System) -> Graph:
        """The graph with the positions, charge and spin of `structure`, which the list must serve."""
        placed = replace(self.graph.system, **self.moved(structure))
        return Graph(placed, self.graph.near, self.graph.far, self.graph.waves, self.graph.triples)


def few_enough(structure: System, listed: Callable[[], int], angles: bool = False) -> bool:
    """Whether all pairs of one structure are hardly more than a search lists, which is asked only if it matters.

    With angles only the smallest are: couples of all pairs grow with the third power of the atoms.
    """
    n = structure.atoms
    if np.any(structure.cell):
        return False
    if n <= ALWAYS_COMPLETE:
        return True
    return not angles and n <= MOST_COMPLETE and n * (n - 1) <= COMPLETE_IF_WITHIN * listed()


def complete_graph(structure: System, far: bool, waves: Waves | None, angles: bool) -> Graph:
    """All pairs of one open structure, near and if asked far, and if asked all triples of them."""
    everyone = complete(structure.atoms)
    everything = triples(structure, everyone, math.inf) if angles else None
    return Graph(structure, everyone, everyone if far else None, waves, everything)


def displacement(positions: Float[np.ndarray, "atoms 3"], origin: Float[np.ndarray, "atoms 3"]) -> float:
    """How far the atom of one structure that moved most has come from `origin`, in Å, the mean displacement taken off.

    No pair has changed its distance by more than twice this. NaN where a position is NaN.
    """
    moved = positions - origin
    return float(np.max(np.linalg.norm(moved - moved.mean(axis=0), axis=1)))


def displacements(
    positions: Float[Array, "atoms 3"], origin: Float[Array, "atoms 3"], system: System
) -> Float[Array, " systems"]:
    """`displacement` for each system of a padded batch, traced; padding does not move."""
    real, owner, systems = system.real, system.owner, system.systems
    moved = jnp.where(real[:, None], positions - origin, 0.0)
    count = jnp.maximum(sum_by(real.astype(moved.dtype), owner, systems), 1)
    drift = sum_by(moved, owner, systems) / count[:, None]
    squared = jnp.where(real, jnp.sum((moved - drift[owner]) ** 2, axis=1), 0.0)
    return jnp.sqrt(jax.ops.segment_max(squared, owner, systems))


def verlet(
    structure: System,
    cutoff: float,
    far_cutoff: float | None = None,
    skin: float = 0.5,
    compact: bool = True,
    waves: tuple[int, int, int] | None = None,
    triple_cutoff: float | None = None,
) -> VerletList:
    """A list for one structure on the host, not padded; all pairs at once where it is open and small enough.

    Args:
        structure: one structure, not padded.
        cutoff, far_cutoff, triple_cutoff: Å, what the potential reads.
        skin: Å of reserve.
        waves: see `graph`.
        compact: whether all pairs may be listed where they are few.

    Raises:
        ValueError: a cutoff or the skin is not positive and finite.
    """
    if not 0 < skin < math.inf:
        raise ValueError(f"Expected a positive, finite skin in Å, got {skin!r}.")
    longer = lambda reach: None if reach is None else reach + skin
    listed = graph(structure, cutoff + skin, longer(far_cutoff), waves, longer(triple_cutoff))
    reach, angles = skin / 2, triple_cutoff is not None
    pairs = lambda: min(edges.i.size for edges in (listed.near, listed.far) if edges is not None)
    if compact and few_enough(structure, pairs, angles):
        listed, reach = complete_graph(structure, far_cutoff is not None, waves, angles), math.inf
    return VerletList(listed, np.asarray(structure.positions), reach)


def _filled(shape: tuple[int, ...], values: np.ndarray) -> np.ndarray:
    out = np.zeros(shape)
    out[: values.shape[0]] = values
    return out
