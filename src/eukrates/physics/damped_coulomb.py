"""Coulomb's law damped where electron clouds overlap, as in SpookyNet, over the far edges.

    K(r) = f(r) D(r) + (1 - f(r)) C(r)                                                       (1)
    C(r) = 1/r,  D(r) = 1/√(r² + 1)                                                          (2)
    C(r) = 1/r + r/L² - 2/L,  D(r) = 1/√(r² + 1) + r L/(L² + 1)^3/2 - (2L² + 1)/(L² + 1)^3/2,  r < L     (3)

in Å. f is the smooth switch from 1 at `on` to 0 at `off` (of the network's cutoff a quarter and three quarters), so
that the law is finite on one spot and Coulomb's own beyond `off`. (2) is for molecules, over all their pairs; with a
cutoff L value and slope of (3) vanish there. Unke et al., Nat. Commun. 12, 7273 (2021), eq. 17 and what follows it,
doi:10.1038/s41467-021-27504-0.
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Float

from eukrates.matter import Graph
from eukrates.physics.coulomb import between_charges
from eukrates.physics.fixed_charges import FixedCharges, listed
from eukrates.radial.cutoffs import switch
from eukrates.shapes import AnyArray
from eukrates.units import KE


def damped_coulomb(
    charges: Float[AnyArray, " atoms"],
    graph: Graph,
    on: float,
    off: float,
    cutoff: float = math.inf,
    constant: float = KE,
) -> Float[AnyArray, " atoms"]:
    """Energies of atoms in eV, kₑ Σ q_i q_j K(r_ij): (2) over all far edges, or (3) with a finite cutoff L.

    Args:
        charges: e.
        graph: with far edges that reach to the cutoff.
        on, off: Å, between which the damping ends.
        cutoff: Å.
        constant: kₑ in eV Å/e².

    Raises:
        ValueError: a graph without far edges.
    """
    return between_charges(charges, graph, lambda r: damped(r, on, off, cutoff), constant)


def damped(r: Float[AnyArray, " pairs"], on: float, off: float, cutoff: float = math.inf) -> Float[AnyArray, " pairs"]:
    """(1) in 1/Å, finite at r = 0 for on > 0."""
    f, outside = switch(r, on, off), r > on
    point = 1 / jnp.where(outside, r, 1.0)  # where it is not 1/r, it does not count
    soft = 1 / jnp.sqrt(r * r + 1)  # (2)
    if not math.isfinite(cutoff):
        return f * soft + jnp.where(outside, (1 - f) * point, 0.0)
    end = (cutoff**2 + 1) ** -1.5
    point = point + r / cutoff**2 - 2 / cutoff
    soft = soft + r * (cutoff * end) - (2 * cutoff**2 + 1) * end  # (3)
    return jnp.where(r < cutoff, f * soft + jnp.where(outside, (1 - f) * point, 0.0), 0.0)


class DampedCoulomb(FixedCharges):
    """Fixed charges by element under (2) or (3).

    Args:
        charges: e by symbol; the elements it knows.
        on, off: Å, between which the damping ends; a quarter and three quarters of 10 bohr as in SpookyNet.
        far_cutoff: Å; inf sums over all pairs and is for open structures.

    Raises:
        ValueError: not 0 < on < off ≤ far_cutoff.
    """

    by_symbol: tuple[tuple[str, float], ...] = eqx.field(static=True)
    on: float = eqx.field(static=True)
    off: float = eqx.field(static=True)
    far_cutoff: float = eqx.field(static=True)

    def __init__(self, charges: dict[str, float], on: float = 1.323, off: float = 3.969, far_cutoff: float = 12.0):
        if not 0 < on < off <= far_cutoff:
            raise ValueError(f"Expected 0 < on < off ≤ far_cutoff in Å, got {on}, {off} and {far_cutoff}.")
        self.by_symbol = listed(charges)
        self.on, self.off, self.far_cutoff = float(on), float(off), float(far_cutoff)

    def shares(self, charges: jax.Array, graph: Graph) -> tuple[jax.Array | None, jax.Array]:
        """Of atoms, (2) or (3)."""
        return None, damped_coulomb(charges, graph, self.on, self.off, self.far_cutoff)
