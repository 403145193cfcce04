"""Ensembles trained in one run: every member as if it were alone, with its own first weights, data and best epoch."""

import json

import jax
import numpy as np
import pytest
from morse import trimers

from eukrates.models import ANI, SO3krates, SpookyNet, load, save, with_e0
from eukrates.models.catalogue import build
from eukrates.potential import Ensemble, FreeAtoms, ensemble_of, free_atom_energies, named_parameters, predict
from eukrates.training import Optimiser, Plan, Run, Schedule, choose
from eukrates.training.batches import seen_by
from eukrates.training.optimiser import flatten
from eukrates.training.step import make_step
from eukrates.training.targets import weighted

RADIAL = {"cutoff": 4.0, "eta": 8.0, "shifts": [1.0, 2.0, 3.0]}
ANGULAR = {"cutoff": 3.0, "eta": 8.0, "zeta": 8.0, "shifts": [1.0, 2.0], "sections": [0.5, 1.5, 2.5]}


def network(seed, **options):
    return SO3krates(["H", "O"], features=12, layers=1, heads=2, basis_size=8, key=jax.random.key(seed), **options)


def ani(members=1, seed=0, **options):
    shape = {"radial": RADIAL, "angular": ANGULAR, "hidden": (6, 4), "members": members}
    return ANI(["H", "O"], **shape, key=jax.random.key(seed), **options)


def run(potential, folder, plan, train=24):
    return Run(potential, trimers(train, seed=1), trimers(8, seed=2), plan, folder, save)


def parameters(potential):
    return {name: np.asarray(a) for name, a in named_parameters(potential)}


def furthest(one, other):
    a, b = parameters(one), parameters(other)
    return max(np.max(np.abs(a[name] - b[name])) for name in a)


def same(one, other):
    return furthest(one, other) == 0.0


def test_every_member_is_trained_as_if_it_were_alone(tmp_path):
    plan = Plan(epochs=3, batch_size=8, optimiser=Optimiser(weight_decay=0.1, ema=0.5))
    together = load(run(Ensemble((network(1), network(2))), tmp_path / "both", plan)().last)
    assert isinstance(together, Ensemble)
    alone = load(run(network(2), tmp_path / "alone", plan)().last)
    assert furthest(network(2), alone) > 1e-3
    assert furthest(together.parts[1], alone) < 2e-5
    assert furthest(together.parts[0], alone) > 1e-3


def test_the_members_of_ani_go_their_own_ways_and_come_back_as_one_potential(tmp_path):
    model, plan = ani(3), Plan(epochs=2, batch_size=8)
    trained = load(run(model, tmp_path, plan)().best)
    assert isinstance(trained, ANI)
    assert trained.members == 3
    alone = load(run(model.apart()[1], tmp_path / "alone", plan)().best)
    assert furthest(trained.apart()[1], alone) < 2e-5


def test_each_member_keeps_its_own_best_epoch(tmp_path):
    rough = {"optimiser": Optimiser(learning_rate=0.3, ema=0.0), "schedule": Schedule(kind="constant")}
    plan = Plan(epochs=12, batch_size=8, **rough)
    training = run(ani(3), tmp_path, plan)
    trained = training()
    card = json.loads(json.dumps(training.notes))
    assert len(set(card["best_epochs"])) > 1
    assert trained.epoch == max(card["best_epochs"])
    best = load(trained.best).apart()
    losses = [training.measure(training.state.best, *batch) for batch in training.validation.in_order()]
    again = sum(np.asarray(x["energy_loss"]) for x in losses) / sum(np.asarray(x["energy_norm"]) for x in losses)
    again += sum(np.asarray(x["forces_loss"]) for x in losses) / sum(np.asarray(x["forces_norm"]) for x in losses)
    np.testing.assert_allclose(again, card["best_metrics"]["loss"], rtol=1e-5)
    assert len(best) == 3


def test_a_killed_ensemble_goes_on_to_the_same_bits(tmp_path):
    plan = Plan(epochs=4, batch_size=5, checkpoint_minutes=0.0, left_out=0.25)
    whole = run(ani(2), tmp_path / "whole", plan)()
    part = run(ani(2), tmp_path / "part", plan)

    class Killed(Exception):
        pass

    def kill(progress):
        if progress.step > 7:
            raise Killed

    with pytest.raises(Killed):
        part(kill)
    resumed = run(ani(2), tmp_path / "part", plan)
    assert resumed.resume()
    ended = resumed()
    for name in ("best", "last"):
        assert same(load(getattr(whole, name)), load(getattr(ended, name)))
    assert (tmp_path / "whole/metrics.jsonl").read_text() == (tmp_path / "part/metrics.jsonl").read_text()


def test_left_out_structures_have_no_say_in_a_member(tmp_path):
    training = run(ani(2), tmp_path, Plan(epochs=1, batch_size=24))
    graph, goal = training.batches.shuffled(0)
    seen = np.ones((2, goal.weight.size), np.float32)
    seen[1, :3] = 0.0
    step = make_step(training.flat, training.plan.loss, training.plan.optimiser, 0)
    _, sums = step(training.state, graph, goal, seen, np.float32(1e-3))
    counts = np.asarray(sums["energy_count"])
    assert counts.tolist() == [24, 21]
    fewer = training.plan.loss(ani(2).apart()[1], graph, weighted(goal, seen[1]))[0]
    assert float(sums["loss"][1]) == pytest.approx(float(fewer), rel=1e-5)


def test_members_leave_out_other_structures_and_together_none():
    seen = seen_by(4, 20, 0.25, seed=3)
    assert np.all(seen.sum(axis=1) == 15)
    assert np.all((~seen).sum(axis=0) == 1)
    assert np.array_equal(seen, seen_by(4, 20, 0.25, seed=3))
    assert np.all(seen_by(2, 5, 0.0, 0))
    with pytest.raises(ValueError, match="for ensembles"):
        seen_by(1, 20, 0.25, 0)
    with pytest.raises(ValueError, match="of 20 structures that is none"):
        seen_by(4, 20, 0.01, 0)
    with pytest.raises(ValueError, match="leave out 2 of 2"):
        seen_by(3, 2, 0.9, 0)


def test_members_that_are_listed_begin_with_weights_of_their_own():
    spec = {"so3krates": {"elements": ["H", "O"], "features": 12, "layers": 1, "heads": 2}}
    one, other = build({"ensemble": {"parts": [spec, spec]}}, key=jax.random.key(0)).parts
    assert furthest(one, other) > 0.1


def test_members_of_several_shapes_are_refused(tmp_path):
    with pytest.raises(ValueError, match="nothing but weights"):
        run(Ensemble((ani(), ani(scale=2.0))), tmp_path, Plan(epochs=1))


def test_ensembles_come_apart_and_together():
    model = ani(3, e0={"H": -1.0, "O": -2.0})
    assert same(ensemble_of(model.apart()), model)
    assert isinstance(ensemble_of([ani(), ani(scale=2.0)]), Ensemble)
    both = Ensemble((network(1), network(2)))
    assert ensemble_of(both.apart()).parts == both.parts
    mixed = model + FreeAtoms({"H": -0.5, "O": -0.25})
    assert len(mixed.apart()) == 3
    system = trimers(1, seed=0)[0].system
    whole, apart = (predict(p, mixed.graph(system)) for p in (mixed, ensemble_of(mixed.apart())))
    assert free_atom_energies(mixed) == free_atom_energies(ensemble_of(mixed.apart())) == {"H": -1.5, "O": -2.25}
    again = with_e0(ensemble_of(mixed.apart()), {"H": 5.0, "O": 6.0})
    assert free_atom_energies(again) == {"H": 5.0, "O": 6.0}
    np.testing.assert_allclose(apart.energy_by_member, whole.energy_by_member, rtol=1e-6)
    with pytest.raises(ValueError, match="cannot be added"):
        (ani(2) + ani(3)).apart()
    with pytest.raises(ValueError, match="at least one"):
        ensemble_of([])


def test_frozen_layers_keep_every_bit_in_every_member(tmp_path):
    model, move = ani(2), ("networks.*.layers.1",)
    told = choose(model, move)
    assert told.members == 2
    assert told.parameters == 2 * 2 * (4 * 6 + 4)
    assert "In each of 2 members" in told.text()
    trained = parameters(load(run(model, tmp_path, Plan(epochs=2, batch_size=8, move=move))().last))
    for name, before in parameters(model).items():
        assert np.array_equal(before, trained[name]) == ("layers.1." not in name)


def test_layers_of_spookynet_are_frozen_in_every_member():
    both = Ensemble(tuple(SpookyNet(["H", "O"], features=8, layers=2, key=jax.random.key(n)) for n in range(2)))
    told = choose(both, ("blocks.1",))
    assert told.members == 2
    theta, flat = flatten(both, told.names)
    assert theta.shape == (2, told.parameters // 2)
    moved = flat.finished(theta + 0.5)
    for name, before in parameters(both).items():
        of_member = name.split(".", 2)[2]  # after parts.0
        assert np.array_equal(before, parameters(moved)[name]) == (of_member not in told.names)
    assert furthest(moved, both) == pytest.approx(0.5, rel=1e-6)


def test_plateaus_end_the_training(tmp_path):
    schedule = Schedule(kind="plateau", patience=1, factor=0.1, final=0.05)
    plan = Plan(epochs=200, batch_size=8, schedule=schedule, optimiser=Optimiser(learning_rate=1.0))
    trained = run(ani(2), tmp_path, plan)()
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert trained.stopped_early
    assert len(rows) < 200
    assert min(row["learning_rate"] for row in rows) == pytest.approx(0.1)
