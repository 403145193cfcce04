"""Screened repulsion of nuclei."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Float

from eukrates.matter import Graph
from eukrates.numerics import inverse_softplus, norm, sum_by
from eukrates.potential import Potential, Prediction
from eukrates.radial.cutoffs import CUTOFFS, switch
from eukrates.shapes import AnyArray
from eukrates.units import CODATA

# Textbook constants of the universal screening function: exponents, weights, power of Z, length
EXPONENTS = (3.2, 0.9423, 0.4028, 0.2016)
WEIGHTS = (0.1818, 0.5099, 0.2802, 0.02817)
POWER = 0.23
LENGTH = 0.8854  # bohr


class ZBL(Potential):
    """Screened repulsion of nuclei with trainable constants (Ziegler, Biersack & Littmark 1985, ch. 2).

    E    = ½ Σᵢⱼ kₑ Zᵢ Zⱼ / rᵢⱼ · φ(rᵢⱼ (Zᵢᵖ + Zⱼᵖ) / d) · c(rᵢⱼ) · s(rᵢⱼ)     (1)
    φ(x) = Σₖ Cₖ exp(-aₖ x),  Cₖ = cₖ / Σ c                                   (2)

    c is a cutoff function at `cutoff`, s the smooth switch from 0 Å to `off`, or 1. aₖ, cₖ, p and 1/d are softplus of
    the stored parameters, so training keeps them positive (as in SpookyNet: Unke et al., Nat. Commun. 12, 7273
    (2021), eq. 16, doi:10.1038/s41467-021-27504-0). They start at the textbook values.

    Args:
        cutoff: Å; needs near edges at least this long.
        off: Å; the repulsion acts below this distance only, which includes covalent bonds by design when a network
            learns the rest. None: it acts up to the cutoff, as in SpookyNet.
        cutoff_function: cosine, polynomial or exponential (SpookyNet), see `eukrates.radial.cutoffs`.
        codata: the year of the physical constants, 2014 or 2018.

    Raises:
        ValueError: not 0 < off ≤ cutoff, an unknown cutoff function or year.
    """

    cutoff: float = eqx.field(static=True)
    off: float | None = eqx.field(static=True)
    cutoff_function: str = eqx.field(static=True)
    codata: int = eqx.field(static=True)
    exponents: Float[AnyArray, "4"]
    weights: Float[AnyArray, "4"]
    power: Float[AnyArray, ""]
    inverse_length: Float[AnyArray, ""]

    far_cutoff = None
    elements = None
    needs = ()

    def __init__(
        self,
        cutoff: float = 1.5,
        off: float | None = 1.5,
        cutoff_function: str = "polynomial",
        codata: int = 2018,
    ):
        if not 0 < (cutoff if off is None else off) <= cutoff:
            raise ValueError(f"Expected 0 < off ≤ cutoff in Å, got off={off}, cutoff={cutoff}.")
        for name, value, known in (("cutoff_function", cutoff_function, CUTOFFS), ("codata", codata, CODATA)):
            if value not in known:
                raise ValueError(f"Unknown {name} {value!r}. Known: {', '.join(map(str, known))}.")
        self.cutoff, self.off = float(cutoff), None if off is None else float(off)
        self.cutoff_function, self.codata = cutoff_function, codata
        self.exponents, self.weights = inverse_softplus(EXPONENTS), inverse_softplus(WEIGHTS)
        self.power, self.inverse_length = inverse_softplus(POWER), inverse_softplus(1 / (LENGTH * CODATA[codata].bohr))

    def fade(self, r: Float[AnyArray, " pairs"]) -> Float[AnyArray, " pairs"]:
        """c(r) s(r)."""
        c = CUTOFFS[self.cutoff_function](r, self.cutoff)
        return c if self.off is None else c * switch(r, 0.0, self.off)

    def pair_energies(self, graph: Graph) -> Float[AnyArray, " half"]:
        """Energy in eV of each pair of the first half of the near edges."""
        e, z = graph.near, graph.system.numbers
        h, dtype = e.half, graph.system.positions.dtype
        r = norm(graph.half_vectors(e))
        zi, zj = z[e.i[:h]].astype(dtype), z[e.j[:h]].astype(dtype)
        a, c, p, d = (
            jax.nn.softplus(x).astype(dtype) for x in (self.exponents, self.weights, self.power, self.inverse_length)
        )
        x = r * d * (_power(zi, p) + _power(zj, p))
        phi = jnp.sum(jnp.exp(-x[:, None] * a) * (c / jnp.sum(c)), axis=-1)  # (2)
        r = jnp.where(r > 0, r, 1e-3)  # two nuclei on one spot: large, not infinite
        strength = CODATA[self.codata].coulomb * zi * zj / r
        return jnp.where(e.real[:h], strength * phi * self.fade(r), 0.0)  # (1): each pair once, hence no ½

    def __call__(self, graph: Graph) -> Prediction:
        s, e = graph.system, graph.near
        half = self.pair_energies(graph) / 2
        energies = sum_by(half, e.i[: e.half], s.atoms) + sum_by(half, e.j[: e.half], s.atoms)
        energy = sum_by(energies, s.owner, s.systems)
        return Prediction(energy=energy, terms={"zbl": energy}, energies=energies)


def _power(z, p):
    """z^p for z ≥ 1, and 0 with zero derivatives for padding (z = 0)."""
    real = z > 0
    return jnp.where(real, jnp.exp(p * jnp.log(jnp.where(real, z, 1.0))), 0.0)
