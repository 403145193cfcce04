"""Activations with a shape of their own, residual blocks, and the perceptrons that every part of SpookyNet uses.

    swish   a(x) = α x σ(β x)                        (1)
    ssp     a(x) = α/β (ln(1 + e^βx) - ln 2)         (2)
    block   x + L₂ a₂(L₁ a₁(x))                      (3)
    MLP     L a(block(… block(x)))                   (4)

Unke et al., Nat. Commun. 12, 7273 (2021), doi:10.1038/s41467-021-27504-0, eqs. 6 (of which (2) is the alternative that
its program offers), 4 and 5.
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from eukrates.shapes import AnyArray

SHAPES = {"swish": (1.0, 1.702), "ssp": (1.0, 1.0)}  # α and β of a new model
FLAT = 1e-8  # |β| below which (2) is its limit α x/2


class Activation(eqx.Module):
    """(1) or (2), each channel with its own α and β."""

    alpha: Float[AnyArray, " channels"]
    beta: Float[AnyArray, " channels"]
    kind: str = eqx.field(static=True)

    def __init__(self, kind: str, features: int):
        alpha, beta = SHAPES[kind]
        self.alpha, self.beta = jnp.full(features, alpha, jnp.float32), jnp.full(features, beta, jnp.float32)
        self.kind = kind

    def __call__(self, x: Float[AnyArray, "items channels"]) -> Float[AnyArray, "items channels"]:
        if self.kind == "swish":
            return self.alpha * x * jax.nn.sigmoid(self.beta * x)  # (1)
        curved = jnp.abs(self.beta) > FLAT
        beta = jnp.where(curved, self.beta, 1.0)
        return self.alpha * jnp.where(curved, (jax.nn.softplus(beta * x) - math.log(2)) / beta, x / 2)  # (2)


class Linear(eqx.Module):
    """x K + b. A new one is orthogonal, or zero."""

    kernel: Float[AnyArray, "inputs outputs"]
    bias: Float[AnyArray, " outputs"] | None

    def __init__(self, inputs: int, outputs: int, *, key: PRNGKeyArray, bias: bool = True, zero: bool = False):
        self.kernel = jnp.zeros((inputs, outputs), jnp.float32) if zero else orthogonal(key, inputs, outputs)
        self.bias = jnp.zeros(outputs, jnp.float32) if bias else None

    def __call__(self, x: Float[AnyArray, "*items inputs"]) -> Float[AnyArray, "*items outputs"]:
        y = x @ self.kernel
        return y if self.bias is None else y + self.bias


class Block(eqx.Module):
    """(3). A new one is the identity."""

    activations: tuple[Activation, Activation]
    first: Linear
    second: Linear

    def __init__(self, features: int, activation: str, *, key: PRNGKeyArray, bias: bool = True):
        one, two = jax.random.split(key)
        self.activations = (Activation(activation, features), Activation(activation, features))
        self.first = Linear(features, features, key=one, bias=bias)
        self.second = Linear(features, features, key=two, bias=bias, zero=True)

    def __call__(self, x: Float[AnyArray, "items channels"]) -> Float[AnyArray, "items channels"]:
        before, between = self.activations
        return x + self.second(between(self.first(before(x))))


class Stack(eqx.Module):
    """Blocks (3) one after the other, or none."""

    layers: tuple[Block, ...]

    def __init__(self, count: int, features: int, activation: str, *, key: PRNGKeyArray, bias: bool = True):
        keys = jax.random.split(key, max(count, 1))[:count]
        self.layers = tuple(Block(features, activation, key=k, bias=bias) for k in keys)

    def __call__(self, x: Float[AnyArray, "items channels"]) -> Float[AnyArray, "items channels"]:
        for block in self.layers:
            x = block(x)
        return x


class ResidualMLP(eqx.Module):
    """(4)."""

    stack: Stack
    activation: Activation
    last: Linear

    def __init__(self, count: int, features: int, activation: str, *, key: PRNGKeyArray, bias=True, zero=False):
        one, two = jax.random.split(key)
        self.stack = Stack(count, features, activation, key=one, bias=bias)
        self.activation = Activation(activation, features)
        self.last = Linear(features, features, key=two, bias=bias, zero=zero)

    def __call__(self, x: Float[AnyArray, "items channels"]) -> Float[AnyArray, "items channels"]:
        return self.last(self.activation(self.stack(x)))


def orthogonal(key: PRNGKeyArray, rows: int, columns: int) -> Float[Array, "rows columns"]:
    """A random matrix with orthonormal rows or columns, whichever are fewer (Saxe et al. 2014, arXiv:1312.6120)."""
    return jax.nn.initializers.orthogonal()(key, (rows, columns), jnp.float32)
