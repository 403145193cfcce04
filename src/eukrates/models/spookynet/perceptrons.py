"""Perceptrons of one input for inference on the CPU, in one kernel that goes through them a few rows at a time.

    a(x) = α x σ(β x)                                                  (1)
    x ← x + K₂ a₂(K₁ a₁(x) + b₁) + b₂,   some times                     (2)
    y = K a(x) + b, or x                                               (3)

are `Activation`, `Block` and `ResidualMLP`, or `Stack`. A step is one activation and the matrix after it.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from eukrates.models.spookynet.dense import Activation, Linear, ResidualMLP, Stack
from eukrates.native import kernels
from eukrates.shapes import AnyArray

MULTIPLE = 16  # of channels, that the kernel is made for

available = partial(kernels, Path(__file__).with_name("perceptrons.cpp"), "perceptrons_forward", "perceptrons_backward")


class Perceptrons(eqx.Module):
    """(2) and (3) of several perceptrons. It has first derivatives by its input, and no others.

    In double precision it is what it was made from.
    """

    matrices: Float[AnyArray, "steps inputs outputs"]  # K
    turned: Float[AnyArray, "steps outputs inputs"]  # the same transposed
    shapes: Float[AnyArray, "steps three channels"]  # α, β, b
    blocks: tuple[int, ...] = eqx.field(static=True)
    ends: tuple[int, ...] = eqx.field(static=True)

    def __init__(self, members: Sequence[ResidualMLP | Stack]):
        steps = [step for member in members for step in _steps(member)]
        self.matrices = np.stack([np.asarray(linear.kernel) for _, linear in steps])
        self.turned = np.ascontiguousarray(np.swapaxes(self.matrices, 1, 2))
        self.shapes = np.stack([_shape(activation, linear) for activation, linear in steps])
        self.blocks = tuple(len(_stack(member).layers) for member in members)
        self.ends = tuple(int(isinstance(member, ResidualMLP)) for member in members)

    def __call__(self, x: Float[Array, "atoms channels"]) -> Float[Array, "members atoms channels"]:
        if x.dtype == jnp.float32:
            return _run((self.blocks, self.ends), x, (self.matrices, self.turned, self.shapes))
        found, step = [], 0
        for blocks, end in zip(self.blocks, self.ends, strict=True):
            h = x
            for _ in range(blocks):
                h = h + self._step(step + 1, self._step(step, h))  # (2)
                step += 2
            found.append(self._step(step, h) if end else h)  # (3)
            step += end
        return jnp.stack(found)

    def _step(self, n: int, x):
        alpha, beta, bias = self.shapes[n]
        return (alpha * x * jax.nn.sigmoid(beta * x)) @ self.matrices[n] + bias


class Perceptron(eqx.Module):
    """One of them alone."""

    inner: Perceptrons

    def __init__(self, member: ResidualMLP | Stack):
        self.inner = Perceptrons([member])

    def __call__(self, x: Float[Array, "atoms channels"]) -> Float[Array, "atoms channels"]:
        return self.inner(x)[0]


def each(
    branches: Mapping[str, ResidualMLP] | Perceptrons, names: Sequence[str], x: Float[Array, "atoms channels"]
) -> list[Array]:
    """What each of the perceptrons with one input makes of it, in the order of their names."""
    return list(branches(x)) if isinstance(branches, Perceptrons) else [branches[name](x) for name in names]


def _stack(member: ResidualMLP | Stack) -> Stack:
    return member.stack if isinstance(member, ResidualMLP) else member


def _steps(member: ResidualMLP | Stack) -> list[tuple[Activation, Linear]]:
    found = []
    for block in _stack(member).layers:
        found += zip(block.activations, (block.first, block.second), strict=True)
    return [*found, (member.activation, member.last)] if isinstance(member, ResidualMLP) else found


def _shape(activation: Activation, linear: Linear) -> np.ndarray:
    bias = np.zeros_like(activation.alpha) if linear.bias is None else linear.bias
    return np.stack([np.asarray(one) for one in (activation.alpha, activation.beta, bias)])


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _run(plan, x, weights) -> Array:
    return _forward_call(plan, x, weights)[0]


def _forward_call(plan, x, weights) -> tuple[Array, Array]:
    (blocks, _), (matrices, _, shapes) = plan, weights
    like = [jax.ShapeDtypeStruct((n, *x.shape), x.dtype) for n in (len(blocks), matrices.shape[0])]
    return cast(tuple[Array, Array], tuple(_call("perceptrons_forward", like, plan, x, matrices, shapes)))


def _forward(plan, x, weights):
    if any(leaf.perturbed for leaf in weights):
        raise NotImplementedError("A potential for inference cannot be trained: train the one that it was made from.")
    plain = tuple(leaf.value for leaf in weights)
    y, slopes = _forward_call(plan, x.value, plain)
    return y, (slopes, plain[1])


def _backward(plan, kept, gy):
    slopes, turned = kept
    if type(gy) is jax.custom_derivatives.SymbolicZero:
        gy = jnp.zeros(gy.shape, jnp.float32)
    gx = _call("perceptrons_backward", jax.ShapeDtypeStruct(gy.shape[1:], gy.dtype), plan, gy, slopes, turned)
    return gx, (None, None, None)


_run.defvjp(_forward, _backward, symbolic_zeros=True)


def _call(name: str, like, plan, *given) -> Any:
    blocks, ends = (np.array(one, np.int64) for one in plan)
    call = jax.ffi.ffi_call(f"eukrates.{name}", like, vmap_method="sequential")
    return call(*given, blocks=blocks, ends=ends)
