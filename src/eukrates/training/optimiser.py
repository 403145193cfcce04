"""AdamW and AMSGrad on one flat vector of parameters.

All arrays that move are laid end to end in a single float32 vector θ, so that the optimiser, the clipping and the
average are a handful of fused operations instead of several per array, and a checkpoint is a few long arrays.
"""

from collections.abc import Container
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Bool, Float, Int

from eukrates.numerics import cast, is_float
from eukrates.potential import Potential, named_parameters, trainable_parameters, with_parameters


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
    """The way between a potential and the vector of its parameters that move."""

    rest: Potential  # the potential with the shapes of its parameters
    fixed: dict[str, Array]  # parameters that do not move, in float32, by name
    exact: dict[str, Array | np.ndarray]  # all parameters as they came
    unravel: jax.tree_util.Partial  # θ → parameters that move, by name
    decayed: Bool[np.ndarray, " parameters"]

    def potential(self, theta: Float[Array, " parameters"], fixed: dict[str, Array] | None = None) -> Potential:
        """The potential in float32 with these parameters. Compiled code takes `fixed` as an argument: constants of
        that size would be slow to compile."""
        return with_parameters(self.rest, self.unravel(theta) | (self.fixed if fixed is None else fixed))

    def finished(self, theta: Float[Array, " parameters"]) -> Potential:
        """The potential in the precision in which it came; what does not move has not changed by a bit."""
        with jax.enable_x64(True):
            moved = {name: jnp.asarray(a, self.exact[name].dtype) for name, a in self.unravel(theta).items()}
        return with_parameters(self.rest, self.exact | moved)


def flatten(potential: Potential, moving: Container[str] | None = None) -> tuple[Float[Array, " parameters"], Flat]:
    """θ and the way back. `moving` has the names of the parameters that move; None: all but `Constants`."""
    if moving is None:
        moving = {name for name, _ in trainable_parameters(potential)}
    exact = dict(named_parameters(potential))
    single = dict(named_parameters(cast(potential, "float32")))
    trainable = {name: a for name, a in single.items() if name in moving}
    theta, unravel = ravel_pytree(trainable)
    masks = [np.full(np.size(leaf), np.ndim(leaf) >= 2) for leaf in jax.tree.leaves(trainable)]
    fixed = {name: a for name, a in single.items() if name not in trainable}
    shape = lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) if is_float(leaf) else leaf
    rest = jax.tree.map(shape, potential)
    return theta, Flat(rest, fixed, exact, jax.tree_util.Partial(unravel), np.concatenate(masks))


def start(theta: Float[Array, " parameters"], optimiser: Optimiser) -> TrainingState:
    """The state before the first step."""
    return TrainingState(
        theta=theta,
        average=jnp.array(theta, copy=True),
        moments=optimiser.moves.init(theta),
        step=jnp.zeros((), jnp.int32),
        failed=jnp.full((), -1, jnp.int32),
    )
