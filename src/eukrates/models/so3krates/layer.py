"""One layer of SO3krates: filters, Euclidean attention, exchange."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from eukrates.equivariant import expand, invariants
from eukrates.models.so3krates.dense import MLP, Dense, LayerNorm, lecun_normal
from eukrates.numerics import sum_by
from eukrates.shapes import AnyArray


class Pairs(NamedTuple):
    """What a layer reads of the near edges; `half` arrays belong to the first, mirrored half (see `Edges`)."""

    r: Float[Array, " half"]  # Å
    i: Int[Array, " half"]
    j: Int[Array, " half"]
    weight: Float[Array, " half"]  # cutoff function / normalisation, zero for padding
    basis: Float[Array, "half functions"]  # of the distances
    harmonics: Float[Array, "half orders"]  # Y of i → j
    mirrored: Float[Array, "half orders"]  # Y of j → i


class Filter(eqx.Module):
    """w_ij = MLP(B(r_ij)) + MLP(inv(ev_j - ev_i)): the same for i ← j and j ← i."""

    radial: MLP
    spherical: MLP | None

    def __init__(self, basis: int, degrees: int, features: int, widths: tuple[int, int], *, key: PRNGKeyArray):
        one, two = jax.random.split(key)
        self.radial = MLP(basis, widths[0], features, key=one)
        self.spherical = MLP(degrees, widths[1], features, key=two) if degrees else None

    def __call__(self, basis, contrast) -> Float[Array, "half channels"]:
        w = self.radial(basis)
        return w if self.spherical is None else w + self.spherical(contrast)


class Heads(eqx.Module):
    """One matrix per head: y[h] = W[h] x[h]."""

    weight: Float[AnyArray, "heads outputs inputs"]

    def __init__(self, heads: int, features: int, *, key: PRNGKeyArray):
        width = features // heads
        self.weight = lecun_normal(key, (heads, width, width), width)

    def __call__(self, x: Float[Array, "atoms channels"]) -> Float[Array, "atoms channels"]:
        heads, width, _ = self.weight.shape
        # one matrix with the heads as blocks: XLA would transpose the result of a batched product in every reader
        blocks = jnp.einsum("hac,hg->hcga", self.weight, jnp.eye(heads, dtype=x.dtype))
        return x @ blocks.reshape(heads * width, heads * width)


class Layer(eqx.Module):
    """Frank et al., Nat. Commun. 15, 6539 (2024), doi:10.1038/s41467-024-50620-6, in the form that SO3LR uses.

    w_b,ij = filter_b(B(r_ij), inv(ev_j - ev_i)),  b = 1 features, b = 2 Euclidean variables       (1)
    α_b,ij[h] = c(r_ij)/n · ⟨q_b,i[h], w_b,ij[h] k_b,j[h]⟩                                          (2)
    x_i  ← LN(x_i + concat_h Σ_j α_1,ij[h] v_j[h]),   ev_i,lm ← ev_i,lm + Σ_j α_2,ij[l] Y_lm(r_ij)   (3)
    x_i  ← x_i + MLP(silu(x_i))                                                                     (4)
    (d, s) = W [x_i, inv(ev_i)] + b,   x_i ← LN(x_i + d),   ev_i,lm ← ev_i,lm (1 + s_l)              (5)

    The Euclidean branch has one head per degree. Without degrees there is no Euclidean branch: the invariant model.
    """

    filters: tuple[Filter, ...]
    queries: tuple[Heads, ...]
    keys: tuple[Heads, ...]
    values: Heads
    norms: tuple[LayerNorm, LayerNorm] | None
    residuals: tuple[MLP | None, MLP | None]  # after attention, after exchange
    exchange: Dense
    degrees: tuple[int, ...] = eqx.field(static=True)
    activate_qk: bool = eqx.field(static=True)

    def __init__(self, features, heads, degrees, basis, *, filters, residuals, layer_norm, activate_qk, key):
        ks = iter(jax.random.split(key, 10))
        branches = (heads, len(degrees)) if degrees else (heads,)
        self.filters = tuple(Filter(basis, len(degrees), features, filters, key=next(ks)) for _ in branches)
        self.queries = tuple(Heads(h, features, key=next(ks)) for h in branches)
        self.keys = tuple(Heads(h, features, key=next(ks)) for h in branches)
        self.values = Heads(heads, features, key=next(ks))
        self.norms = (LayerNorm(features), LayerNorm(features)) if layer_norm else None
        one, two = (
            MLP(features, features, features, key=k) if on else None
            for on, k in zip(residuals, jax.random.split(next(ks)), strict=True)
        )
        self.residuals = (one, two)
        self.exchange = Dense(features + len(degrees), features + len(degrees), key=next(ks))
        self.degrees, self.activate_qk = tuple(degrees), activate_qk

    def __call__(self, x, ev, pairs: Pairs):
        """x [atoms, channels] and ev [atoms, orders] (None before the first layer, where it is zero) → the same."""
        return self.update(*self._attend(x, ev, pairs))

    def update(self, x, ev):
        """What follows attention: (4) and (5)."""
        x = _normed(self.norms and self.norms[0], x)
        x = _residual(self.residuals[0], x)  # (4)
        if self.degrees:
            out = self.exchange(jnp.concatenate([x, invariants(ev, self.degrees)], axis=-1))
        else:
            out = self.exchange(x)
        d, s = jnp.split(out, [x.shape[-1]], axis=-1)
        x = x + d
        ev = ev * (1 + expand(s, self.degrees)) if self.degrees else ev  # (5)
        x = _residual(self.residuals[1], x)
        return _normed(self.norms and self.norms[1], x), ev

    def _attend(self, x, ev, pairs: Pairs):
        i, j, atoms = pairs.i, pairs.j, x.shape[0]
        if not self.degrees:
            contrast = None
        elif ev is None:
            contrast = jnp.zeros((1, len(self.degrees)), x.dtype)
        else:
            contrast = invariants(ev[j] - ev[i], self.degrees)
        to_i, to_j = self._coefficients(0, x, contrast, pairs)
        v = self.values(x)
        heads = self.values.weight.shape[0]
        spread = lambda a, v: (a[:, :, None] * v.reshape(-1, heads, v.shape[-1] // heads)).reshape(v.shape)
        x_new = x + sum_by(
            jnp.concatenate([spread(to_i, v[j]), spread(to_j, v[i])]), jnp.concatenate([i, j]), atoms
        )  # (3)
        if not self.degrees:
            return x_new, ev
        to_i, to_j = self._coefficients(1, x, contrast, pairs)
        messages = [expand(to_i, self.degrees) * pairs.harmonics, expand(to_j, self.degrees) * pairs.mirrored]
        pulled = sum_by(jnp.concatenate(messages), jnp.concatenate([i, j]), atoms)  # (3)
        return x_new, pulled if ev is None else ev + pulled

    def _coefficients(self, branch: int, x, contrast, pairs: Pairs):
        """Equations (1) and (2): α of i ← j and of j ← i, each [half, heads]."""
        w = self.filters[branch](pairs.basis, contrast)  # (1)
        activate = jax.nn.silu if self.activate_qk else lambda t: t
        q, k = activate(self.queries[branch](x)), activate(self.keys[branch](x))
        heads = self.queries[branch].weight.shape[0]

        def alpha(q, k):
            product = (q * w * k).reshape(q.shape[0], heads, q.shape[1] // heads)
            return pairs.weight[:, None] * jnp.sum(product, axis=-1)  # (2)

        return alpha(q[pairs.i], k[pairs.j]), alpha(q[pairs.j], k[pairs.i])


def _normed(norm: LayerNorm | None, x):
    return x if norm is None else norm(x)


def _residual(mlp: MLP | None, x):
    return x if mlp is None else x + mlp(jax.nn.silu(x))
