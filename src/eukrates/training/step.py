"""One step of optimisation, compiled."""

from collections.abc import Callable
from typing import cast

import jax
import jax.numpy as jnp

from eukrates.training.loss import Loss
from eukrates.training.optimiser import Flat, Optimiser, TrainingState


def make_step(flat: Flat, loss: Loss, optimiser: Optimiser, seed: int) -> Callable:
    """(state, graph, targets, learning rate) → (state, sums of errors, "loss" and "gradient"), compiled once a shape.

    A step whose gradient is not finite changes nothing and is remembered in `state.failed`. What is random in a
    potential for training depends on the seed and the number of the step alone, so that a resumed run repeats it.
    """
    moves = optimiser.moves

    def step(state: TrainingState, fixed, graph, goal, rate):
        key = jax.random.fold_in(jax.random.key(seed), state.step)

        def objective(theta):
            return loss(flat.potential(theta, fixed).for_training(key), graph, goal)

        (value, sums), gradient = jax.value_and_grad(objective, has_aux=True)(state.theta)
        size = jnp.sqrt(jnp.sum(gradient**2))
        fine = jnp.isfinite(value) & jnp.isfinite(size) & (state.failed < 0)
        direction, moments = moves.update(gradient, state.moments, state.theta)
        theta = state.theta - rate * (
            cast(jax.Array, direction) + optimiser.weight_decay * jnp.where(flat.decayed, state.theta, 0.0)
        )
        decay = jnp.minimum(optimiser.ema, (1.0 + state.step) / (10.0 + state.step))
        average = decay * state.average + (1 - decay) * theta
        moved = TrainingState(theta, average, moments, state.step + 1, state.failed)
        kept = TrainingState(
            state.theta,
            state.average,
            state.moments,
            state.step + 1,
            jnp.where(state.failed < 0, state.step, state.failed),
        )
        chosen = jax.tree.map(lambda new, old: jnp.where(fine, new, old), moved, kept)
        return chosen, sums | {"loss": value, "gradient": size}

    compiled = jax.jit(step, donate_argnums=0)
    return lambda state, graph, goal, rate: compiled(state, flat.fixed, graph, goal, rate)


def make_measure(flat: Flat, loss: Loss) -> Callable:
    """(parameters, graph, targets) → sums of errors, compiled once a shape; for validation."""

    def measure(theta, fixed, graph, goal):
        _, sums = loss(flat.potential(theta, fixed), graph, goal)
        return sums

    compiled = jax.jit(measure)
    return lambda theta, graph, goal: compiled(theta, flat.fixed, graph, goal)
