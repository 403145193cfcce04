"""One step of optimisation, compiled."""

from collections.abc import Callable
from typing import cast

import jax
import jax.numpy as jnp

from eukrates.training.loss import Loss
from eukrates.training.optimiser import Flat, Optimiser, TrainingState
from eukrates.training.targets import weighted


def make_step(flat: Flat, loss: Loss, optimiser: Optimiser, seed: int) -> Callable:
    """(state, graph, targets, seen, learning rate) → (state, sums of errors, "loss" and "gradient" by member), compiled
    once a shape. `seen` [members, systems] is 1 for the structures that a member learns from, else 0.

    Each member follows the gradient of its own loss; the graph and all that depends on it alone is evaluated once. A
    step whose gradient is not finite changes nothing in that member and is remembered in `state.failed`. What is random
    in a potential for training depends on the seed, the number of the step and the member alone, so that a resumed run
    repeats it.
    """
    moves = optimiser.moves

    def step(state: TrainingState, fixed, graph, goal, seen, rate):
        count = state.step

        def one(theta, average, moments, failed, fixed, seen, key):
            def objective(theta):
                return loss(flat.potential(theta, fixed).for_training(key), graph, weighted(goal, seen))

            (value, sums), gradient = jax.value_and_grad(objective, has_aux=True)(theta)
            size = jnp.sqrt(jnp.sum(gradient**2))
            fine = jnp.isfinite(value) & jnp.isfinite(size) & (failed < 0)
            direction, moved = moves.update(gradient, moments, theta)
            decay = optimiser.weight_decay * jnp.where(flat.decayed, theta, 0.0)
            new = theta - rate * (cast(jax.Array, direction) + decay)
            forget = jnp.minimum(optimiser.ema, (1.0 + count) / (10.0 + count))
            moved = new, forget * average + (1 - forget) * new, moved
            kept = jax.tree.map(lambda a, b: jnp.where(fine, a, b), moved, (theta, average, moments))
            failed = jnp.where(fine | (failed >= 0), failed, count)
            return *kept, failed, sums | {"loss": value, "gradient": size}

        keys = jax.random.split(jax.random.fold_in(jax.random.key(seed), count), flat.members)
        theta, average, moments, failed, sums = _each(one, flat.members)(
            state.theta, state.average, state.moments, state.failed, fixed, seen, keys
        )
        return TrainingState(theta, average, state.best, moments, count + 1, failed), sums

    compiled = jax.jit(step, donate_argnums=0)
    return lambda state, graph, goal, seen, rate: compiled(state, flat.fixed, graph, goal, seen, rate)


def make_measure(flat: Flat, loss: Loss) -> Callable:
    """(parameters, graph, targets) → sums of errors by member, compiled once a shape; for validation."""

    def measure(theta, fixed, graph, goal):
        def one(theta, fixed):
            return loss(flat.potential(theta, fixed), graph, goal)[1]

        return _each(one, flat.members)(theta, fixed)

    compiled = jax.jit(measure)
    return lambda theta, graph, goal: compiled(theta, flat.fixed, graph, goal)


def _each(function: Callable, members: int) -> Callable:
    """`function` over the leading axis of all its arguments; a single member is spared an axis in the compiled code."""
    if members > 1:
        return jax.vmap(function)
    return lambda *args: jax.tree.map(lambda a: a[None], function(*jax.tree.map(lambda a: a[0], args)))
