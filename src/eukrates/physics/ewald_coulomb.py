"""The damped law of `damped_coulomb` between all images of all charges of a periodic structure.

Point charges on a lattice are Gaussian charges on a lattice (`reciprocal`, by waves or on a mesh) and, between pairs,
what these lack; damping concerns pairs only. With f and D as in `damped_coulomb`, over pairs closer than R:

    K(r) = erfc(r/σ)/r + f(r) [D(r) - 1/r] = f(r) D(r) + (1 - f(r))/r - erf(r/σ)/r           (1)
    E    = kₑ Σ_{pairs} q_i q_j K(r_ij) + E_lattice(σ)                                       (2)

so that a molecule in a large cell has the energy it has alone. R and σ do not matter as long as erfc(R/σ) is nothing,
see `ewald_width`; what is left of K and of its slope at R is taken away, so that no pair jumps there. A charged cell
has a uniform background of the opposite charge (`reciprocal`): its energy is that of the charges and the background,
compares between cells of one volume only, and the pressure contains the background.

SpookyNet has another form, in which the damping is multiplied by erfc, though the sum over waves is not damped:

    K(r) = erfc(αr) [f(r) D(r) + (1 - f(r))/r],  α = 1/σ                                      (3)

It is not the law of molecules (a molecule of water in a cell: -7.6 eV where it should be -5.4), has no background,
and is here to reproduce published numbers.
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from eukrates.matter import Graph
from eukrates.matter.graph import Waves
from eukrates.numerics import sum_by
from eukrates.physics.coulomb import between_charges, smeared
from eukrates.physics.damped_coulomb import damped
from eukrates.physics.ewald import ewald_energy
from eukrates.physics.fixed_charges import FixedCharges, listed
from eukrates.physics.lattice_sums import LATTICE_SUMS, lattice_sum, lattice_waves
from eukrates.shapes import AnyArray
from eukrates.units import KE

SHARE = 1e-8  # e², so that atoms without charges share the sum over waves in the published form


def ewald_width(cutoff: float, accuracy: float = 1e-8) -> float:
    """σ in Å for which exp(-R²/σ²), what is left of a pair at the cutoff R, is `accuracy`.

    Raises:
        ValueError: cutoff ≤ 0 or not finite, accuracy outside (0, 1).
    """
    if not (0 < cutoff < math.inf and 0 < accuracy < 1):
        raise ValueError(f"Expected a finite cutoff > 0 Å and accuracy between 0 and 1, got {cutoff} and {accuracy}.")
    return cutoff / math.sqrt(-math.log(accuracy))


def ewald_coulomb(
    charges: Float[AnyArray, " atoms"],
    graph: Graph,
    on: float,
    off: float,
    cutoff: float,
    method: str = "ewald",
    constant: float = KE,
) -> tuple[Float[AnyArray, " systems"], Float[AnyArray, " atoms"]]:
    """Energies in eV of systems and of their atoms, (2) with the width of `ewald_width(cutoff)`.

    Args:
        charges: e; zero for padding.
        graph: with far edges that reach to the cutoff, and the waves of `lattice_waves(method, cell, width)`.
        on, off: Å, between which the damping ends.
        cutoff: R in Å.
        method: "ewald" or "p3m".
        constant: kₑ in eV Å/e².

    Raises:
        ValueError: a graph without far edges or waves, or a cutoff that `ewald_width` refuses.
    """
    width, s = ewald_width(cutoff), graph.system
    rest = math.erfc(cutoff / width) / cutoff
    slope = -(rest + 2 / (math.sqrt(math.pi) * width) * math.exp(-((cutoff / width) ** 2))) / cutoff

    def kernel(r):
        ended = damped(r, on, off) - smeared(r, width) - rest - slope * (r - cutoff)  # (1)
        return jnp.where(r < cutoff, ended, 0.0)

    pairs = between_charges(charges, graph, kernel, constant)
    energy, shares = (constant / KE * sums for sums in lattice_sum(method, charges, graph, width))
    return sum_by(pairs, s.owner, s.systems) + energy, pairs + shares  # (2)


def published_ewald_coulomb(
    charges: Float[AnyArray, " atoms"],
    graph: Graph,
    on: float,
    off: float,
    cutoff: float,
    alpha: float,
    constant: float = KE,
) -> tuple[Float[AnyArray, " systems"], Float[AnyArray, " atoms"]]:
    """Energies in eV of systems and of their atoms, (3) over pairs and all waves |n_i| ≤ M_i with |n| ≤ max M.

    M are the waves of the graph, which were given by hand; α in Å⁻¹ too. For rectangular cells.

    Raises:
        ValueError: a graph without far edges or waves.
    """
    if graph.waves is None:
        raise ValueError(
            "The published form of the Ewald sum needs a graph with waves: state how many along each axis."
        )
    s, width = graph.system, 1 / alpha
    kernel = lambda r: jnp.where(r < cutoff, jax.lax.erfc(alpha * r) * damped(r, on, off), 0.0)  # (3)
    pairs = between_charges(charges, graph, kernel, constant)
    q = charges.astype(s.positions.dtype)
    per_system = lambda of_atoms: sum_by(of_atoms, s.owner, s.systems)
    own = constant / (math.sqrt(math.pi) * width) * q * q
    volume = jnp.where(s.volume > 0, s.volume, 1.0)
    background = constant / 2 * math.pi * width**2 / volume * per_system(q) ** 2
    found = ewald_energy(q, s.positions, s.cell, s.owner, graph.waves, width, within=float(max(graph.waves)))
    waves = constant / KE * found + per_system(own) + background
    share = jnp.where(s.real, q * q + SHARE, 0.0)
    energies = pairs + (waves / jnp.maximum(per_system(share), SHARE))[s.owner] * share - own
    return per_system(energies), energies


class EwaldCoulomb(FixedCharges):
    """Fixed charges by element in crystals and liquids, (2). Small `on` and `off` make them points.

    Args:
        charges: e by symbol; the elements it knows.
        on, off: Å, between which the damping ends; a quarter and three quarters of 10 bohr as in SpookyNet.
        far_cutoff: R in Å.
        method: "ewald", or "p3m" for a thousand atoms and more.

    Raises:
        ValueError: not 0 < on < off ≤ far_cutoff, or an unknown method.
    """

    by_symbol: tuple[tuple[str, float], ...] = eqx.field(static=True)
    on: float = eqx.field(static=True)
    off: float = eqx.field(static=True)
    far_cutoff: float = eqx.field(static=True)
    method: str = eqx.field(static=True)

    def __init__(
        self,
        charges: dict[str, float],
        on: float = 1.323,
        off: float = 3.969,
        far_cutoff: float = 9.0,
        method: str = "ewald",
    ):
        if not 0 < on < off <= far_cutoff < math.inf:
            raise ValueError(f"Expected 0 < on < off ≤ far_cutoff < inf in Å, got {on}, {off} and {far_cutoff}.")
        if method not in LATTICE_SUMS:
            raise ValueError(f"Unknown method {method!r}. Known: {', '.join(LATTICE_SUMS)}.")
        self.by_symbol, self.method = listed(charges), method
        self.on, self.off, self.far_cutoff = float(on), float(off), float(far_cutoff)

    def waves(self, cell: np.ndarray) -> Waves:
        """Those of the lattice sum, for cells that may stretch by a tenth.

        Raises:
            ValueError: a cell that is not periodic along three axes.
        """
        return lattice_waves(self.method, cell, ewald_width(self.far_cutoff))

    def shares(self, charges: jax.Array, graph: Graph) -> tuple[jax.Array | None, jax.Array]:
        """(2)."""
        return ewald_coulomb(charges, graph, self.on, self.off, self.far_cutoff, self.method)
