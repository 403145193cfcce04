"""Atomic environment vectors: what an atom of ANI sees, invariant under rotation and exchange of neighbours."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from eukrates.elements import by_number
from eukrates.matter import Graph
from eukrates.matter.triples import Triples
from eukrates.numerics import norm, sum_by
from eukrates.radial.cutoffs import cosine
from eukrates.shapes import AnyArray

BLUNT = 0.95  # cosines are multiplied by this, so that straight and folded angles have derivatives
APART = 1e-5  # Å, below which two atoms have no angle


@dataclass(frozen=True)
class Radial:
    """Of distances: Gaussians of width `eta` (1/Å²) at `shifts` (Å)."""

    cutoff: float  # Å
    eta: float
    shifts: tuple[float, ...]


@dataclass(frozen=True)
class Angular:
    """Of two neighbours: Gaussians of the mean distance, and peaks of sharpness `zeta` at the angles `sections`."""

    cutoff: float  # Å
    eta: float
    zeta: float
    shifts: tuple[float, ...]
    sections: tuple[float, ...]  # radian


def described(kind: type, given: Mapping[str, Any] | Any) -> Any:
    """A `Radial` or `Angular` of plain numbers.

    Raises:
        ValueError: a number that is missing, unknown, not finite or not positive where it must be.
    """
    numbers = dict(given) if isinstance(given, Mapping) else {f.name: getattr(given, f.name) for f in fields(kind)}
    names = [f.name for f in fields(kind)]
    if set(numbers) != set(names):
        raise ValueError(f"Expected {', '.join(names)} of the {kind.__name__.lower()} part, got {', '.join(numbers)}.")
    lists = {name: tuple(float(v) for v in numbers[name]) for name in names if name in ("shifts", "sections")}
    made = kind(**{name: float(numbers[name]) for name in names if name not in lists}, **lists)
    flat = [v for f in fields(kind) for v in np.atleast_1d(getattr(made, f.name))]
    positive = [getattr(made, name) for name in names if name not in lists]
    if not all(map(math.isfinite, flat)) or min(positive) <= 0 or not all(lists.values()):
        raise ValueError(f"Expected finite numbers, positive ones beside lists that are not empty, got {made}.")
    return made


def lengths(radial: Radial, angular: Angular, elements: int) -> tuple[int, int]:
    """Numbers in the two parts of the vector."""
    pairs = elements * (elements + 1) // 2
    return elements * len(radial.shifts), pairs * len(angular.shifts) * len(angular.sections)


def environment(
    graph: Graph, elements: Sequence[str], radial: Radial, angular: Angular, dtype: np.dtype
) -> Float[AnyArray, "atoms inputs"]:
    """The vectors of all atoms, distances in the precision of the positions, all else in `dtype`.

    G_i[s, a]     = ¼ Σ_j∈s exp(-η (r_ij - R_a)²) fc(r_ij)                                             (1)
    G_i[st, b, c] = 2 Σ_jk∈st ((1 + cos(θ - θ_c))/2)^ζ exp(-η ((r_ij + r_ik)/2 - R_b)²) fc(r_ij) fc(r_ik)   (2)
    cos θ = 0.95 cos ∠jik                                                                                (3)

    s and st are elements and unordered pairs of elements in the order of `elements`; fc is half a cosine, with a cutoff
    of its own in (1) and (2). Smith, Isayev & Roitberg, Chem. Sci. 8, 3192 (2017), doi:10.1039/C6SC05720A, eqs 3 and 4;
    ¼ and (3) are of their program, and every published parameter was fitted with them.
    """
    s, near = graph.system, graph.near
    kinds = _kinds(elements)[s.numbers]
    vectors = graph.half_vectors(near)
    distances = norm(vectors)
    count, rows = len(elements), near.half
    r = distances.astype(dtype)
    fade = jnp.where(near.real[:rows], 0.25 * cosine(r, radial.cutoff), 0.0)
    shells = fade[:, None] * jnp.exp(-radial.eta * (r[:, None] - jnp.asarray(radial.shifts, dtype)) ** 2)  # (1)
    owners = near.i * count + kinds[near.j]
    first = sum_by(jnp.concatenate([shells, shells]), owners, s.atoms * count).reshape(s.atoms, -1)
    if graph.triples is None:
        raise ValueError("These vectors need triples and the graph has none: build it with potential.graph(structure).")
    second = _angles(graph.triples, vectors, distances, angular, dtype)
    one, two = graph.triples.first, graph.triples.second
    several = count * (count + 1) // 2
    owners = near.i[one] * several + jnp.asarray(_couples(count))[kinds[near.j[one]], kinds[near.j[two]]]
    return jnp.concatenate([first, sum_by(second, owners, s.atoms * several).reshape(s.atoms, -1)], axis=1)


def _angles(triples: Triples, vectors, distances, angular: Angular, dtype) -> Float[AnyArray, "triples numbers"]:
    """Every summand of (2)."""
    half = max(vectors.shape[0], 1)
    directions = vectors / jnp.maximum(distances, APART)[:, None]
    one, two = ((row % half, jnp.where(row < half, 1.0, -1.0)) for row in (triples.first, triples.second))
    cosines = jnp.sum(directions[one[0]] * directions[two[0]], axis=1) * one[1] * two[1]
    c = (BLUNT * cosines).astype(dtype)[:, None]  # (3)
    sections = jnp.asarray(angular.sections, dtype)
    turned = c * jnp.cos(sections) + jnp.sqrt(1 - c * c) * jnp.sin(sections)  # cos(θ - θ_c)
    peaks = ((1 + turned) / 2) ** angular.zeta
    r = distances.astype(dtype)
    fade = cosine(r, angular.cutoff)
    mean = (r[one[0]] + r[two[0]])[:, None] / 2
    shells = jnp.exp(-angular.eta * (mean - jnp.asarray(angular.shifts, dtype)) ** 2)
    shells = shells * (2 * jnp.where(triples.real, fade[one[0]] * fade[two[0]], 0.0))[:, None]
    return jnp.einsum("tb,tc->tbc", shells, peaks).reshape(-1, shells.shape[1] * peaks.shape[1])  # (2)


def _kinds(elements: Sequence[str]) -> Int[AnyArray, " numbers"]:
    """Place of an element in the order of the model, by atomic number; that of padding is 0."""
    return jnp.asarray(by_number({symbol: float(n) for n, symbol in enumerate(elements)}), jnp.int32)


def _couples(count: int) -> Int[np.ndarray, "count count"]:
    """Place of an unordered pair of elements: rows of the upper triangle."""
    places = np.zeros((count, count), np.int32)
    upper = np.triu_indices(count)
    places[upper] = np.arange(len(upper[0]))
    return np.maximum(places, places.T)
