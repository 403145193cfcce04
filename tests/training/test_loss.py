"""The loss against the formula worked out by hand, with absent labels, weights and padding."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from eukrates.data.sample import Sample
from eukrates.matter import graph as graph_of
from eukrates.matter import system
from eukrates.models import SO3krates
from eukrates.numerics import sum_by
from eukrates.potential import Potential, Prediction
from eukrates.shapes import AnyArray
from eukrates.training import Loss
from eukrates.training.batches import Batches
from eukrates.training.loss import errors
from eukrates.training.metrics import Tally, pooled


def within(cutoff):
    return lambda structure: graph_of(structure, cutoff)


def sample(n, energy=None, forces=None, weight=1.0, **labels):
    positions = np.arange(3.0 * n).reshape(n, 3)
    return Sample(system([1] * n, positions), energy=energy, forces=forces, weight=weight, name=f"s{n}", **labels)


@pytest.fixture
def batch():
    """Two structures: two atoms with both labels and weight 3, three atoms with forces only."""
    pair = sample(2, energy=-27.0, forces=np.ones((2, 3)), weight=3.0)
    trio = sample(3, forces=np.full((3, 3), 2.0))
    return next(Batches([pair, trio], within(3.0), 2, {"H": -13.0}, 0).in_order())


def test_the_loss_is_equation_1(batch):
    graph, goal = batch
    atoms = graph.system.atoms
    found = Prediction(
        energy=jnp.asarray([-26.5, -40.0, 0.0]),
        terms={"atoms": jnp.asarray([-26.0, -39.0, 0.0]), "network": jnp.asarray([-0.5, -1.0, 0.0])},
        forces=jnp.zeros((atoms, 3)),
    )
    sums = errors(found, graph, goal)
    # energy: only the pair has it; relative label -1, prediction -0.5, two atoms, weight 3
    assert float(sums["energy_loss"]) == pytest.approx(3 * (0.5 / 2) ** 2)
    assert float(sums["energy_norm"]) == pytest.approx(3.0)
    assert float(sums["energy_abs"]) == pytest.approx(0.5)
    # forces: two atoms of weight 3 and error 1, three atoms of weight 1 and error 2
    assert float(sums["forces_loss"]) == pytest.approx(3 * 2 * 1 + 3 * 4)
    assert float(sums["forces_norm"]) == pytest.approx(3 * 2 + 3)
    assert float(sums["forces_count"]) == 15
    tally = Tally()
    tally.add({name: value[None] for name, value in sums.items()})
    metrics = pooled(tally.metrics(Loss(energy=2.0, forces=1.0)))
    assert metrics["loss"] == pytest.approx(2 * 0.0625 + 18 / 9)
    assert metrics["forces_mae"] == pytest.approx((6 * 1 + 9 * 2) / 15)
    assert metrics["energy_rmse"] == pytest.approx(0.5)


def test_the_loss_by_structures_is_equation_2(batch):
    graph, goal = batch
    found = Prediction(
        energy=jnp.asarray([-0.5, -1.0, 0.0]),
        terms={"network": jnp.asarray([-0.5, -1.0, 0.0])},
        forces=jnp.zeros((graph.system.atoms, 3)),
    )
    sums = errors(found, graph, goal, "structures")
    assert float(sums["energy_loss"]) == pytest.approx(3 * 0.5**2 / 2**0.5)
    assert float(sums["energy_norm"]) == pytest.approx(3.0)
    # forces: the mean over atoms is 1 in a structure of weight 3 and 4 in one of weight 1
    assert float(sums["forces_loss"]) == pytest.approx(3 * 1 + 4)
    assert float(sums["forces_norm"]) == pytest.approx(3 + 1)
    assert float(sums["forces_abs"]) == pytest.approx(6 * 1 + 9 * 2)


def test_padding_does_not_count(batch):
    graph, goal = batch
    found = Prediction(
        energy=jnp.full(3, 1e6),
        terms={"network": jnp.asarray([-1.0, 0.0, 1e6])},
        forces=jnp.full((graph.system.atoms, 3), 1e6),
    )
    forces = found.forces.at[:5].set(goal.forces[:5])
    sums = errors(Prediction(found.energy, found.terms, forces=forces), graph, goal)
    assert float(sums["energy_loss"]) == pytest.approx(0.0, abs=1e-10)
    assert float(sums["forces_loss"]) == 0.0


def test_stress_enters_as_virial_per_atom():
    cell = 2.0 * np.eye(3)
    box = Sample(system([1, 1], [[0, 0, 0], [1, 1, 1.0]], cell), stress=np.full((3, 3), 0.5), name="box")
    graph, goal = next(Batches([box], within(1.9), 1, {}, 0).in_order())
    found = Prediction(jnp.zeros(2), {"network": jnp.zeros(2)}, stress=jnp.zeros((2, 3, 3)))
    assert float(errors(found, graph, goal)["stress_loss"]) == pytest.approx((8.0 * 0.5 / 2) ** 2)


class Ions(Potential):
    """Fluorine has the charge -q, hydrogen +q; no energy."""

    q: AnyArray
    cutoff, far_cutoff, elements, needs = 3.0, None, None, ()

    def __call__(self, graph):
        s = graph.system
        charges = self.q * jnp.where(s.numbers == 9, -1.0, 1.0) * s.real
        nothing = jnp.zeros(s.systems)
        dipole = sum_by(charges[:, None] * s.positions, s.owner, s.systems)
        return Prediction(nothing, {"pairs": nothing}, dipole=dipole, charges=charges, hirshfeld_ratios=2 * charges)


def test_the_loss_of_dipoles_is_that_of_equation_1_and_so_is_its_slope():
    bond = lambda length, **labels: Sample(system([9, 1], [[5.0, 1, 1], [5, 1, 1 + length]]), name="HF", **labels)
    samples = [
        bond(1.0, dipole=np.array([0.0, 0.0, 0.4])),  # predicted q
        bond(2.0, dipole=np.array([0.3, 0.0, 0.8]), weight=3.0),  # predicted 2 q
        bond(1.5, energy=1.0),  # has no dipole and does not count
    ]
    graph, goal = next(Batches(samples, within(3.0), 3, {}, 0).in_order())
    loss = Loss(energy=0.0, forces=0.0, dipole=7.0)
    q = 0.5
    value, slope = jax.value_and_grad(lambda q: loss(Ions(q), graph, goal)[0])(jnp.float32(q))
    by_hand = ((q - 0.4) ** 2 + 3 * (0.3**2 + (2 * q - 0.8) ** 2)) / 3 / (1 + 3)
    assert float(value) == pytest.approx(7 * by_hand, rel=1e-5)
    assert float(slope) == pytest.approx(7 * (2 * (q - 0.4) + 3 * 2 * 2 * (2 * q - 0.8)) / 3 / 4, rel=1e-5)
    sums = loss(Ions(jnp.float32(q)), graph, goal)[1]
    assert float(sums["dipole_count"]) == 6
    assert float(sums["dipole_abs"]) == pytest.approx(0.1 + 0.3 + 0.2, rel=1e-5)


def test_the_losses_of_atoms_are_those_of_equation_1_and_so_are_their_slopes():
    bond = lambda length, **labels: Sample(system([9, 1], [[5.0, 1, 1], [5, 1, 1 + length]]), name="HF", **labels)
    samples = [
        bond(1.0, charges=np.array([-0.4, 0.4])),  # predicted -q, q
        bond(2.0, charges=np.array([-0.3, 0.3]), hirshfeld_ratios=np.array([0.0, 0.9]), weight=3.0),  # 2q for h
        bond(1.5, energy=1.0),  # has neither and does not count
    ]
    graph, goal = next(Batches(samples, within(3.0), 3, {}, 0).in_order())
    loss = Loss(energy=0.0, forces=0.0, charges=7.0, hirshfeld_ratios=2.0)
    q = 0.5
    value, slope = jax.value_and_grad(lambda q: loss(Ions(q), graph, goal)[0])(jnp.float32(q))
    charges = (2 * (q - 0.4) ** 2 + 3 * 2 * (q - 0.3) ** 2) / (2 + 6)
    ratios = 3 * ((-2 * q - 0.0) ** 2 + (2 * q - 0.9) ** 2) / 6
    assert float(value) == pytest.approx(7 * charges + 2 * ratios, rel=1e-5)
    by_hand = 7 * (4 * (q - 0.4) + 12 * (q - 0.3)) / 8 + 2 * 3 * (8 * q + 4 * (2 * q - 0.9)) / 6
    assert float(slope) == pytest.approx(by_hand, rel=1e-5)
    sums = loss(Ions(jnp.float32(q)), graph, goal)[1]
    assert (float(sums["charges_count"]), float(sums["hirshfeld_ratios_count"])) == (4, 2)
    assert float(sums["charges_abs"]) == pytest.approx(2 * 0.1 + 2 * 0.2, rel=1e-5)


def test_the_loss_refuses_nonsense():
    for weights in ({"energy": -1.0}, {"energy": 0.0, "forces": 0.0}):
        with pytest.raises(ValueError, match="weights ≥ 0"):
            Loss(**weights)


def test_batches_of_an_epoch_hold_every_structure_once_and_depend_on_the_seed():
    samples = [sample(n, energy=0.0) for n in (1, 2, 3, 4, 5, 2, 3)]
    batches = Batches(samples, within(4.0), 3, {}, seed=7)
    for epoch in range(3):
        seen = np.concatenate([batches.members(epoch, n) for n in range(batches.per_epoch)])
        assert sorted(seen) == list(range(7))
    assert not np.array_equal(batches.order(0), batches.order(1))
    np.testing.assert_array_equal(batches.order(2), Batches(samples, within(4.0), 3, {}, seed=7).order(2))
    assert not np.array_equal(batches.order(2), Batches(samples, within(4.0), 3, {}, seed=8).order(2))
    assert len(batches.shapes) <= 2
    for step in range(2 * batches.per_epoch):
        graph, goal = batches.shuffled(step)
        assert graph.system.real.sum() == goal.sizes[: int(goal.has_energy.sum())].sum()


def test_structures_with_and_without_a_stated_charge_share_batches():
    silent, neutral = system([1], [[0, 0, 0]]), system([1], [[0, 0, 0]], charge=0.0, spin=1.0)
    graph, _ = Batches([Sample(silent, energy=0.0), Sample(neutral, energy=0.0)], within(3.0), 2, {}, 0).shuffled(0)
    assert (graph.system.charge, graph.system.spin) == (None, None)
    graph, _ = Batches([Sample(neutral, energy=0.0)], within(3.0), 1, {}, 0).shuffled(0)
    assert [float(x[0]) for x in (graph.system.charge, graph.system.spin)] == [0.0, 1.0]


def test_large_coordinates_do_not_cost_precision():
    near = system([1, 8], [[0, 0, 0], [0.7, 0.1, 0.2]])
    far = system([1, 8], near.positions + 1e5)
    for s in (near, far):
        graph, _ = next(Batches([Sample(s, energy=0.0)], within(3.0), 1, {}, 0).in_order())
        r = np.asarray(graph.vectors(graph.near))[0]
        np.testing.assert_allclose(r, [0.7, 0.1, 0.2], atol=1e-6)


def test_a_model_that_knows_e0_is_trained_on_what_is_left():
    from eukrates.potential import evaluate

    model = SO3krates(["H"], features=12, layers=1, e0={"H": -1e6}, key=jax.random.key(0))
    two = Sample(system([1, 1], [[0, 0, 0], [0, 0, 0.8]]), energy=-2e6 - 4.5)
    graph, goal = next(Batches([two], within(5.0), 1, model.e0, 0).in_order())
    assert float(goal.energy[0]) == pytest.approx(-4.5, abs=1e-6)
    sums = errors(evaluate(model, graph, ("energy",)), graph, goal)
    network = float(evaluate(model, graph, ("energy",)).terms["network"][0])
    zbl = float(evaluate(model, graph, ("energy",)).terms["zbl"][0])
    assert float(sums["energy_abs"]) == pytest.approx(abs(network + zbl + 4.5), rel=1e-5)
