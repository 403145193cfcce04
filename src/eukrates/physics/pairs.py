"""Far pairs: their distances, and energies of pairs shared by their two atoms."""

import jax.numpy as jnp
from jaxtyping import Float

from eukrates.matter import Edges, Graph
from eukrates.numerics import norm, sum_by
from eukrates.shapes import AnyArray


def far_edges(graph: Graph) -> Edges:
    """The far edges; ValueError where the graph has none."""
    if graph.far is None:
        raise ValueError("This energy is summed over far edges and the graph has none: give a far cutoff.")
    return graph.far


def distances(graph: Graph, edges: Edges, dtype) -> Float[AnyArray, " half"]:
    """r_ij in Å of the first half of the edges: differences in the precision of the positions, then `dtype`."""
    return norm(graph.half_vectors(edges).astype(dtype))


def shared(pairs: Float[AnyArray, " half"], graph: Graph, edges: Edges) -> Float[AnyArray, " atoms"]:
    """Half of the energy of each pair to each of its atoms, padding left out, in the precision of the positions."""
    h, n = edges.half, graph.system.atoms
    half = jnp.where(edges.real[:h], pairs, 0.0) / 2
    return (sum_by(half, edges.i[:h], n) + sum_by(half, edges.j[:h], n)).astype(graph.system.positions.dtype)
