"""Affine maps and the two-layer perceptron that every block of the model uses."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from eukrates.shapes import AnyArray


def lecun_normal(key: PRNGKeyArray, shape: tuple[int, ...], fan_in: int) -> Float[Array, "..."]:
    """Truncated normal of variance 1/fan_in (LeCun et al. 1998), float32."""
    # 0.8796 is the standard deviation of a unit normal truncated at two standard deviations
    return jax.random.truncated_normal(key, -2.0, 2.0, shape, jnp.float32) / (0.87962566 * fan_in**0.5)


class Dense(eqx.Module):
    """x K + b."""

    kernel: Float[AnyArray, "inputs outputs"]
    bias: Float[AnyArray, " outputs"] | None

    def __init__(self, inputs: int, outputs: int, *, bias: bool = True, key: PRNGKeyArray):
        self.kernel = lecun_normal(key, (inputs, outputs), max(inputs, 1))
        self.bias = jnp.zeros(outputs, jnp.float32) if bias else None

    def __call__(self, x: Float[AnyArray, "items inputs"]) -> Float[AnyArray, "items outputs"]:
        y = x @ self.kernel
        return y if self.bias is None else y + self.bias


class MLP(eqx.Module):
    """Dense(silu(Dense(x)))."""

    first: Dense
    second: Dense

    def __init__(self, inputs: int, hidden: int, outputs: int, *, bias: bool = True, key: PRNGKeyArray):
        one, two = jax.random.split(key)
        self.first = Dense(inputs, hidden, bias=bias, key=one)
        self.second = Dense(hidden, outputs, bias=bias, key=two)

    def __call__(self, x: Float[AnyArray, "items inputs"]) -> Float[AnyArray, "items outputs"]:
        return self.second(jax.nn.silu(self.first(x)))


class LayerNorm(eqx.Module):
    """(x - mean)/√(var + 1e-6) · scale + bias over the channels (Ba et al. 2016, arXiv:1607.06450)."""

    scale: Float[AnyArray, " channels"]
    bias: Float[AnyArray, " channels"]

    def __init__(self, features: int):
        self.scale, self.bias = jnp.ones(features, jnp.float32), jnp.zeros(features, jnp.float32)

    def __call__(self, x: Float[AnyArray, "atoms channels"]) -> Float[AnyArray, "atoms channels"]:
        mean = jnp.mean(x, axis=-1, keepdims=True)
        variance = jnp.mean((x - mean) ** 2, axis=-1, keepdims=True)
        return (x - mean) * jax.lax.rsqrt(variance + 1e-6) * self.scale + self.bias
