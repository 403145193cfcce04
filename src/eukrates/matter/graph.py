"""`Graph`: all that a potential may read."""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Float

from eukrates.matter.edges import Edges
from eukrates.matter.system import System
from eukrates.matter.triples import Triples
from eukrates.shapes import AnyArray

Waves = tuple[int, int, int]
FAR_AWAY = 1e3  # Å along x, y and z: where padded pairs point, outside every short cutoff, derivatives finite


def most_waves(needs: Sequence[Waves]) -> Waves | None:
    """The most along each axis; None of none."""
    return (max(w[0] for w in needs), max(w[1] for w in needs), max(w[2] for w in needs)) if needs else None


class Graph(eqx.Module):
    """A system and who sees whom: `near` for the network, `far` for long-range physics, `triples` for angles.

    `waves` says how many lattice waves along each axis a sum over the reciprocal lattice needs (see `Potential.waves`).
    """

    system: System
    near: Edges
    far: Edges | None = None
    waves: Waves | None = eqx.field(static=True, default=None)
    triples: Triples | None = None  # of near pairs

    def half_vectors(self, edges: Edges) -> Float[AnyArray, "half 3"]:
        """r_ij = r_j - r_i + n·cell in Å for the first half of the edges; the second half is its negative."""
        h, s = edges.half, self.system
        i, j, image, real = edges.i[:h], edges.j[:h], edges.image[:h], edges.real[:h]
        shift = jnp.einsum("pa,pab->pb", image.astype(s.positions.dtype), s.cell[s.owner[i]])
        return jnp.where(real[:, None], s.positions[j] - s.positions[i] + shift, FAR_AWAY)

    def vectors(self, edges: Edges) -> Float[AnyArray, "pairs 3"]:
        """r_ij = r_j - r_i + n·cell in Å for all pairs. Padded pairs get a long, finite vector."""
        half = self.half_vectors(edges)
        return jnp.concatenate([half, -half])
