"""What an atom of SpookyNet learns from its neighbours: messages of s, p and d symmetry."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from eukrates.equivariant import spherical_harmonics
from eukrates.models.spookynet.dense import Linear, ResidualMLP
from eukrates.models.spookynet.messages import FusedSums, Pairs, Sums
from eukrates.models.spookynet.perceptrons import Perceptron, Perceptrons, each

BRANCHES = ("x", "s", "p", "d")


def orientations(unit: Float[Array, "pairs 3"], irreps: bool) -> Float[Array, "pairs orders"]:
    """p and d of unit vectors side by side, each of length one.

    p are the three components (in the order of the spherical harmonics of degree 1, or x, y, z), d the five of degree 2
    or, with `irreps` off, those and a constant as the six x², y², z², √2 xy, √2 xz, √2 yz.
    """
    if irreps:
        scale = [math.sqrt(4 * math.pi / (2 * l + 1)) for l in (1, 2) for _ in range(2 * l + 1)]
        return spherical_harmonics(unit, (1, 2)) * np.asarray(scale, unit.dtype)
    x, y, z = unit[:, 0], unit[:, 1], unit[:, 2]
    mixed = [math.sqrt(2) * product for product in (x * y, x * z, y * z)]
    return jnp.stack([x, y, z, x * x, y * y, z * z, *mixed], axis=1)


class LocalInteraction(eqx.Module):
    """Unke et al., Nat. Commun. 12, 7273 (2021), doi:10.1038/s41467-021-27504-0, eqs. 12 and 15 to 17.

    c, x^s, x^p, x^d = MLP_x(x), MLP_s(x), MLP_p(x), MLP_d(x)                              (1)
    g_ij^l = G_l B(r_ij),   l = s, p, d                                                    (2)
    s_i = c_i + Σ_j g^s_ij x^s_j                                                           (3)
    p_i = Σ_j u_ij g^p_ij x^p_j,   d_i = Σ_j D(u_ij) g^d_ij x^d_j                           (4)
    l_i = MLP(s_i + Σ_m (p_m P₁)(p_m P₂) + Σ_m (d_m D₁)(d_m D₂))                           (5)

    u is the unit vector from i to j and D as in `orientations`; products of features are by channel.
    """

    branches: dict[str, ResidualMLP] | Perceptrons
    radial: Linear  # G of s, p and d side by side
    projections: tuple[Linear, Linear]  # P₁ and P₂ side by side, D₁ and D₂
    out: ResidualMLP | Perceptron
    sums: Sums | FusedSums

    def __init__(self, features: int, basis: int, residuals: dict[str, int], activation: str, *, key: PRNGKeyArray):
        keys = iter(jax.random.split(key, 10))
        self.branches = {
            b: ResidualMLP(residuals[f"local_{b}"], features, activation, key=next(keys)) for b in BRANCHES
        }
        maps = [Linear(basis, features, key=next(keys), bias=False).kernel for _ in range(3)]
        self.radial = eqx.tree_at(
            lambda one: one.kernel,
            Linear(basis, 3 * features, key=key, bias=False, zero=True),
            jnp.concatenate(maps, axis=1),
        )
        one, two = (Linear(features, 2 * features, key=next(keys), bias=False) for _ in range(2))
        self.projections = (one, two)
        self.out = ResidualMLP(residuals["local"], features, activation, key=next(keys), zero=True)
        self.sums = Sums()

    def __call__(self, x: Float[Array, "atoms channels"], pairs: Pairs) -> Float[Array, "atoms channels"]:
        c, *sources = each(self.branches, BRANCHES, x)  # (1)
        sums = self.sums(jnp.concatenate(sources, axis=1), self.radial(pairs.basis), pairs)  # (2)-(4)
        s = c + sums[:, 0]
        for rows, projection in zip((slice(1, 4), slice(4, None)), self.projections, strict=True):
            one, two = jnp.split(projection(sums[:, rows]), 2, axis=-1)
            s = s + jnp.sum(one * two, axis=1)
        return self.out(s)  # (5)
