"""AdamW and AMSGrad on one flat vector of parameters, one for each member of an ensemble.

All arrays that move are laid end to end in a single float32 vector θ, so that the optimiser, the clipping and the
average are a handful of fused operations instead of several per array, and a checkpoint is a few long arrays. Members
of an ensemble stand side by side along a leading axis; a single potential is an ensemble of one.
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
from eukrates.potential import Potential, ensemble_of, named_parameters, trainable_parameters, with_parameters


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

    theta: Float[Array, "members parameters"]
    average: Float[Array, "members parameters"]  # exponential moving average of theta
    best: Float[Array, "members parameters"]  # the average of each member where it did best in validation
    moments: optax.OptState
    step: Int[Array, ""]
    failed: Int[Array, " members"]  # the first step with a gradient that is not finite, -1 if none; it stops the member


class Flat(eqx.Module):
    """The way between members of an ensemble and the vectors of their parameters that move."""

    rest: Potential  # a member with the shapes of its parameters
    fixed: dict[str, Array]  # parameters that do not move, in float32, by name, with a leading axis of members
    exact: tuple[dict[str, Array | np.ndarray], ...]  # all parameters of each member as they came
    unravel: jax.tree_util.Partial  # θ → parameters that move, by name
    decayed: Bool[np.ndarray, " parameters"]

    @property
    def members(self) -> int:
        """How many there are."""
        return len(self.exact)

    def potential(self, theta: Float[Array, " parameters"], fixed: dict[str, Array]) -> Potential:
        """A member in float32 with these parameters. Compiled code takes its `fixed` as an argument: constants of that
        size would be slow to compile."""
        return with_parameters(self.rest, self.unravel(theta) | fixed)

    def finished(self, theta: Float[Array, "members parameters"]) -> Potential:
        """The ensemble in the precision in which it came; what does not move has not changed by a bit."""
        each = zip(theta, self.exact, strict=True)
        return ensemble_of([self._finished(one, exact) for one, exact in each])

    def _finished(self, theta: Array, exact: dict[str, Array | np.ndarray]) -> Potential:
        with jax.enable_x64(True):
            moved = {name: jnp.asarray(a, exact[name].dtype) for name, a in self.unravel(theta).items()}
        return with_parameters(self.rest, exact | moved)


def flatten(
    potential: Potential, moving: Container[str] | None = None
) -> tuple[Float[Array, "members parameters"], Flat]:
    """θ of every member of `potential` and the way back.

    Args:
        potential: an ensemble, or a single potential.
        moving: names of the parameters of a member that move; None: all but `Constants`.

    Raises:
        ValueError: members of several architectures.
    """
    members = potential.apart()
    shape = lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) if is_float(leaf) else leaf
    rest, *others = (jax.tree.map(shape, member) for member in members)
    if any(not eqx.tree_equal(other, rest) for other in others):
        raise ValueError("Members of an ensemble can be trained together where they differ in nothing but weights.")
    if moving is None:
        moving = {name for name, _ in trainable_parameters(members[0])}
    single = [dict(named_parameters(cast(member, "float32"))) for member in members]
    trainable = [{name: a for name, a in one.items() if name in moving} for one in single]
    flat, ways = zip(*map(ravel_pytree, trainable), strict=True)
    masks = [np.full(np.size(leaf), np.ndim(leaf) >= 2) for leaf in jax.tree.leaves(trainable[0])]
    fixed = {name: jnp.stack([one[name] for one in single]) for name in single[0] if name not in trainable[0]}
    exact = tuple(dict(named_parameters(member)) for member in members)
    return jnp.stack(flat), Flat(rest, fixed, exact, jax.tree_util.Partial(ways[0]), np.concatenate(masks))


def start(theta: Float[Array, "members parameters"], optimiser: Optimiser) -> TrainingState:
    """The state before the first step."""
    return TrainingState(
        theta=theta,
        average=jnp.array(theta, copy=True),
        best=jnp.array(theta, copy=True),
        moments=jax.vmap(optimiser.moves.init)(theta),
        step=jnp.zeros((), jnp.int32),
        failed=jnp.full(theta.shape[:1], -1, jnp.int32),
    )
