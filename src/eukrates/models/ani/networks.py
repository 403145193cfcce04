"""The networks of ANI: one for each element, the members of an ensemble side by side."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from eukrates.shapes import AnyArray

ALPHA = 0.1  # of CELU


class Layer(eqx.Module):
    """W x + b of every member."""

    weight: Float[AnyArray, "members outputs inputs"]
    bias: Float[AnyArray, "members outputs"]

    def __init__(self, members: int, inputs: int, outputs: int, *, key: PRNGKeyArray):
        """Weights of variance 1/inputs, as He et al. 2015 (arXiv:1502.01852) for linear units; biases of zero."""
        self.weight = jax.random.normal(key, (members, outputs, inputs), jnp.float32) / inputs**0.5
        self.bias = jnp.zeros((members, outputs), jnp.float32)


class ElementNetwork(eqx.Module):
    """Energies of atoms of one element from their environment: CELU(α = 0.1) between affine maps, none at the end."""

    layers: tuple[Layer, ...]

    def __init__(self, members: int, inputs: int, hidden: Sequence[int], *, key: PRNGKeyArray):
        widths, keys = (inputs, *hidden, 1), jax.random.split(key, len(hidden) + 1)
        each = zip(widths, widths[1:], keys, strict=False)
        self.layers = tuple(Layer(members, one, other, key=k) for one, other, k in each)

    def __call__(self, x: Float[AnyArray, "atoms inputs"]) -> Float[Array, "members atoms"]:
        first, *rest = self.layers
        members, width, inputs = first.weight.shape
        wide = x @ first.weight.reshape(members * width, inputs).T  # the members share what they read
        y = jnp.moveaxis(wide.reshape(-1, members, width), 1, 0) + first.bias[:, None]
        for layer in rest:
            y = jnp.einsum("mai,moi->mao", jax.nn.celu(y, ALPHA), layer.weight) + layer.bias[:, None]
        return y[..., 0]
