"""Partial charges: they add up to the total charge, and have a dipole."""

import jax.numpy as jnp
from jaxtyping import Float

from eukrates.matter import System
from eukrates.numerics import sum_by
from eukrates.shapes import AnyArray


def conserved(raw: Float[AnyArray, " atoms"], system: System) -> Float[AnyArray, " atoms"]:
    """Charges in e that add up to the total charge Q of each system; what is missing is spread evenly.

    q_i = t_i + (Q - Σ_j t_j) / N      (1)

    Unke & Meuwly, J. Chem. Theory Comput. 15, 3678 (2019), eq. 14, doi:10.1021/acs.jctc.9b00181.

    Raises:
        ValueError: a system that states no total charge.
    """
    if system.charge is None:
        raise ValueError("Charges are conserved against a total charge, and this system states none.")
    real = system.real.astype(raw.dtype)
    raw = raw * real
    count = jnp.maximum(sum_by(real, system.owner, system.systems), 1.0)
    missing = (system.charge.astype(raw.dtype) - sum_by(raw, system.owner, system.systems)) / count
    return (raw + missing[system.owner]) * real  # (1)


def dipole(charges: Float[AnyArray, " atoms"], system: System) -> Float[AnyArray, "systems 3"]:
    """μ = Σ q_i r_i in e Å about the origin, on which it depends if the total charge is not zero."""
    weighted = charges.astype(system.positions.dtype)[:, None] * system.positions
    return sum_by(weighted, system.owner, system.systems)
