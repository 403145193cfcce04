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

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Float

from eukrates.elements import by_number
from eukrates.matter import Graph
from eukrates.numerics import sum_by
from eukrates.physics.pairs import distances, far_edges, shared
from eukrates.potential import Potential, Prediction
from eukrates.radial.cutoffs import switch
from eukrates.shapes import AnyArray
from eukrates.units import KE

SWITCH_ON = 0.45  # of the cutoff: where s begins to fall


def coulomb(
    charges: Float[AnyArray, " atoms"], graph: Graph, width: float = 4.0, cutoff: float = math.inf
) -> Float[AnyArray, " atoms"]:
    """Energies of atoms in eV: (2) over all far edges, or (3) with a finite cutoff in Å. Charges in e, width in Å."""
    edges = far_edges(graph)
    r = distances(graph, edges, charges.dtype)
    i, j = edges.i[: edges.half], edges.j[: edges.half]
    kernel = smeared(r, width)  # (2)
    if math.isfinite(cutoff):
        top, slope = kernel_at(cutoff, width)
        shift = top + (1 - switch(r, SWITCH_ON * cutoff, cutoff)) * slope * (r - cutoff)
        kernel = jnp.where(r < cutoff, kernel - shift, 0.0)  # (3)
    return shared(KE * charges[i] * charges[j] * kernel, graph, edges)


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


class Coulomb(Potential):
    """Fixed charges by element under (2) or (3): a salt, and the test of the law.

    Args:
        charges: e by symbol; the elements it knows.
        width: Å, of the kernel.
        far_cutoff: Å; inf sums over all pairs and is for open structures.
    """

    by_symbol: tuple[tuple[str, float], ...] = eqx.field(static=True)
    width: float = eqx.field(static=True)
    far_cutoff: float = eqx.field(static=True)

    cutoff = 1.0  # it reads no near edges: any reach would do
    needs = ()

    def __init__(self, charges: dict[str, float], width: float = 4.0, far_cutoff: float = 12.0):
        if not (width > 0 and far_cutoff > 0):
            raise ValueError(f"Expected width and far_cutoff above 0 Å, got {width} and {far_cutoff}.")
        self.by_symbol = tuple((symbol, float(q)) for symbol, q in charges.items())
        self.width, self.far_cutoff = float(width), float(far_cutoff)

    @property
    def elements(self) -> tuple[str, ...]:
        """Those with a charge."""
        return tuple(symbol for symbol, _ in self.by_symbol)

    @property
    def charges(self) -> dict[str, float]:
        """e by symbol."""
        return dict(self.by_symbol)

    def __call__(self, graph: Graph) -> Prediction:
        s = graph.system
        charges = jnp.asarray(by_number(self.charges), s.positions.dtype)[s.numbers]
        energies = coulomb(charges, graph, self.width, self.far_cutoff)
        energy = sum_by(energies, s.owner, s.systems)
        return Prediction(energy=energy, terms={"electrostatics": energy}, energies=energies, charges=charges)
