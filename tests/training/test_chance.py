"""What is random in a potential while it is trained: another draw in every step, the same when a step is repeated."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from morse import trimers

from eukrates.numerics import sum_by
from eukrates.potential import Potential, Prediction, Sum
from eukrates.training.batches import Batches
from eukrates.training.loss import Loss
from eukrates.training.optimiser import Optimiser, flatten, start
from eukrates.training.step import make_measure, make_step


class Thrown(Potential):
    """An energy per atom, times a number that is drawn while it is trained."""

    each: jax.Array
    factor: jax.Array | None = None
    cutoff = 1.0
    far_cutoff = None
    elements = None
    needs = ()

    def for_training(self, key):
        return eqx.tree_at(lambda p: p.factor, self, jax.random.uniform(key), is_leaf=lambda leaf: leaf is None)

    def __call__(self, graph):
        s = graph.system
        each = self.each if self.factor is None else self.factor * self.each
        energies = jnp.where(s.real, each, 0.0).astype(s.positions.dtype)
        energy = sum_by(energies, s.owner, s.systems)
        return Prediction(energy=energy, terms={"thrown": energy}, energies=energies)


def test_every_step_draws_anew_and_a_repeated_step_draws_the_same():
    potential, plan, loss = Thrown(jnp.array(1.0)), Optimiser(), Loss(forces=0.0)
    graph, goal = Batches(trimers(4, 0), potential.graph, 4, {}, 0).shuffled(0)
    theta, flat = flatten(potential)
    losses = {}
    for seed in (0, 1):
        step = make_step(flat, loss, plan, seed)
        for number in (0, 1, 0):
            state = eqx.tree_at(lambda s: s.step, start(jnp.array(theta), plan), jnp.int32(number))
            _, sums = step(state, graph, goal, np.ones((1, goal.weight.size), np.float32), 0.1)
            assert losses.setdefault((seed, number), float(sums["loss"][0])) == float(sums["loss"][0])
    assert len(set(losses.values())) == 4
    measured = make_measure(flat, loss)(theta, graph, goal)
    again = make_measure(flat, loss)(theta, graph, goal)
    assert float(measured["energy_loss"][0]) == float(again["energy_loss"][0])


def test_parts_of_a_sum_draw_by_themselves():
    both = Sum((Thrown(jnp.array(1.0)), Thrown(jnp.array(1.0)))).for_training(jax.random.key(0))
    one, two = (np.asarray(part.factor) for part in both.parts)
    assert one != two
