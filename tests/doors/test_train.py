"""`eukrates train` from the file to the model, and what must stop it."""

import hashlib
import json

import ase.io
import jax
import numpy as np
import pytest
import yaml
from clusters import clusters

import eukrates
from eukrates.app.cli import run
from eukrates.data import load_split, read, separate
from eukrates.models import read_header


def contents(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_run_leaves_model_split_configuration_numbers_and_page(trained, data):
    header = read_header(trained / "best.safetensors")
    card = header["card"]
    assert card["level_of_theory"] == "EMT"
    assert card["licence"] == "CC0-1.0"
    assert card["data"]["structures"] == {"train": 40, "valid": 8, "test": 8}
    assert card["data"]["free_atoms"] == 2
    digest = hashlib.sha256(data.read_bytes()).hexdigest()
    assert card["data"]["files"] == {"train": {"cual.extxyz": f"sha256:{digest}"}}
    assert card["e0_source"].startswith("free atoms in the data")
    assert card["packages"]["eukrates"] == eukrates.__version__
    assert set(card["errors"]) == {"valid", "test"}
    free = separate(read(data))[0]
    assert header["e0"] == pytest.approx({s.formula: s.energy for s in free})
    split = load_split(trained / "split.json")
    assert {name: len(rows) for name, rows in split.parts.items()} == {"train": 40, "valid": 8, "test": 8}
    assert len((trained / "metrics.jsonl").read_text().splitlines()) == 3
    assert "<svg" in (trained / "report.html").read_text()
    assert yaml.safe_load((trained / "config.yaml").read_text())["training"]["epochs"] == 3
    assert json.loads((trained / "evaluation.json").read_text())["test"]["structures"] == 8


def test_the_numbers_in_the_card_are_those_of_evaluate(trained, data):
    from eukrates.trust import evaluate

    samples = separate(read(data))[1]
    test = [samples[i] for i in load_split(trained / "split.json").parts["test"]]
    again = evaluate(eukrates.load(trained / "best.safetensors"), test)
    told = read_header(trained / "best.safetensors")["card"]["errors"]["test"]
    assert told["forces"]["mae"] == pytest.approx(again.errors["forces"].mae, rel=1e-6)


def test_a_finished_run_is_not_done_again(trained, capsys):
    before = contents(trained)
    assert run(["train", str(trained / "config.yaml")]) == 0
    after = contents(trained)
    assert after["last.safetensors"] == before["last.safetensors"]
    assert after["checkpoint.safetensors"] == before["checkpoint.safetensors"]
    assert after["metrics.jsonl"] == before["metrics.jsonl"]


def test_a_changed_card_reaches_the_models_of_a_finished_run(tmp_path, write_config):
    assert run(["train", str(write_config(training={"epochs": 1}, card={"authors": "A"}))]) == 0
    names = ("best.safetensors", "last.safetensors")
    before = [read_header(tmp_path / "run" / name)["card"] for name in names]
    weights = [jax.tree.leaves(eukrates.load(tmp_path / "run" / name)) for name in names]
    card = {"level_of_theory": "PBE0/def2-TZVP", "licence": "MIT", "authors": None}
    assert run(["train", str(write_config(training={"epochs": 1}, card=card))]) == 0
    for name, old, leaves in zip(names, before, weights, strict=True):
        now = read_header(tmp_path / "run" / name)["card"]
        assert (now["level_of_theory"], now["licence"], "authors" in now) == ("PBE0/def2-TZVP", "MIT", False)
        assert {key: now[key] for key in ("data", "training", "date")} == {
            key: old[key] for key in ("data", "training", "date")
        }
        new = jax.tree.leaves(eukrates.load(tmp_path / "run" / name))
        assert all(np.array_equal(a, b) for a, b in zip(leaves, new, strict=True))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"training": {"epochs": 4}}, "training.epochs"),
        ({"data": {"seed": 2}}, "data.seed"),
        ({"model": {"so3krates": {"features": 16, "degrees": [1]}}}, "model.so3krates.features"),
    ],
)
def test_another_run_in_the_folder_is_not_touched(trained, write_config, failing, changes, said):
    before = contents(trained)
    config = write_config(**changes)
    message = failing("train", config, "--folder", trained)
    assert said in message
    assert "nothing was touched" in message
    assert contents(trained) == before


def test_a_folder_of_somebody_else_is_not_touched(tmp_path, write_config, failing):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.tex").write_text("years of work")
    assert "not empty" in failing("train", write_config())
    assert contents(tmp_path / "run") == {"thesis.tex": b"years of work"}


def test_overwrite_replaces_a_run_and_nothing_else(tmp_path, write_config):
    config = write_config(training={"epochs": 1})
    assert run(["train", str(config)]) == 0
    (tmp_path / "run" / "notes.txt").write_text("mine")
    config = write_config(training={"epochs": 1, "seed": 3})
    assert run(["train", str(config), "--overwrite"]) == 0
    assert (tmp_path / "run" / "notes.txt").read_text() == "mine"
    assert read_header(tmp_path / "run" / "best.safetensors")["card"]["seed"] == 3


def test_nothing_to_resume_is_an_error(tmp_path, write_config, failing):
    assert "no run to resume" in failing("train", write_config(), "--resume")
    assert not (tmp_path / "run").exists()


def test_an_unknown_key_fails_before_any_file_is_read(tmp_path, write_config, failing):
    config = write_config(data={"train": "/nowhere.xyz"}, training={"epohcs": 3})
    assert "Did you mean 'epochs'?" in failing("train", config)
    assert not (tmp_path / "run").exists()


def test_data_in_the_place_of_a_configuration_are_not_printed(data, failing):
    said = failing("train", data)
    assert "is no configuration" in said
    assert len(said) < 400


def test_missing_files_are_all_named(tmp_path, write_config, failing):
    said = failing("train", write_config(data={"train": "/nowhere.xyz", "valid": "/neither.xyz"}))
    assert "/nowhere.xyz" in said
    assert "/neither.xyz" in said


def test_validation_on_the_training_file_is_refused(write_config, data, failing):
    assert "would say nothing" in failing("train", write_config(data={"valid": str(data)}))


def test_files_for_every_part(tmp_path, write_config, data):
    for name, seed in (("valid", 5), ("test", 6)):
        ase.io.write(tmp_path / f"{name}.extxyz", clusters(6, seed))
    parts = {name: str(tmp_path / f"{name}.extxyz") for name in ("valid", "test")}
    config = write_config(data={**parts, "size": 20}, training={"epochs": 1})
    assert run(["train", str(config)]) == 0
    split = load_split(tmp_path / "run" / "split.json")
    assert {name: len(rows) for name, rows in split.parts.items()} == {"train": 20, "valid": 6, "test": 6}
    files = read_header(tmp_path / "run" / "best.safetensors")["card"]["data"]["files"]
    assert [*files["train"], *files["valid"], *files["test"]] == ["cual.extxyz", "valid.extxyz", "test.extxyz"]


def test_a_label_that_is_missing_stops_the_training(tmp_path, write_config, failing):
    frames = clusters(20)
    for frame in frames:
        del frame.calc.results["forces"]
    ase.io.write(tmp_path / "bare.extxyz", frames)
    config = write_config(data={"train": str(tmp_path / "bare.extxyz"), "valid": 4, "test": None})
    said = failing("train", config)
    assert "forces" in said
    assert not (tmp_path / "run").exists()


def test_nan_in_the_data_stops_the_training_by_name(tmp_path, write_config, failing):
    frames = clusters(20)
    frames[7].calc.results["forces"][1, 2] = np.nan
    ase.io.write(tmp_path / "nan.extxyz", frames)
    config = write_config(data={"train": str(tmp_path / "nan.extxyz"), "valid": 4, "test": None})
    assert "nan.extxyz#7" in failing("train", config)
    assert not (tmp_path / "run").exists()


def test_an_element_that_the_model_is_told_not_to_know(write_config, failing):
    assert "Al" in failing(
        "train", write_config(model={"so3krates": {"elements": ["Cu"], "degrees": [1], "features": 8}})
    )
