"""Gaussian charges in reciprocal space: what Ewald sums and particle meshes have in common.

Charges qᵢ smeared so that two of them interact by erf(d/σ)/d, repeated over all images of a cell with volume V:

    E    = kₑ/2 { 1/V Σ_{k≠0} φ(k) |ρ(k)|² - 2/(√π σ) Σ qᵢ² - πσ²/V (Σ qᵢ)² }     (1)
    ρ(k) = Σ qⱼ exp(i k·rⱼ)                                                      (2)
    φ(k) = 4π/k² exp(-σ²k²/4)                                                    (3)

The second term takes away what each charge has with itself, the third gives a charged cell a uniform background of
the opposite charge; the sphere of cells stands in a conductor (de Leeuw, Perram & Smith, Proc. R. Soc. A 373, 27
(1980), doi:10.1098/rspa.1980.0135). There is no sum in real space: (1) is the whole energy, and it is smooth. σ is
`width` in Å everywhere; two Gaussians exp(-r²/2s²) give σ = 2s, the usual Ewald parameter is α = 1/σ.
"""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Float

from eukrates.shapes import AnyArray
from eukrates.units import KE


def reciprocal(cell: Float[AnyArray, "*systems 3 3"]) -> tuple[Float[AnyArray, "*systems 3 3"], AnyArray]:
    """Rows bᵢ with aᵢ·bⱼ = δᵢⱼ in Å⁻¹ (waves are k = 2π Σ nᵢ bᵢ, fractional coordinates r·bᵢ), and volumes in Å³.

    A cell without a volume (an open axis) has volume 0 and unit rows: finite, to be ignored.
    """
    a, b, c = cell[..., 0, :], cell[..., 1, :], cell[..., 2, :]
    signed = jnp.sum(a * jnp.cross(b, c), axis=-1)
    closed = signed != 0
    rows = jnp.stack([jnp.cross(b, c), jnp.cross(c, a), jnp.cross(a, b)], axis=-2)
    rows = rows / jnp.where(closed, signed, 1.0)[..., None, None]
    return jnp.where(closed[..., None, None], rows, jnp.eye(3, dtype=cell.dtype)), jnp.abs(signed)


def smeared(k2: Float[AnyArray, "*waves"], width: float) -> Float[AnyArray, "*waves"]:
    """(3) in Å² from k² in Å⁻²; zero at k = 0."""
    some = k2 > 0
    k2 = jnp.where(some, k2, 1.0)
    return jnp.where(some, 4 * math.pi * jnp.exp(-(width**2 / 4) * k2) / k2, 0.0)


def lattice_energy(
    waves: Float[AnyArray, "*systems"],
    squares: Float[AnyArray, "*systems"],
    charge: Float[AnyArray, "*systems"],
    volume: Float[AnyArray, "*systems"],
    width: float,
) -> Float[AnyArray, "*systems"]:
    """(1) in eV from Σ φ|ρ|², Σ q² and Σ q; 0 for cells without a volume."""
    closed = volume > 0
    volume = jnp.where(closed, volume, 1.0)
    own = 2 / (math.sqrt(math.pi) * width) * squares
    energy = KE / 2 * (waves / volume - own - math.pi * width**2 / volume * charge**2)  # (1)
    return jnp.where(closed, energy, 0.0)


def per_atom(energy: Callable, charges: Float[AnyArray, " atoms"]) -> Float[AnyArray, " atoms"]:
    """Eᵢ = ½ qᵢ ∂E/∂qᵢ in eV: the energy is a quadratic form of the charges, so these add up to it (Euler)."""
    return charges / 2 * jax.grad(lambda q: jnp.sum(energy(q)))(charges)
