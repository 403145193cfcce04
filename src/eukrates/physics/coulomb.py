"""Coulomb's law between Gaussian charges, over the far edges.

    K(r) = erf(r/w) / r                                                                      (1)
    E    = kₑ Σ_{i<j} q_i q_j K(r_ij)                                                        (2)
    E    = kₑ Σ_{i<j} q_i q_j [K(r) - K(R) - (1 - s(r)) K'(R) (r - R)],  r < R               (3)

w is the width of the kernel: two Gaussians of standard deviation w/2 each. (2) is for molecules, over all their pairs.
(3) has a cutoff R: a shifted potential at short distances which the switch s turns, between 0.45 R and R, into one
whose force is shifted, too, so that energy and force vanish at R. It leaves out the self term of a Wolf sum,
-½ kₑ K(R) Σ q² (Wolf et al., J. Chem. Phys. 110, 8254 (1999), doi:10.1063/1.478738), which is constant only
where charges are: for charges that follow the geometry it is compatible with published models and no good approximation
of a periodic sum.
"""

import math
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Float

from eukrates.matter import Graph
from eukrates.physics.fixed_charges import FixedCharges, listed
from eukrates.physics.pairs import distances, far_edges, shared
from eukrates.radial.cutoffs import switch
from eukrates.shapes import AnyArray
from eukrates.units import KE

SWITCH_ON = 0.45  # of the cutoff: where s begins to fall


def coulomb(
    charges: Float[AnyArray, " atoms"], graph: Graph, width: float = 4.0, cutoff: float = math.inf
) -> Float[AnyArray, " atoms"]:
    """Energies of atoms in eV: (2) over all far edges, or (3) with a finite cutoff in Å. Charges in e, width in Å."""

    def kernel(r):
        if not math.isfinite(cutoff):
            return smeared(r, width)  # (2)
        top, slope = kernel_at(cutoff, width)
        shift = top + (1 - switch(r, SWITCH_ON * cutoff, cutoff)) * slope * (r - cutoff)
        return jnp.where(r < cutoff, smeared(r, width) - shift, 0.0)  # (3)

    return between_charges(charges, graph, kernel)


def between_charges(
    charges: Float[AnyArray, " atoms"], graph: Graph, kernel: Callable, constant: float = KE
) -> Float[AnyArray, " atoms"]:
    """Energies of atoms in eV: kₑ Σ q_i q_j K(r_ij) over all far edges, for a kernel K(r) in 1/Å of r in Å.

    `constant` is kₑ in eV Å/e²; charges in e, whose precision is that of the sum.
    """
    edges = far_edges(graph)
    i, j = edges.i[: edges.half], edges.j[: edges.half]
    pairs = constant * charges[i] * charges[j] * kernel(distances(graph, edges, charges.dtype))
    return shared(pairs, graph, edges)


def smeared(r: Float[AnyArray, " pairs"], width: float) -> Float[AnyArray, " pairs"]:
    """(1) in 1/Å, finite at r = 0."""
    apart = r > 1e-6
    safe = jnp.where(apart, r, 1.0)
    return jnp.where(apart, jax.lax.erf(safe / width) / safe, 2 / (math.sqrt(math.pi) * width))


def kernel_at(cutoff: float, width: float) -> tuple[float, float]:
    """K(R) in 1/Å and K'(R) in 1/Å²."""
    value = math.erf(cutoff / width) / cutoff
    gauss = 2 * math.exp(-((cutoff / width) ** 2)) / (math.sqrt(math.pi) * width)
    return value, (gauss - value) / cutoff


class Coulomb(FixedCharges):
    """Fixed charges by element under (2) or (3).

    Args:
        charges: e by symbol; the elements it knows.
        width: Å, of the kernel.
        far_cutoff: Å; inf sums over all pairs and is for open structures.
    """

    by_symbol: tuple[tuple[str, float], ...] = eqx.field(static=True)
    width: float = eqx.field(static=True)
    far_cutoff: float = eqx.field(static=True)

    def __init__(self, charges: dict[str, float], width: float = 4.0, far_cutoff: float = 12.0):
        if not (width > 0 and far_cutoff > 0):
            raise ValueError(f"Expected width and far_cutoff above 0 Å, got {width} and {far_cutoff}.")
        self.by_symbol, self.width, self.far_cutoff = listed(charges), float(width), float(far_cutoff)

    def shares(self, charges: jax.Array, graph: Graph) -> tuple[jax.Array | None, jax.Array]:
        """Of atoms, (2) or (3)."""
        return None, coulomb(charges, graph, self.width, self.far_cutoff)
