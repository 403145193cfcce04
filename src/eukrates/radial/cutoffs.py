"""Cutoff functions: 1 at zero distance, 0 at and beyond the cutoff.

    cosine       ½ (cos πt + 1)                                                            (1)
    polynomial   1 - (p+1)(p+2)/2 tᵖ + p(p+2) tᵖ⁺¹ - p(p+1)/2 tᵖ⁺²,  t = r / cutoff          (2)
    switch       g(1-u) / (g(1-u) + g(u)), g(u) = exp(-1/u), u = (r-on)/(off-on)            (3)
    exponential  exp(-t² / ((1-t)(1+t)))                                                   (4)

(1) Behler & Parrinello, Phys. Rev. Lett. 98, 146401 (2007), eq. 4; (2) Gasteiger, Groß & Günnemann, ICLR 2020
(arXiv:2003.03123), eq. 8; (3) the smooth switch of Unke et al., Nat. Commun. 12, 7273 (2021), eq. 17, and (4) the
cutoff function of that work (doi:10.1038/s41467-021-27504-0).
"""

import jax.numpy as jnp
from jaxtyping import Float

from eukrates.shapes import AnyArray


def cosine(r: Float[AnyArray, " pairs"], cutoff: float) -> Float[AnyArray, " pairs"]:
    """Equation (1): first derivative continuous at the cutoff."""
    t = jnp.minimum(r / cutoff, 1.0)
    return 0.5 * (jnp.cos(jnp.pi * t) + 1.0)


def polynomial(r: Float[AnyArray, " pairs"], cutoff: float, p: int = 3) -> Float[AnyArray, " pairs"]:
    """Equation (2): two derivatives continuous at the cutoff."""
    t = jnp.minimum(r / cutoff, 1.0)
    a, b, c = (p + 1) * (p + 2) / 2, p * (p + 2), p * (p + 1) / 2
    return 1 - t**p * (a - t * (b - c * t))


def switch(r: Float[AnyArray, " pairs"], on: float, off: float) -> Float[AnyArray, " pairs"]:
    """Equation (3): 1 below `on`, 0 above `off`, all derivatives continuous."""
    u = (r - on) / (off - on)
    down, up = _bump(1 - u), _bump(u)
    return down / (down + up)


def exponential(r: Float[AnyArray, " pairs"], cutoff: float) -> Float[AnyArray, " pairs"]:
    """Equation (4): all derivatives continuous."""
    t = r / cutoff
    inside = t < 1
    t = jnp.where(inside, t, 0.0)
    return jnp.where(inside, jnp.exp(-t * t / ((1 - t) * (1 + t))), 0.0)


def _bump(u):
    positive = u > 0
    return jnp.where(positive, jnp.exp(-1 / jnp.where(positive, u, 1.0)), 0.0)


CUTOFFS = {"cosine": cosine, "polynomial": polynomial, "exponential": exponential}
