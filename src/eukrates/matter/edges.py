"""`Edges`: who sees whom."""

import equinox as eqx
from jaxtyping import Bool, Int

from eukrates.shapes import AnyArray


class Edges(eqx.Module):
    """Directed pairs i ← j within `cutoff`, every pair in both directions: the second half mirrors the first.

    Pair p of the first half is i ← j with `image` n, pair p + half is j ← i with image -n. The first half is sorted
    by i. What does not depend on the direction (distances, filters) is computed on the first half only, at half the
    price; code that does not care reads all pairs.
    """

    i: Int[AnyArray, " pairs"]
    j: Int[AnyArray, " pairs"]
    image: Int[AnyArray, "pairs 3"]  # lattice vectors crossed on the way from i to j
    real: Bool[AnyArray, " pairs"]
    cutoff: float = eqx.field(static=True)  # Å; no pair closer than this is missing

    @property
    def half(self) -> int:
        """The number of rows of the first half."""
        return self.i.shape[0] // 2
