"""Neighbour pairs inside compiled code: of moving atoms in moving cells, without the host.

Shapes are static there, so a list has room for so many pairs, and says how many it would have needed. What must be
decided before compiling is a `SearchPlan`, made on the host; where it no longer holds the search says so, and the host
makes another. Two implementations find the same pairs, in an order of their own: `search_kernel` in C++, on CPUs with a
compiler, and `search_bins` in JAX, everywhere.
"""

import math
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int

from eukrates.matter.batch import rounded
from eukrates.matter.bins import Bins, fitting, solid
from eukrates.matter.edges import Edges
from eukrates.matter.lattice import completed
from eukrates.matter.search_bins import search_bins
from eukrates.matter.search_kernel import available, search_kernel
from eukrates.matter.system import System
from eukrates.shapes import AnyArray

SPARE_PAIRS, BITS = 1.1, 5  # room for pairs over those that are there, rounded up to so many significant bits


@dataclass(frozen=True)
class SearchPlan:
    """What a search decides before it is compiled. Two equal plans are one compiled program."""

    cutoff: float  # Å
    half: int  # rows of the first half of the list, one for each pair
    bins: Bins | None  # None: the kernel, which decides all else by itself

    def holds(self, needed: Int[AnyArray, ""] | int) -> Bool[AnyArray, ""] | bool:
        """True where a list that came with `needed` is complete; else the host must make another plan."""
        return (needed >= 0) & (needed <= self.half)


def search_plan(
    system: System, cutoff: float, half: int | None = None, spare: float = 0.05, kernel: bool | None = None
) -> SearchPlan:
    """A plan for atoms and cells like these, on the host.

    Args:
        system: one structure or a padded batch, atoms laid end to end.
        cutoff: Å; infinite only where nothing is periodic.
        half: room for pairs (each counted once); None: those that are there now, and a tenth more.
        spare: the share by which the distance between lattice planes may shrink before another plan is needed. Nothing
            depends on it in the kernel.
        kernel: whether to search in C++; None: where that is possible.

    Raises:
        ValueError: no search could succeed: numbers are not finite, a lattice has no volume, atoms of different systems
            are mixed, all pairs of something periodic are asked for, or one of the arguments makes no sense.
    """
    if not cutoff > 0:
        raise ValueError(f"Expected a cutoff above 0 Å, got {cutoff!r}.")
    if half is not None and half < 1:
        raise ValueError(f"Expected room for at least one pair, got half={half!r}.")
    if not 0 <= spare < 1:
        raise ValueError(f"Expected a spare share from 0 to below 1, got {spare!r}.")
    positions, cell, owner, real = _checked(system)
    if math.isinf(cutoff) and np.any(cell != 0):
        raise ValueError("All pairs of a periodic structure were asked for, and they never end: give a cutoff.")
    if kernel is None:
        kernel = available()
    elif kernel and not available():
        raise ValueError(
            "There is no kernel here: JAX computes on something else than a CPU, or no C++ compiler is found."
        )
    bins = None if kernel else fitting(positions, cell, owner, real, cutoff, spare)
    plan = SearchPlan(float(cutoff), half or 1, bins)
    with jax.enable_x64(True):
        now = int(_counted(positions, cell, owner, real, plan)) if half is None or kernel else 0
    if now < 0:
        raise ValueError(f"The search within {cutoff} Å failed: atoms are too far outside of a cell, or it is tiny.")
    return plan if half else SearchPlan(plan.cutoff, rounded(max(1, math.ceil(SPARE_PAIRS * now)), BITS), bins)


def search(
    positions: Float[AnyArray, "atoms 3"], cell: Float[AnyArray, "systems 3 3"], system: System, plan: SearchPlan
) -> tuple[Edges, Int[AnyArray, ""]]:
    """All pairs with r_ij < cutoff, for compiled code: `system` says whose the atoms are and which are real.

    Returns:
        Edges with 2 plan.half rows (padded pairs join the last atom with itself), and the number of pairs that there
        are, each counted once, or -1. The list is complete if and only if `plan.holds` that number; else it is -1, and
        the plan does not fit the cell (any more), or something is not finite; or it is more than plan.half, and exact.
        Pairs are in an order that depends on positions and cell, first halves sorted by i. Nothing has a derivative.

    Raises:
        TypeError: positions or cell are not in double precision.
    """
    if not positions.dtype == cell.dtype == np.float64:
        raise TypeError(
            f"Expected positions and cell in float64, got {positions.dtype} and {cell.dtype}: pairs at the cutoff "
            "would come and go by rounding. Compile within jax.enable_x64(True)."
        )
    return _search(positions, cell, system.owner, system.real, plan)


def _checked(system: System):
    """Positions, cell, owner and real on the host."""
    positions, cell = np.asarray(system.positions, np.float64), np.asarray(system.cell, np.float64)
    owner, real = np.asarray(system.owner), np.asarray(system.real)
    if not np.all(np.isfinite(positions[real])) or not np.all(np.isfinite(cell)):
        raise ValueError(
            "Positions or lattice vectors are not finite: there is nothing to search. Look where they come from."
        )
    if np.any(np.diff(owner) < 0):
        raise ValueError(
            "Atoms of different systems are mixed. Expected them laid end to end (see eukrates.matter.batch)."
        )
    if not np.all(good := solid(completed(cell))):
        raise ValueError(f"A lattice has no volume: {cell[~good][0].tolist()}. Repair or remove this structure.")
    return positions, cell, owner, real


def _search(positions, cell, owner, real, plan: SearchPlan):
    positions, cell = jax.lax.stop_gradient((positions, cell))
    given = jnp.asarray(positions), jnp.asarray(cell), jnp.asarray(owner), jnp.asarray(real)
    if plan.bins is None:
        return search_kernel(*given, plan.cutoff, plan.half)
    return search_bins(*given, plan.bins, plan.cutoff, plan.half)


@partial(jax.jit, static_argnums=4)
def _counted(positions, cell, owner, real, plan: SearchPlan):
    return _search(positions, cell, owner, real, plan)[1]
