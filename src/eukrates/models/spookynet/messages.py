"""The sums over neighbours of a layer: in plain JAX, and for inference on the CPU in one kernel, `messages.cpp`.

With t_j = g_ij x_j in three parts s, p, d, and Y_m the components of an orientation, p's before d's:

    Σ_j t^s_j                                     (1)
    Σ_j Y_m(u_ij) t^b_j,   b = p or d as m        (2)

side by side: [atoms, 1 + orders, channels].
"""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from eukrates.native import kernels
from eukrates.numerics import sum_by

available = partial(kernels, Path(__file__).with_name("messages.cpp"), "messages_forward", "messages_backward")


class Pairs(NamedTuple):
    """What the layers read of the first, mirrored half of the near edges (see `Edges`)."""

    i: Int[Array, " half"]
    j: Int[Array, " half"]
    r: Float[Array, " half"]  # Å; long for padding
    basis: Float[Array, "half functions"]  # zero for padding, and beyond the cutoff
    angular: Float[Array, "half orders"]  # Y of i → j: three components of p, then those of d
    cutoff: float


class Sums(eqx.Module):
    """(1) and (2), as often differentiable as they are asked to be."""

    def __call__(
        self, sources: Float[Array, "atoms three"], radial: Float[Array, "half three"], pairs: Pairs
    ) -> Float[Array, "atoms rows channels"]:
        y, atoms = pairs.angular, sources.shape[0]
        mirrored = y * np.where(np.arange(y.shape[1]) < 3, -1.0, 1.0).astype(y.dtype)

        def towards(here, there, y):
            s, p, d = jnp.split(radial * sources[there], 3, axis=1)
            shaped = [y[:, :3, None] * p[:, None], y[:, 3:, None] * d[:, None]]
            return sum_by(jnp.concatenate([s[:, None], *shaped], axis=1), here, atoms)

        return towards(pairs.i, pairs.j, y) + towards(pairs.j, pairs.i, mirrored)


class FusedSums(eqx.Module):
    """The same by the kernel. It has first derivatives and no others; in double precision it is `Sums`."""

    def __call__(
        self, sources: Float[Array, "atoms three"], radial: Float[Array, "half three"], pairs: Pairs
    ) -> Float[Array, "atoms rows channels"]:
        if sources.dtype != jnp.float32:
            return Sums()(sources, radial, pairs)
        found: Any = _collect(pairs.cutoff, sources, radial, pairs.angular, pairs.r, pairs.i, pairs.j)
        return found.reshape(sources.shape[0], 1 + pairs.angular.shape[1], sources.shape[1] // 3)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _collect(cutoff, *given) -> Array:
    sources, _, angular, *_ = given
    width = sources.shape[1] // 3 * (1 + angular.shape[1])
    like = jax.ShapeDtypeStruct((sources.shape[0], width), sources.dtype)
    return _call("messages_forward", like, cutoff, *given)


def _forward(cutoff, *given):
    return _collect(cutoff, *given), given


def _backward(cutoff, given, slopes):
    like = tuple(jax.ShapeDtypeStruct(one.shape, one.dtype) for one in given[:3])
    return (*_call("messages_backward", like, cutoff, *given, slopes), None, None, None)


_collect.defvjp(_forward, _backward)


def _call(name: str, like, cutoff, *given) -> Any:
    call = jax.ffi.ffi_call(f"eukrates.{name}", like, vmap_method="sequential")
    return call(*given, cutoff=np.float32(cutoff))
