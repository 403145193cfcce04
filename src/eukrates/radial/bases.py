"""Radial bases: distances → features. None is multiplied by a cutoff function; messages are.

    bernstein   B_k = binom(K-1, k) sᵏ (1-s)^(K-1-k),  s = exp(-γ r)                            (1)
    physnet     B_k = exp(-β (e⁻ʳ - μ_k)²),  μ_k even from e^-cutoff to 1,
                β = (2/K (1 - e^-cutoff))⁻²                                                       (2)
    gaussian    B_k = exp(-½ ((r - μ_k)/w)²),  μ_k even from 0 to cutoff, w their spacing          (3)
    bessel      B_k = sin((k+1) π r / cutoff) / r                                                 (4)

(1) Unke et al., Nat. Commun. 12, 7273 (2021), eq. 13; (2) Unke & Meuwly, J. Chem. Theory Comput. 15, 3678 (2019),
eq. 7; (3) Schütt et al., J. Chem. Phys. 148, 241722 (2018); (4) Gasteiger et al., ICLR 2020 (arXiv:2003.03123), eq. 7.
"""

import math
from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from eukrates.shapes import AnyArray

GAMMA = float(np.float32(0.944863062918464))  # Å⁻¹, 1/(2 a0) as the published weights store it


def bernstein(r: Float[AnyArray, " pairs"], cutoff: float, size: int) -> Float[AnyArray, "pairs basis"]:
    """Equation (1); decays over two Bohr whatever the cutoff."""
    del cutoff
    k = np.arange(size)
    log_binomial = np.array([math.lgamma(size) - math.lgamma(n + 1) - math.lgamma(size - n) for n in k])
    s = jnp.exp(-GAMMA * r)
    inside = (s > 0) & (s < 1)
    x = -GAMMA * jnp.where(inside, r, 1.0)  # log s
    log_rest = jnp.log(-jnp.expm1(x))  # log(1 - s)
    rows = jnp.exp(
        jnp.asarray(log_binomial, r.dtype)
        + jnp.asarray(k, r.dtype) * x[:, None]
        + jnp.asarray(size - 1 - k, r.dtype) * log_rest[:, None]
    )
    return jnp.where(inside[:, None], rows, 0.0)


def physnet(r: Float[AnyArray, " pairs"], cutoff: float, size: int) -> Float[AnyArray, "pairs basis"]:
    """Equation (2)."""
    low = math.exp(-cutoff)
    centres = jnp.asarray(np.linspace(low, 1.0, size), r.dtype)
    beta = (2 / size * (1 - low)) ** -2
    return jnp.exp(-beta * (jnp.exp(-r)[:, None] - centres) ** 2)


def gaussian(r: Float[AnyArray, " pairs"], cutoff: float, size: int) -> Float[AnyArray, "pairs basis"]:
    """Equation (3)."""
    centres = np.linspace(0.0, cutoff, size)
    width = cutoff / (size - 1) if size > 1 else cutoff  # a Python number: NumPy's would make float64 of float32
    return jnp.exp(-0.5 * ((r[:, None] - jnp.asarray(centres, r.dtype)) / width) ** 2)


def bessel(r: Float[AnyArray, " pairs"], cutoff: float, size: int) -> Float[AnyArray, "pairs basis"]:
    """Equation (4)."""
    wave = jnp.asarray(np.pi * np.arange(1, size + 1) / cutoff, r.dtype)
    safe = jnp.where(r > 0, r, 1e-3)[:, None]
    return jnp.sin(wave * safe) / safe


BASES: dict[str, Callable] = {"bernstein": bernstein, "physnet": physnet, "gaussian": gaussian, "bessel": bessel}
