"""The networks of ANI for inference on the CPU, in one kernel that visits atoms of an element only: `networks.cpp`.

    e_im  = network_m,Z(x_i)                              (1)
    e_i   = mean of e_im over the members m               (2)

Weights are constants here, so the kernel that finds (1) brings ∂e_i/∂x_i along: a few atoms go through a member and
back while its weights are in the cache. Slopes of single members are found anew where they are asked for.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from eukrates.models.ani.environment_kernel import MULTIPLE, Layout
from eukrates.models.ani.networks import ElementNetwork
from eukrates.native import kernels
from eukrates.shapes import AnyArray

available = partial(kernels, Path(__file__).with_name("networks.cpp"), "ani_networks_forward", "ani_networks_slopes")


class FusedNetworks(eqx.Module):
    """The networks of all elements, laid out for the kernel.

    They have first derivatives by what they are given, and no others.
    """

    weights: Float[AnyArray, " numbers"]
    layout: Layout = eqx.field(static=True)
    hidden: tuple[tuple[str, tuple[int, ...]], ...] = eqx.field(static=True)  # widths by symbol
    members: int = eqx.field(static=True)

    def __init__(self, networks: Mapping[str, ElementNetwork], layout: Layout):
        self.layout = layout
        self.hidden = tuple((s, tuple(layer.weight.shape[1] for layer in networks[s].layers[:-1])) for s in networks)
        self.members = networks[layout.elements[0]].layers[0].weight.shape[0]
        self.weights = np.concatenate([_laid_out(networks[symbol], layout) for symbol in layout.elements])

    def __call__(
        self, x: Float[Array, "atoms padded"], numbers: Int[AnyArray, " atoms"], real: Bool[AnyArray, " atoms"]
    ) -> tuple[Float[Array, " atoms"], Float[Array, "atoms members"]]:
        """(2) and (1) of vectors laid out as `padded_environment` has them; zero for padding."""
        return _energies(_Plan(self.layout, dict(self.hidden), self.members), x, numbers, real, self.weights)


class _Plan:
    """Everything but arrays."""

    def __init__(self, layout: Layout, hidden: Mapping[str, tuple[int, ...]], members: int):
        widths = [hidden[symbol] for symbol in layout.elements]
        self.members = members
        self.facts = (layout, tuple(widths), members)
        self.attributes = {
            "elements": layout.attributes["elements"],
            "layers": np.array([len(one) for one in widths], np.int64),
            "widths": np.array([_filled_up(width) for one in widths for width in one], np.int64),
            "blocks": layout.bounds.astype(np.int64),
            "members": np.int64(members),
        }

    def __hash__(self) -> int:
        return hash(self.facts)

    def __eq__(self, other) -> bool:
        return isinstance(other, _Plan) and self.facts == other.facts


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _energies(plan: _Plan, x, numbers, real, weights):
    like = jax.ShapeDtypeStruct((x.shape[0], plan.members), x.dtype)
    return _with_mean(_call("ani_networks_forward", like, plan, x, numbers, real, weights))


def _forward(plan, x, numbers, real, weights):
    if weights.perturbed:
        raise NotImplementedError("A potential for inference cannot be trained: train the one that it was made from.")
    given: Any = tuple(one.value for one in (x, numbers, real, weights))
    evenly = jnp.full((x.value.shape[0], plan.members), 1 / plan.members, x.value.dtype)
    every, slopes = _slopes(plan, evenly, *given)
    return _with_mean(every), (given, slopes)


def _backward(plan, kept: Any, pulls: Any):
    given, slopes = kept
    of_mean, of_members = pulls
    if type(of_members) is jax.custom_derivatives.SymbolicZero:
        return (slopes * _dense(of_mean, slopes.dtype)[:, None], None, None, None)
    weight = of_members + _dense(of_mean, slopes.dtype)[:, None] / plan.members
    return (_slopes(plan, weight, *given)[1], None, None, None)


_energies.defvjp(_forward, _backward, symbolic_zeros=True)


def _with_mean(every):
    return jnp.mean(every, axis=1), every


def _dense(pull, dtype):
    return jnp.zeros(pull.shape, dtype) if type(pull) is jax.custom_derivatives.SymbolicZero else pull


def _slopes(plan, pull, x, numbers, real, weights) -> Any:
    like = jax.ShapeDtypeStruct(pull.shape, x.dtype), jax.ShapeDtypeStruct(x.shape, x.dtype)
    return _call("ani_networks_slopes", like, plan, x, numbers, real, weights, pull)


def _call(name: str, like, plan: _Plan, *given) -> Any:
    return jax.ffi.ffi_call(f"eukrates.{name}", like, vmap_method="sequential")(*given, **plan.attributes)


def _filled_up(width: int) -> int:
    return -(-width // MULTIPLE) * MULTIPLE


def _laid_out(network: ElementNetwork, layout: Layout) -> np.ndarray:
    """All numbers of one element as the kernel reads them: see `Element` in `networks.cpp`."""
    *layers, last = network.layers
    places, size, parts = layout.places, int(layout.bounds[-1]), []
    for layer in layers:
        weight, bias = np.asarray(layer.weight), np.asarray(layer.bias)
        members, width, _ = weight.shape
        wide = np.zeros((members, _filled_up(width), size), weight.dtype)
        wide[:, :width, places] = weight
        parts += [_panels(np.swapaxes(wide, 1, 2)), _panels(wide), _at(bias, np.arange(width), _filled_up(width))]
        places, size = np.arange(width), _filled_up(width)
    parts += [_at(np.asarray(last.weight)[:, 0], places, size), _at(np.asarray(last.bias), np.arange(1), MULTIPLE)]
    return np.concatenate(parts, axis=1).ravel()


def _at(values: np.ndarray, places: np.ndarray, size: int) -> np.ndarray:
    found = np.zeros((values.shape[0], size), values.dtype)
    found[:, places] = values
    return found


def _panels(matrix: np.ndarray) -> np.ndarray:
    """[members, rows, columns] as [members, panels, rows, columns of a panel], flat."""
    members, rows, columns = matrix.shape
    return np.swapaxes(matrix.reshape(members, rows, columns // MULTIPLE, MULTIPLE), 1, 2).reshape(members, -1)
