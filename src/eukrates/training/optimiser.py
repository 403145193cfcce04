"""AdamW and AMSGrad on one flat vector of parameters.

All trainable arrays are laid end to end in a single float32 vector θ, so that the optimiser, the clipping and the
average are a handful of fused operations instead of several per array, and a checkpoint is a few long arrays.
"""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Bool, Float, Int

from eukrates.numerics import cast, is_float
from eukrates.potential import Potential


@dataclass(frozen=True)
class Optimiser:
    """AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101), or AMSGrad with the same decoupled decay.

    Args:
        learning_rate: the highest one, after the warm-up of the schedule.
        weight_decay: pulls matrices to zero, not biases, scales and physical constants; 0.01 is common.
        clip: longer gradients are scaled down to this norm.
        amsgrad: never enlarge a step again that a large gradient has shortened (Reddi et al. 2018, arXiv:1904.09237).
        ema: decay per step of the running average of the weights, which is what is validated and kept; 0: none.
    """

    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    clip: float = 10.0
    amsgrad: bool = False
    ema: float = 0.999

    def __post_init__(self):
        if not (self.learning_rate > 0 and self.weight_decay >= 0 and self.clip > 0 and 0 <= self.ema < 1):
            raise ValueError(f"Expected learning_rate > 0, weight_decay ≥ 0, clip > 0, 0 ≤ ema < 1; got {self}.")

    @property
    def moves(self) -> optax.GradientTransformation:
        """The update direction before the learning rate."""
        adam = optax.scale_by_amsgrad() if self.amsgrad else optax.scale_by_adam()
        return optax.chain(optax.clip_by_global_norm(self.clip), adam)


class TrainingState(eqx.Module):
    """All that changes in training, apart from the host's bookkeeping."""

    theta: Float[Array, " parameters"]
    average: Float[Array, " parameters"]  # exponential moving average of theta
    moments: optax.OptState
    step: Int[Array, ""]
    failed: Int[Array, ""]  # the first step with a gradient that is not finite, -1 if none; nothing moves after it


class Flat(eqx.Module):
    """The way between a potential and its vector of trainable parameters."""

    frozen: Potential  # the potential without its trainable arrays
    unravel: jax.tree_util.Partial
    decayed: Bool[np.ndarray, " parameters"]

    def potential(self, theta: Float[Array, " parameters"]) -> Potential:
        """The potential with these parameters."""
        return eqx.combine(self.unravel(theta), self.frozen)


def flatten(potential: Potential) -> tuple[Float[Array, " parameters"], Flat]:
    """θ and the way back. All floating-point arrays are trainable, in float32."""
    trainable, frozen = eqx.partition(cast(potential, "float32"), is_float)
    theta, unravel = ravel_pytree(trainable)
    masks = [np.full(np.size(leaf), np.ndim(leaf) >= 2) for leaf in jax.tree.leaves(trainable)]
    return theta, Flat(frozen, jax.tree_util.Partial(unravel), np.concatenate(masks))


def start(theta: Float[Array, " parameters"], optimiser: Optimiser) -> TrainingState:
    """The state before the first step."""
    return TrainingState(
        theta=theta,
        average=jnp.array(theta, copy=True),
        moments=optimiser.moves.init(theta),
        step=jnp.zeros((), jnp.int32),
        failed=jnp.full((), -1, jnp.int32),
    )
