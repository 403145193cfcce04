"""Real orthonormal spherical harmonics of unit vectors, any degree, one component order, one normalisation.

    Y_lm = √2 N_l|m| Π_l|m|(z) · { Im (x + iy)^|m|  m < 0,  1/√2  m = 0,  Re (x + iy)^|m|  m > 0 }      (1)
    N_lm = √( (2l+1)/4π · (l-m)!/(l+m)! )                                                                (2)
    Π_mm = (2m-1)!!,  Π_m+1,m = (2m+1) z Π_mm,
    (l-m) Π_lm = (2l-1) z Π_l-1,m - (l+m-1) Π_l-2,m                                                      (3)

Orders m = -l … l within a degree, no Condon-Shortley sign; degree 1 reads y, z, x. Π_lm is the associated Legendre
function divided by (1-z²)^(m/2), a polynomial, so everything here is a polynomial in x, y, z with finite derivatives.
Source of (3): Press et al., Numerical Recipes, 3rd ed., eqs. 6.7.7 and 6.7.8.
"""

import math
from collections.abc import Sequence

import jax.numpy as jnp
from jaxtyping import Float

from eukrates.shapes import AnyArray


def orders(degrees: Sequence[int]) -> int:
    """The number of components of the given degrees."""
    return sum(2 * l + 1 for l in degrees)


def spherical_harmonics(unit: Float[AnyArray, "pairs 3"], degrees: Sequence[int]) -> Float[AnyArray, "pairs orders"]:
    """Y_lm of unit vectors for the given degrees, laid end to end."""
    if not degrees:
        return jnp.zeros((unit.shape[0], 0), unit.dtype)
    x, y, z = unit[:, 0], unit[:, 1], unit[:, 2]
    highest = max(degrees)
    cosines, sines = [jnp.ones_like(x)], [jnp.zeros_like(x)]  # Re and Im of (x + iy)^m
    for _ in range(highest):
        c, s = cosines[-1], sines[-1]
        cosines.append(x * c - y * s)
        sines.append(x * s + y * c)
    legendre = _legendre(z, highest)
    columns = []
    for l in degrees:
        for m in range(-l, l + 1):
            a = abs(m)
            scale = math.sqrt((2 * l + 1) / (4 * math.pi) * math.factorial(l - a) / math.factorial(l + a))  # (2)
            polar = scale * legendre[l, a]
            columns.append(polar if m == 0 else math.sqrt(2) * polar * (cosines[a] if m > 0 else sines[a]))  # (1)
    return jnp.stack(columns, axis=-1)


def _legendre(z, highest: int) -> dict:
    """Equation (3): Π_lm for all 0 ≤ m ≤ l ≤ highest."""
    table = {}
    for m in range(highest + 1):
        table[m, m] = jnp.full_like(z, math.prod(range(1, 2 * m, 2)))
        if m < highest:
            table[m + 1, m] = (2 * m + 1) * z * table[m, m]
        for l in range(m + 2, highest + 1):
            table[l, m] = ((2 * l - 1) * z * table[l - 1, m] - (l + m - 1) * table[l - 2, m]) / (l - m)
    return table
