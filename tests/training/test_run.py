"""A training run: it learns, resumes to the bit, stops early, names what is wrong."""

import json

import jax
import numpy as np
import pytest
from morse import trimers

from eukrates.models import SO3krates, load, read_header, save
from eukrates.training import Loss, Optimiser, Plan, Run, Schedule
from eukrates.training.loop import _fingerprint


def model(**options):
    return SO3krates(
        ["H", "O"], **({"features": 12, "layers": 1, "heads": 2, "basis_size": 8, "key": jax.random.key(3)} | options)
    )


def run(folder, plan, train=None, valid=None, **options):
    return Run(model(**options), train or trimers(24, seed=1), valid or trimers(8, seed=2), plan, folder, save)


def test_it_learns_and_leaves_models_metrics_and_a_finished_checkpoint(tmp_path):
    plan = Plan(epochs=120, batch_size=4, validate_every=10, optimiser=Optimiser(learning_rate=1e-2, ema=0.9))
    seen = []
    trained = run(tmp_path, plan)(seen.append)
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == list(range(10, 121, 10))
    assert rows[-1]["valid/forces_rmse"] < 0.5 * rows[0]["valid/forces_rmse"]
    assert trained.metrics["loss"] == min(row["valid/loss"] for row in rows)
    assert seen[-1].step == seen[-1].steps == 720
    assert read_header(trained.best)["card"]["training"]["epoch"] == trained.epoch
    assert read_header(trained.last)["card"]["training"]["epoch"] == 120
    again = run(tmp_path, plan)
    assert again.resume()
    assert again().metrics == trained.metrics  # a finished run stays finished


@pytest.mark.parametrize("kind", ["cosine", "plateau"])
def test_an_interrupted_run_ends_in_the_same_weights(tmp_path, kind):
    plan = Plan(epochs=7, batch_size=5, checkpoint_minutes=0.0, schedule=Schedule(kind=kind, patience=1))
    whole = run(tmp_path / "whole", plan)()
    part = run(tmp_path / "part", plan)

    class Killed(Exception):
        pass

    def kill(progress):
        if progress.step > 12:
            raise Killed

    with pytest.raises(Killed):
        part(kill)
    resumed = run(tmp_path / "part", plan)
    assert resumed.resume()
    assert 10 <= int(resumed.state.step) < 35
    ended = resumed()
    for name in ("best", "last"):
        a, b = jax.tree.leaves(load(getattr(whole, name))), jax.tree.leaves(load(getattr(ended, name)))
        assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
    assert (tmp_path / "whole/metrics.jsonl").read_text() == (tmp_path / "part/metrics.jsonl").read_text()


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    plan = Plan(epochs=2, batch_size=5)
    run(tmp_path, plan)()
    for other in (run(tmp_path, Plan(epochs=3, batch_size=5)), run(tmp_path, plan, train=trimers(24, seed=9))):
        with pytest.raises(ValueError, match="other settings, model or data"):
            other.resume()


def test_every_label_and_the_cell_belong_to_the_identity_of_a_run():
    plain = trimers(1, seed=1)
    s = plain[0].system
    boxed = s.__class__(**(vars(s) | {"cell": 20 * np.eye(3)[None]}))
    charged = s.__class__(**(vars(s) | {"charge": np.ones(1)}))
    changed = [{}, {"stress": np.eye(3)}, {"stress": 2 * np.eye(3)}, {"dipole": np.ones(3)}, {"system": boxed}]
    changed += [{"system": charged}]
    mark = lambda potential, sample: _fingerprint(Plan(), potential, [sample], plain)
    found = {mark(model(), plain[0].but(**change)) for change in changed}
    assert len(found) == len(changed)


def test_the_constants_of_the_model_belong_to_the_identity_of_a_run():
    plain = trimers(1, seed=1)
    mark = lambda **options: _fingerprint(Plan(), model(**options), plain, plain)
    changed = [{}, {"cutoff": 4.0}, {"e0": {"H": -13.6, "O": -2043.0}}, {"scale": 2.0}, {"neighbours": 7.0}]
    assert len({mark(**options) for options in changed}) == len(changed)
    assert mark() == mark()


def test_a_damaged_checkpoint_is_said_to_be_damaged(tmp_path):
    plan = Plan(epochs=1, batch_size=5)
    run(tmp_path, plan)()
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(ValueError, match="damaged"):
        run(tmp_path, plan).resume()


def test_patience_stops_a_run_that_no_longer_improves(tmp_path):
    frozen = Optimiser(learning_rate=1e-12, ema=0.0)
    plan = Plan(epochs=50, batch_size=12, patience=3, optimiser=frozen, schedule=Schedule("constant"))
    trained = run(tmp_path, plan)()
    rows = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert trained.stopped_early
    assert len(rows) < 50


def test_a_gradient_that_is_not_finite_names_the_structure_and_keeps_the_best_model(tmp_path):
    samples = trimers(24, seed=1)
    plan = Plan(epochs=9, batch_size=4, checkpoint_minutes=0.0, optimiser=Optimiser(learning_rate=1e-2, ema=0.0))
    broken = run(tmp_path, plan, train=samples)

    def spoil(progress):
        """A label that overflows, once there is a best model."""
        if progress.epoch == 3 and progress.metrics:
            broken.batches.samples[5] = samples[5].but(forces=np.full((3, 3), 1e30), name="data.extxyz#5")

    with pytest.raises(FloatingPointError, match=r"data\.extxyz#5.*the best model are kept"):
        broken(spoil)
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert 3 <= len(rows) < 9
    best = min(rows, key=lambda row: row["valid/loss"])
    told = read_header(tmp_path / "best.safetensors")["card"]["training"]
    assert (told["epoch"], told["validation"]["loss"]) == (best["epoch"], best["valid/loss"])
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(load(tmp_path / "best.safetensors")))
    mended = run(tmp_path, plan, train=samples)
    assert mended.resume()
    assert int(mended.state.step) >= 18
    assert np.all(np.isfinite(mended.state.theta))
    assert mended().epoch >= best["epoch"]


def test_a_validation_that_is_never_finite_names_the_structure(tmp_path):
    samples = trimers(6, seed=2)
    spoilt = samples[1].but(forces=np.full((3, 3), 1e30), name="valid.extxyz#1")
    with pytest.raises(FloatingPointError, match=r"valid\.extxyz#1"):
        run(tmp_path, Plan(epochs=1, batch_size=4), valid=[samples[0], spoilt, *samples[2:]])()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"forces": np.full((3, 3), np.nan)}, "forces is not finite"),
        ({"energy": np.inf}, "energy is not finite"),
    ],
)
def test_labels_that_are_not_finite_are_refused_by_name(tmp_path, change, message):
    samples = trimers(6, seed=1)
    spoilt = [*samples[:3], samples[3].but(**change, name="bad#3"), *samples[4:]]
    with pytest.raises(ValueError, match=f"bad#3: {message}"):
        run(tmp_path, Plan(epochs=1), train=spoilt)


def test_a_label_that_nobody_has_is_refused(tmp_path):
    plan = Plan(epochs=1, loss=Loss(energy=1.0, forces=1.0, stress=1.0))
    with pytest.raises(ValueError, match="loss asks for stress and none of the 24 training"):
        run(tmp_path, plan)


def test_a_label_that_the_potential_does_not_predict_is_refused(tmp_path):
    labelled = [s.but(dipole=np.zeros(3)) for s in trimers(3, seed=1)]
    with pytest.raises(ValueError, match="dipole, which SO3krates does not predict"):
        run(tmp_path, Plan(epochs=1, loss=Loss(dipole=1.0)), train=labelled, valid=labelled)


def test_unknown_elements_and_missing_charges_are_refused_by_name(tmp_path):
    with pytest.raises(ValueError, match=r"morse#0.*charge"):
        run(tmp_path, Plan(epochs=1), charge=True)
    strange = [
        s.but(system=s.system.__class__(**(vars(s.system) | {"numbers": s.numbers * 0 + 6}))) for s in trimers(3, 1)
    ]
    with pytest.raises(ValueError, match=r"morse#0.*knows H, O and was given C"):
        run(tmp_path, Plan(epochs=1), train=strange)
