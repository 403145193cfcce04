"""The pairs of one layer for inference on the CPU, in one kernel that reads each of them once: `attention.cpp`.

    w_b,ij = W_b(r_ij) + silu(inv(ev_j - ev_i) A_b + a_b) B_b,   b = 1 features, 2 Euclidean variables     (1)
    W_b(r) = Σ_n h_n(t) W_b,n,   t = r/spacing - its integer part                                          (2)
    α_b,ij[h] = u_ij ⟨q_b,i[h], w_b,ij[h] k_b,j[h]⟩                                                        (3)
    Δx_i = concat_h Σ_j α_1,ij[h] v_j[h]                                                                   (4)
    Δev_i,lm = Σ_j α_2,ij[l] Y_lm(r_ij)                                                                    (5)

are the equations (1) to (3) of `Layer`, with what depends on the distance alone, W, from a table: cubic Hermite
interpolation (2) of values and slopes at knots. The channels of a head, and the orders, are padded to a multiple of
`LANES` with zeros.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from typing import cast as cast_to

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from eukrates.models.so3krates.dense import MLP
from eukrates.models.so3krates.layer import Filter, Heads, Layer, Pairs
from eukrates.native import kernels
from eukrates.numerics import cast, to_host
from eukrates.shapes import AnyArray

SPACING = 1 / 128  # Å between knots
LANES = 16
MOST_ORDERS = 64  # of all degrees together, that the kernel is made for

available = partial(kernels, Path(__file__).with_name("attention.cpp"), "attend_forward", "attend_backward")


class Filtering(NamedTuple):
    """The filter of one branch as the kernel reads it."""

    table: Float[AnyArray, "knots 3 columns"]  # at the knots W, the step to the next, the slope times the spacing
    first: Float[AnyArray, "degrees hidden"]  # A
    bias: Float[AnyArray, " hidden"]  # a
    second: Float[AnyArray, "hidden columns"]  # B
    turned: Float[AnyArray, "columns hidden"]  # B, transposed


class Attention(eqx.Module):
    """Equations (1) to (5)."""

    features: Float[AnyArray, "heads inputs outputs"]  # queries, keys and values, one after the other
    euclidean: Float[AnyArray, "degrees width both"]  # queries and keys
    filters: tuple[Filtering, Filtering]
    degrees: tuple[int, ...] = eqx.field(static=True)
    activate_qk: bool = eqx.field(static=True)

    def __call__(self, x, ev, pairs: Pairs):
        """x [atoms, channels] and ev [atoms, orders] (None before the first layer) → Δx and Δev."""
        atoms, heads = x.shape[0], self.features.shape[0]
        orders = tuple(2 * l + 1 for l in self.degrees)
        wide = lambda a: jnp.pad(a, ((0, 0), (0, -sum(orders) % LANES)))
        harmonics = wide(pairs.harmonics)
        ev = jnp.zeros((atoms, harmonics.shape[1]), x.dtype) if ev is None else wide(ev)
        nodes = self._nodes(x, self.features, 3), self._nodes(x, self.euclidean, 2)
        weights = tuple(leaf for one in self.filters for leaf in one)
        given = (pairs.r, pairs.weight, harmonics, pairs.i, pairs.j)
        dx, dev = cast_to(tuple[Array, Array], _attend(orders, nodes, ev, given, weights))
        dx = dx.reshape(atoms, heads, -1)[:, :, : x.shape[1] // heads].reshape(x.shape)
        return dx, dev[:, : sum(orders)]

    def _nodes(self, x, matrix, kinds: int):
        """[heads, atoms, outputs]; the outputs are of two or three kinds, of which queries and keys are the first."""
        y = jnp.einsum("nhc,hcd->hnd", x.reshape(x.shape[0], matrix.shape[0], -1), matrix)
        if not self.activate_qk:
            return y
        upto = 2 * y.shape[2] // kinds
        return jnp.concatenate([jax.nn.silu(y[..., :upto]), y[..., upto:]], axis=2)


class FusedLayer(eqx.Module):
    """A layer whose pairs are done by the kernel. It has first derivatives by what it is given, and no others.

    In double precision it is the layer that it was made from.
    """

    attention: Attention
    rest: Layer

    def __call__(self, x, ev, pairs: Pairs):
        """As `Layer`."""
        if x.dtype != jnp.float32:
            return self.rest(x, ev, pairs)
        dx, pulled = self.attention(x, ev, pairs)
        return self.rest.update(x + dx, pulled if ev is None else ev + pulled)


def fused(layer: Layer, first: bool, basis: Callable, cutoff: float) -> FusedLayer | None:
    """A layer for the kernel, if it is made for such layers. `first`: its Euclidean variables are zero before it.

    `basis` are the radial functions of distances.
    """
    heads = layer.values.weight.shape[0]
    if not layer.degrees or sum(2 * l + 1 for l in layer.degrees) > MOST_ORDERS:
        return None
    features = _outputs(layer.queries[0], layer.keys[0], layer.values)
    euclidean = _outputs(layer.queries[1], layer.keys[1])
    tables, counts = _tables(layer, first, basis, cutoff), (heads, len(layer.degrees))
    one, two = (_filtering(layer, b, first, tables[b], counts[b]) for b in range(2))
    return FusedLayer(Attention(features, euclidean, (one, two), layer.degrees, layer.activate_qk), layer)


@eqx.filter_jit
def _radial(filters: Sequence[Filter], basis: Callable, knots: Float[Array, " knots"]) -> tuple[list, list]:
    """The radial part of filters, and its slope, at every knot."""
    each = lambda r: [one.radial(basis(r[None]))[0] for one in filters]
    return jax.vmap(lambda r: jax.jvp(each, (r,), (jnp.ones_like(r),)))(knots)


def _tables(layer: Layer, first: bool, basis: Callable, cutoff: float) -> list[np.ndarray]:
    """W of (2) with all biases, [knots, 3, channels] in double precision, by branch."""
    knots = np.arange(0.0, cutoff + 2 * SPACING, SPACING)
    knots[0] = 1e-6  # at zero a basis says what suits padding, not its limit
    with jax.enable_x64(True):
        exact = cast(layer, np.float64)
        values, slopes = to_host(_radial(exact.filters, basis, jnp.asarray(knots)))
        zero = jnp.zeros((1, len(layer.degrees)))
        mlps = [cast_to(MLP, one.spherical) for one in exact.filters]
        still = [mlp(zero)[0] if first else mlp.second.bias for mlp in mlps]
    return [
        np.stack([value + np.asarray(bias), np.diff(value, axis=0, append=value[-1:]), SPACING * slope], axis=1)
        for value, slope, bias in zip(values, slopes, still, strict=True)
    ]


def _filtering(layer: Layer, branch: int, first: bool, table: np.ndarray, heads: int) -> Filtering:
    mlp = cast_to(MLP, layer.filters[branch].spherical)
    hidden = 0 if first else mlp.first.kernel.shape[1]  # else all of it is in the table
    wide = -(-hidden // LANES) * LANES
    pad = lambda a: np.pad(np.asarray(a)[..., :hidden], [(0, 0)] * (np.ndim(a) - 1) + [(0, wide - hidden)])
    second = _padded(np.asarray(mlp.second.kernel)[:hidden], heads)
    second = np.pad(second, [(0, wide - hidden), (0, 0)])
    arrays = (_padded(table, heads), pad(mlp.first.kernel), pad(mlp.first.bias), second, second.T)
    return Filtering(*(np.ascontiguousarray(array, np.float32) for array in arrays))


def _outputs(*maps: Heads) -> np.ndarray:
    """[heads, inputs, outputs]: what each head makes of its inputs, each output padded."""
    turned = [np.swapaxes(np.asarray(one.weight), 1, 2) for one in maps]
    return np.concatenate([_padded(one, 1) for one in turned], axis=2)


def _padded(array: np.ndarray, heads: int) -> np.ndarray:
    """Zeros after the channels of each head, in the last axis."""
    width = array.shape[-1] // heads
    split = array.reshape(*array.shape[:-1], heads, width)
    wide = np.pad(split, [(0, 0)] * (split.ndim - 1) + [(0, -width % LANES)])
    return wide.reshape(*array.shape[:-1], heads * wide.shape[-1])


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _attend(orders, nodes, ev, pairs, weights) -> Any:
    r, weight, harmonics, i, j = pairs
    return _call("attend_forward", (_dx(nodes, ev), ev), orders, *nodes, ev, i, j, r, weight, harmonics, *weights)


def _forward(orders, *given):
    if any(leaf.perturbed for leaf in given[-1]):
        raise NotImplementedError("A potential for inference cannot be trained: train the one that it was made from.")
    plain = jax.tree.map(lambda one: one.value, given, is_leaf=lambda one: hasattr(one, "perturbed"))
    return _attend(orders, *plain), plain


def _backward(orders, given, cotangents):
    (features, euclidean), ev, (r, weight, harmonics, i, j), weights = given
    none, like = jax.custom_derivatives.SymbolicZero, (_dx(given[0], ev), ev)
    gx, gev = (jnp.zeros(x.shape, x.dtype) if type(c) is none else c for c, x in zip(cotangents, like, strict=True))
    both = jax.ShapeDtypeStruct((features.size + euclidean.size,), ev.dtype)
    inputs = (features, euclidean, ev, i, j, r, weight, harmonics, *weights, gx, gev)
    nodes, to_ev, *rest = _call("attend_backward", (both, ev, r, weight, harmonics), orders, *inputs)
    one, two = nodes[: features.size].reshape(features.shape), nodes[features.size :].reshape(euclidean.shape)
    return (one, two), to_ev, (*rest, None, None), None


def _dx(nodes, ev) -> jax.ShapeDtypeStruct:
    features = nodes[0]
    return jax.ShapeDtypeStruct((ev.shape[0], features.shape[0] * features.shape[2] // 3), ev.dtype)


_attend.defvjp(_forward, _backward, symbolic_zeros=True)


def _call(name: str, like, orders, *given: Array) -> Any:
    results = [jax.ShapeDtypeStruct(one.shape, one.dtype) for one in like]
    call = jax.ffi.ffi_call(f"eukrates.{name}", results, vmap_method="sequential")
    return call(*given, orders=np.array(orders, np.int64), spacing=np.float32(SPACING))
