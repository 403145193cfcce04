"""The configuration: one set of names, mistakes found before anything happens."""

import dataclasses
import inspect
import json

import pytest
import yaml

from eukrates.app.configuration import Configuration
from eukrates.app.configuration_file import ConfigurationError, as_yaml, configuration, read_configuration
from eukrates.app.derived import argument_meanings
from eukrates.app.template import schema, template
from eukrates.models import SO3krates
from eukrates.training import Loss, Optimiser, Plan, Schedule

MINIMAL = {"data": {"train": "x.extxyz"}}


def test_the_defaults_are_those_of_the_constructors():
    assert configuration(MINIMAL).plan == Plan()


def test_every_setting_of_the_plan_reaches_the_plan():
    told = {
        "epochs": 7,
        "batch_size": 3,
        "validate_every": 2,
        "patience": 5,
        "checkpoint_minutes": 0.5,
        "seed": 4,
        "left_out": 0.25,
        "move": ("readout", "blocks.1.*"),
        "loss": {"energy": 2, "forces": 3, "stress": 0.1, "dipole": 0.2, "charges": 0.3, "hirshfeld_ratios": 0.4}
        | {"average": "structures"},
        "optimiser": {"learning_rate": 1e-4, "weight_decay": 0.1, "clip": 1.0, "amsgrad": True, "ema": 0.9},
        "schedule": {"kind": "plateau", "warmup": 0.1, "final": 0.01, "factor": 0.4, "patience": 3},
    }
    plan = configuration({**MINIMAL, "training": told}).plan
    assert {f.name for f in dataclasses.fields(Plan)} == set(told)
    assert dataclasses.asdict(plan) == told
    assert [type(x) for x in (plan.loss, plan.optimiser, plan.schedule)] == [Loss, Optimiser, Schedule]


def test_every_argument_of_the_model_is_an_option_except_those_with_another_home():
    options = Configuration.model_fields["model"].annotation.model_fields["so3krates"].annotation.__args__[0]
    assert set(options.model_fields) == set(inspect.signature(SO3krates).parameters) - {"key", "e0"}


@pytest.mark.parametrize(
    ("content", "place", "hint"),
    [
        ({"trainin": {}}, "trainin:", "Did you mean 'training'?"),
        ({"model": {"so3krates": {"featurs": 64}}}, "model.so3krates.featurs:", "Did you mean 'features'?"),
        ({"model": {"so3crates": {}}}, "model.so3crates:", "Did you mean 'so3krates'?"),
        ({"model": {"sum": {"parts": [{"zbl": {"of": 1.0}}]}}}, "model.sum.parts.0.zbl.of:", "Did you mean 'off'?"),
        ({"training": {"optimizer": {}}}, "training.optimizer:", "Did you mean 'optimiser'?"),
        ({"training": {"loss": {"force": 1}}}, "training.loss.force:", "Did you mean 'forces'?"),
        ({"data": {"train": "x", "batch_size": 4}}, "data.batch_size:", "It belongs in training."),
        ({"data": {"train": "x", "keys": {"energi": "E"}}}, "data.keys:", "Did you mean 'energy'?"),
        ({"data": {"train": "x", "valid": 1.5}}, "data.valid:", "got 1.5"),
        ({"data": {}}, "data.train:", "is missing"),
        ({"data": {"train": "x", "units": {"energy": "kcla"}}}, "data.units:", "kcal/mol"),
        ({"training": {"epochs": 1.5}}, "training.epochs:", "got 1.5"),
        ({"training": {"optimiser": {"learning_rate": -1}}}, "training.optimiser:", "learning_rate > 0"),
        ({"model": {"so3krates": {"features": 7}}}, "model:", "multiple of"),
        ({"model": {"so3krates": {"radial_basis": "bernstien"}}}, "model:", "bernstein"),
        ({"model": {"so3krates": {}, "zbl": {}}}, "model:", "exactly one"),
        ({"e0": {"Hh": -13.6}}, "e0:", "Hh"),
        ({"training": {"seed": True}}, "training.seed:", "got True"),
        ({"strat": "model.safetensors"}, "strat:", "Did you mean 'start'?"),
        ({"training": {"moves": ["readout"]}}, "training.moves:", "Did you mean 'move'?"),
        ({"training": {"move": []}}, "training:", "list of names of parameters"),
        ({"move": ["readout"]}, "move:", "It belongs in training."),
        ({"start": "m.safetensors", "model": {"zbl": {}}}, "model:", "leave out one of the two"),
        ({"e0": "keep"}, "e0:", "name its file with start"),
        ({"model": {"so3lr": {"network": {"so3krats": {}}}}}, "model.so3lr.network.so3krats:", "'so3krates'?"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_the_fix(content, place, hint):
    with pytest.raises(ConfigurationError) as caught:
        configuration({**MINIMAL, **content})
    (line,) = [line for line in str(caught.value).splitlines() if line.strip().startswith(place)]
    assert hint in line


def test_all_mistakes_are_listed_at_once():
    with pytest.raises(ConfigurationError, match="2 mistakes") as caught:
        configuration({**MINIMAL, "levl": 1, "training": {"epoch": 1}})
    assert "levl" in str(caught.value)
    assert "epoch" in str(caught.value)


def test_a_key_that_is_there_twice_is_refused(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("data: {train: a}\ntraining:\n  epochs: 1\n  epochs: 2\n")
    with pytest.raises(ConfigurationError, match="line 4: 'epochs' is there twice"):
        read_configuration(path)


def test_a_number_in_the_notation_of_yaml_1_2_is_a_number(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("data: {train: a}\ntraining: {optimiser: {learning_rate: 1e-3}}\n")
    assert read_configuration(path).plan.optimiser.learning_rate == 1e-3


def test_an_empty_section_means_its_defaults(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("data: {train: a}\ntraining:\ncard:\nmodel: {so3krates: }\n")
    assert (
        read_configuration(path).as_dict()
        == configuration({"data": {"train": "a"}, "model": {"so3krates": None}}).as_dict()
    )


def test_what_is_written_reads_back_equal(tmp_path):
    told = {
        **MINIMAL,
        "e0": {"H": -13.6},
        "model": {"sum": {"parts": [{"so3krates": {"zbl": False, "neighbours": None}}, {"zbl": None}]}},
    }
    first = configuration(told)
    path = tmp_path / "c.yaml"
    path.write_text(as_yaml(first))
    assert read_configuration(path).as_dict() == first.as_dict()
    assert first.model.spec["sum"]["parts"][0] == {"so3krates": {"zbl": False, "neighbours": None}}


def test_a_start_model_takes_the_place_of_a_model(tmp_path):
    first = configuration({**MINIMAL, "start": "old.safetensors", "e0": "keep", "training": {"move": ["readout"]}})
    path = tmp_path / "c.yaml"
    path.write_text(as_yaml(first))
    assert "model" not in yaml.safe_load(path.read_text())
    assert read_configuration(path).as_dict() == first.as_dict()
    assert read_configuration(path).plan.move == ("readout",)


def test_a_model_inside_a_model_is_a_model():
    network = {"so3krates": {"charge": True, "partial_charges": True, "hirshfeld_ratios": True}}
    spec = {"so3lr": {"network": network, "far_cutoff": 8.0}}
    assert configuration({**MINIMAL, "model": spec}).model.spec == spec


def test_the_template_is_the_defaults_and_mentions_every_option(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text(template(train="x.extxyz"))
    found, wanted = read_configuration(path).as_dict(), configuration(MINIMAL).as_dict()
    assert {**found, "model": None} == {**wanted, "model": None}
    for name in (*inspect.signature(SO3krates).parameters, *(f.name for f in dataclasses.fields(Plan))):
        assert name in ("key",) or f"{name}:" in path.read_text()


def test_the_template_states_the_default_of_every_option_of_the_model():
    told = yaml.safe_load(template())["model"]["so3krates"]
    parameters = inspect.signature(SO3krates).parameters
    assert told
    for name, value in told.items():
        assert value == (list(d) if isinstance(d := parameters[name].default, tuple) else d)


def test_the_schema_is_a_json_schema_that_forbids_unknown_keys():
    found = json.loads(schema())
    assert found["additionalProperties"] is False
    assert "learning_rate" in found["$defs"]["OptimiserSettings"]["properties"]


def test_meanings_come_from_docstrings():
    class Thing:
        """Something.

        Args:
            a, b: of a long
                story.
            c: short.

        Raises:
            ValueError: never.
        """

    assert argument_meanings(Thing) == {"a": "of a long story.", "b": "of a long story.", "c": "short."}
