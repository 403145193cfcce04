"""What an atom of SpookyNet learns from its neighbours: messages of s, p and d symmetry."""

import math
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from eukrates.equivariant import spherical_harmonics
from eukrates.models.spookynet.dense import Linear, ResidualMLP
from eukrates.numerics import sum_by

BRANCHES = ("x", "s", "p", "d")


class Pairs(NamedTuple):
    """What the layers read of the first, mirrored half of the near edges (see `Edges`)."""

    i: Int[Array, " half"]
    j: Int[Array, " half"]
    r: Float[Array, " half"]  # Å; long for padding
    basis: Float[Array, "half functions"]  # zero for padding
    p: Float[Array, "half 3"]  # of i → j
    d: Float[Array, "half orders"]


def vectors_and_tensors(unit: Float[Array, "pairs 3"], irreps: bool) -> tuple[Array, Array]:
    """p and d of unit vectors, each of length one: [pairs, 3], and [pairs, 5] or with `irreps` off [pairs, 6].

    The five are the real spherical harmonics of degree 2. The six are x², y², z², √2 xy, √2 xz, √2 yz: those and a
    constant.
    """
    if irreps:
        both = spherical_harmonics(unit, (1, 2))
        return math.sqrt(4 * math.pi / 3) * both[:, :3], math.sqrt(4 * math.pi / 5) * both[:, 3:]
    x, y, z = unit[:, 0], unit[:, 1], unit[:, 2]
    mixed = [math.sqrt(2) * product for product in (x * y, x * z, y * z)]
    return unit, jnp.stack([x * x, y * y, z * z, *mixed], axis=1)


class LocalInteraction(eqx.Module):
    """Unke et al., Nat. Commun. 12, 7273 (2021), doi:10.1038/s41467-021-27504-0, eqs. 12 and 15 to 17.

    c, x^s, x^p, x^d = MLP_x(x), MLP_s(x), MLP_p(x), MLP_d(x)                              (1)
    g_ij^l = G_l B(r_ij),   l = s, p, d                                                    (2)
    s_i = c_i + Σ_j g^s_ij x^s_j                                                           (3)
    p_i = Σ_j u_ij g^p_ij x^p_j,   d_i = Σ_j D(u_ij) g^d_ij x^d_j                           (4)
    l_i = MLP(s_i + Σ_m (p_m P₁)(p_m P₂) + Σ_m (d_m D₁)(d_m D₂))                           (5)

    u is the unit vector from i to j and D as in `vectors_and_tensors`; products of features are by channel.
    """

    branches: dict[str, ResidualMLP]
    radial: Linear  # G of s, p and d side by side
    projections: tuple[Linear, Linear]  # P₁ and P₂ side by side, D₁ and D₂
    out: ResidualMLP

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

    def __call__(self, x: Float[Array, "atoms channels"], pairs: Pairs) -> Float[Array, "atoms channels"]:
        c, *sources = (self.branches[b](x) for b in BRANCHES)  # (1)
        s, p, d = self._sums(jnp.concatenate(sources, axis=1), pairs)
        for tensor, projection in zip((p, d), self.projections, strict=True):
            one, two = jnp.split(projection(tensor), 2, axis=-1)
            s = s + jnp.sum(one * two, axis=1)
        return self.out(c + s)  # (5)

    def _sums(self, sources: Float[Array, "atoms three"], pairs: Pairs):
        """The sums over neighbours of (3) and (4): [atoms, channels] and [atoms, orders, channels]."""
        g, i, j, found = self.radial(pairs.basis), pairs.i, pairs.j, []  # (2)
        for here, there, sign in ((i, j, 1), (j, i, -1)):
            s, p, d = jnp.split(g * sources[there], 3, axis=1)
            shaped = [(sign * pairs.p)[:, :, None] * p[:, None], pairs.d[:, :, None] * d[:, None]]
            found.append((here, jnp.concatenate([s[:, None], *shaped], axis=1)))
        here, messages = (jnp.concatenate(parts) for parts in zip(*found, strict=True))
        sums = sum_by(messages, here, sources.shape[0])
        return sums[:, 0], sums[:, 1:4], sums[:, 4:]
