"""Radial bases of SpookyNet: one length that is learned, and constants that belong to the trained model.

    exp-bernstein   B_k = C_k sᴷ⁻¹⁻ᵏ (1-s)ᵏ · s,   s = exp(-A r), A = ln(1 + eᵃ) > 0      (1)
    exp-gaussian    B_k = exp(-w (s - c_k)²) · s,   c_k even from 1 to 0, w = K            (2)
    bernstein       B_k = C_k tᴷ⁻¹⁻ᵏ (1-t)ᵏ,        t = r / cutoff                         (3)
    gaussian        B_k = exp(-w (r - c_k)²),       c_k even from 0 to the cutoff, w = K / cutoff   (4)
    sinc            B_k = sin(π f_k r) / (π f_k r),  f_k = (k+1) / cutoff                  (5)

each times the exponential cutoff function. C_k = binom(K-1, k), kept as its logarithm. The last factor s of (1) and
(2) is the exponential weighting, which can be left out.

Unke et al., Nat. Commun. 12, 7273 (2021), doi:10.1038/s41467-021-27504-0, eq. 13; its program counts k backwards, adds
the weighting and offers the others.
"""

import math
from typing import cast

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from eukrates.potential import Constants
from eukrates.radial.cutoffs import exponential
from eukrates.shapes import AnyArray
from eukrates.units import BOHR

DECAY = 1 / (2 * BOHR)  # A of a new basis, 1/Å
LARGEST = 100  # functions of a Bernstein basis: beyond, binomials overflow in single precision
FAMILIES = ("exp-bernstein", "exp-gaussian", "bernstein", "gaussian", "sinc")


class BasisConstants(Constants):
    """What a family of bases has; None what it has not."""

    log_binomials: Float[AnyArray, " basis"] | None = None  # of (1) and (3)
    centres: Float[AnyArray, " basis"] | None = None  # of (2), without unit, and (4), Å
    width: Float[AnyArray, ""] | None = None  # w of (2), without unit, and (4), 1/Å²
    waves: Float[AnyArray, " basis"] | None = None  # f of (5), 1/Å


class RadialBasis(eqx.Module):
    """r → B(r), one of (1) to (5).

    Args:
        family: which.
        size: K, the number of functions.
        cutoff: Å.
        weighting: the last factor of (1) and (2).

    Raises:
        ValueError: an unknown family, or a number of functions that cannot be.
    """

    decay: Float[AnyArray, ""] | None  # a of (1); trained
    constants: BasisConstants
    family: str = eqx.field(static=True)
    cutoff: float = eqx.field(static=True)
    weighting: bool = eqx.field(static=True)

    def __init__(self, family: str, size: int, cutoff: float, weighting: bool = True):
        if family not in FAMILIES:
            raise ValueError(f"Unknown radial basis {family!r}. Known: {', '.join(FAMILIES)}.")
        if size < 1 or ("bernstein" in family and size > LARGEST):
            raise ValueError(f"Expected from 1 to {LARGEST} radial functions, got {size}.")
        exp = family.startswith("exp-")
        self.decay = jnp.asarray(math.log(math.expm1(DECAY)), jnp.float32) if exp else None
        self.constants = _constants(family, size, cutoff)
        self.family, self.cutoff, self.weighting = family, float(cutoff), bool(weighting)

    @property
    def size(self) -> int:
        """K."""
        return next(leaf.shape[0] for leaf in jax.tree.leaves(self.constants) if leaf.ndim)

    def __call__(self, r: Float[AnyArray, " pairs"]) -> Float[AnyArray, "pairs basis"]:
        """Zero at and beyond the cutoff."""
        given = self.constants
        fade = exponential(r, self.cutoff)
        r = jnp.where(r < self.cutoff, r, 0.5 * self.cutoff)  # where nothing under- or overflows
        if self.decay is not None:
            exponent = -jax.nn.softplus(self.decay) * r
            s, rest = jnp.exp(exponent), -jnp.expm1(exponent)
            fade = fade * s if self.weighting else fade
        else:
            s, rest = (r / self.cutoff, 1 - r / self.cutoff) if self.family == "bernstein" else (r, r)
        if given.log_binomials is not None:
            rows = _bernstein(s, rest, given.log_binomials)  # (1), (3)
        elif given.waves is not None:
            rows = jnp.sinc(given.waves * r[:, None])  # (5)
        else:
            width, centres = cast(tuple[Array, Array], (given.width, given.centres))
            rows = jnp.exp(-width * (s[:, None] - centres) ** 2)  # (2), (4)
        return fade[:, None] * rows


def _bernstein(s, rest, log_binomials) -> Float[Array, "pairs basis"]:
    size = log_binomials.shape[0]
    return jnp.exp(log_binomials) * _powers(s, size)[:, ::-1] * _powers(rest, size)


def _powers(x: Float[Array, " pairs"], size: int) -> Float[Array, "pairs basis"]:
    """x⁰ … xᴷ⁻¹ by doubling."""
    rows, step = jnp.ones_like(x)[:, None], x[:, None]
    while rows.shape[1] < size:
        rows, step = jnp.concatenate([rows, rows * step], axis=1), step * step
    return rows[:, :size]


def _constants(family: str, size: int, cutoff: float) -> BasisConstants:
    k, single = np.arange(size), lambda values: jnp.asarray(values, jnp.float32)
    if "bernstein" in family:
        binomials = [math.lgamma(size) - math.lgamma(n + 1) - math.lgamma(size - n) for n in k]
        return BasisConstants(log_binomials=single(binomials))
    if family == "exp-gaussian":
        return BasisConstants(centres=single(np.linspace(1.0, 0.0, size)), width=single(size))
    if family == "gaussian":
        return BasisConstants(centres=single(np.linspace(0.0, cutoff, size)), width=single(size / cutoff))
    return BasisConstants(waves=single((k + 1) / cutoff))
