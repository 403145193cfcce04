"""`Triples`: who sees which two at once, for potentials that read angles."""

from types import ModuleType
from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import Bool, Int

from eukrates.matter.edges import Edges
from eukrates.shapes import AnyArray


class Triples(eqx.Module):
    """Two pairs i ← j and i ← k of one atom i, both shorter than `cutoff`: every such couple of pairs once.

    `first` and `second` are rows of the near edges of the same graph. An atom and an image of it are two neighbours, so
    j and k may be one atom. Padding couples the last row with itself.
    """

    first: Int[AnyArray, " triples"]
    second: Int[AnyArray, " triples"]
    real: Bool[AnyArray, " triples"]
    cutoff: float = eqx.field(static=True)  # Å; no triple of two pairs shorter than this is missing


def coupled(edges: Edges, within: Any, cutoff: float, room: int | None = None, xp: ModuleType = np):
    """The triples of pairs.

    Args:
        edges: all near pairs.
        within: [pairs], whether each is real and shorter than the cutoff.
        cutoff: Å, that `within` stands for.
        room: rows of the result; None: as many as there are, on the host only.
        xp: numpy on the host, jax.numpy in compiled code.

    Returns:
        Triples, and how many there are: complete if that is not more than `room`.
    """
    rows = edges.i.shape[0]
    centre = xp.where(within, edges.i, np.iinfo(np.int32).max)
    order = xp.argsort(centre, stable=True).astype(np.int32)
    centre = centre[order]
    place = xp.arange(rows)
    later = xp.searchsorted(centre, centre, side="right") - place - 1  # of the same atom
    until = xp.cumsum(xp.where(within[order], later, 0))
    needed = until[-1] if rows else xp.zeros((), until.dtype)
    t = xp.arange(int(needed) if room is None else room)
    if not rows:
        return Triples(*(xp.zeros(t.shape, np.int32),) * 2, real=xp.zeros(t.shape, bool), cutoff=float(cutoff)), needed
    one = xp.minimum(xp.searchsorted(until, t, side="right"), rows - 1)
    other = one + until[one] - t  # from the last neighbour to the next one
    real = t < needed
    filled = lambda row: xp.where(real, order[xp.clip(row, 0, rows - 1)], rows - 1).astype(np.int32)
    return Triples(filled(one), filled(other), real, float(cutoff)), needed
