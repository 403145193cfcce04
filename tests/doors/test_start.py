"""Fine-tuning by `eukrates train`: from a model file to a model file that says what happened."""

import hashlib

import ase.io
import numpy as np
import pytest
import yaml
from ase.calculators.singlepoint import SinglePointCalculator
from clusters import clusters

from eukrates.app.cli import run
from eukrates.models import load, read_header, save
from eukrates.physics.zbl import ZBL
from eukrates.potential import named_parameters
from eukrates.testing import shaken

SHIFT = {"Cu": 3.0, "Al": -40.0}


@pytest.fixture(scope="module")
def shifted(tmp_path_factory):
    """Clusters of two formulas whose energies come from another level of theory: a constant more for each element."""
    path, frames = tmp_path_factory.mktemp("data") / "shifted.extxyz", []
    for n, atoms in enumerate(clusters(24, seed=7)):
        energy, forces = atoms.get_potential_energy(), atoms.get_forces()
        more = sum(SHIFT[symbol] for symbol in atoms.get_chemical_symbols())
        atoms.calc = SinglePointCalculator(atoms, energy=energy + more, forces=forces)
        atoms.info["config_type"] = f"triangle{n}"
        frames.append(atoms)
    ase.io.write(path, frames)
    return path


@pytest.fixture
def tune(write_config, shifted, trained):
    """A function that writes the configuration of a fine-tuning of the trained model."""

    def write(start=trained / "best.safetensors", move=("readout", "scales"), **changes):
        training = {"epochs": 2, "move": list(move)}
        path = write_config(data={"train": str(shifted)}, start=str(start), training=training, **changes)
        content = yaml.safe_load(path.read_text())
        del content["model"]  # it is in the file
        path.write_text(yaml.safe_dump(content))
        return path

    return write


def arrays(path) -> dict[str, bytes]:
    return {name: np.asarray(leaf).tobytes() for name, leaf in named_parameters(load(path))}


def test_a_tuned_model_says_what_it_was_and_what_moved(tmp_path, tune, trained, capsys):
    start, config = trained / "best.safetensors", tune()
    assert run(["train", str(config)]) == 0
    told, best = capsys.readouterr().out, tmp_path / "run" / "best.safetensors"
    before, after = arrays(start), arrays(tmp_path / "run" / "last.safetensors")
    moved = {name for name in before if before[name] != after[name]}
    assert moved
    assert all(name.startswith(("readout.", "scales")) for name in moved)
    header = read_header(best)
    training = header["card"]["training"]
    assert training["moved"]["chosen"] == ["readout", "scales"]
    assert f"{training['moved']['parameters']} of {training['moved']['of']} parameters move: readout (" in told
    assert "Fixed: embedding, blocks.0, offsets, repulsion." in told
    origin = training["started_from"]
    assert origin["file"] == "best.safetensors"
    assert origin["sha256"] == f"sha256:{hashlib.sha256(start.read_bytes()).hexdigest()}"
    assert (origin["level_of_theory"], origin["licence"]) == ("EMT", "CC0-1.0")
    assert origin["e0"] == read_header(start)["e0"] != header["e0"]
    assert "least squares" in header["card"]["e0_source"]
    assert header["card"]["e0_source"] in told
    assert origin["errors"]["valid"]["energy"]["mae"] > 0
    assert "Before training, valid:" in told


def test_an_ensemble_is_trained_calibrated_and_tuned_with_layers_begun_anew(tmp_path, write_config, shifted, capsys):
    shape = {"radial": {"cutoff": 4.0, "eta": 8.0, "shifts": [1.5, 2.5]}, "hidden": [4, 3]}
    shape["angular"] = {"cutoff": 3.5, "eta": 8.0, "zeta": 8.0, "shifts": [2.0], "sections": [0.5, 1.5]}
    data = {"train": str(shifted), "valid": 10}
    config = write_config(data=data, members=3, training={"epochs": 1})
    content = yaml.safe_load(config.read_text()) | {"model": {"ani": shape}, "folder": str(tmp_path / "first")}
    config.write_text(yaml.safe_dump(content))
    assert run(["train", str(config)]) == 0
    told, start = capsys.readouterr().out, tmp_path / "first" / "best.safetensors"
    assert "How sure the ensemble is" in (tmp_path / "first" / "report.html").read_text()
    assert "3 times ani" in told
    assert load(start).members == 3
    assert read_header(start)["card"]["calibration"]["structures"] == 10
    assert run(["predict", str(start), str(shifted)]) == 0
    assert "expected error" in capsys.readouterr().out

    fresh, move = ["networks.*.layers.2"], ["networks.*.layers.[12]"]
    training = {"epochs": 1, "move": move, "optimiser": {"learning_rate": 1e-9}}
    content |= {"start": str(start), "reset": fresh, "training": training}
    del content["model"], content["members"]
    config.write_text(yaml.safe_dump(content | {"folder": str(tmp_path / "second")}))
    assert run(["train", str(config)]) == 0
    told = capsys.readouterr().out
    count = 3 * 2 * (3 + 1)
    assert f"{count} parameters began anew: networks.Al (4), networks.Cu (4)." in told
    before, after = load(start), load(tmp_path / "second" / "best.safetensors")
    frozen = lambda p: p.networks["Al"].layers[0].weight
    assert np.array_equal(frozen(before), frozen(after))
    away = np.abs(np.asarray(before.networks["Al"].layers[2].weight - after.networks["Al"].layers[2].weight))
    assert np.all(away.max(axis=(1, 2)) > 0.01)
    origin = read_header(tmp_path / "second" / "best.safetensors")["card"]["training"]["started_from"]
    assert origin["reset"]["chosen"] == fresh
    assert origin["reset"]["parameters"] == count


def test_members_and_reset_belong_to_new_and_to_start_models(write_config, tune, failing):
    assert "no start model" in failing("train", write_config(reset=["readout"]))
    assert "members are in the file of start" in failing("train", tune(members=2))
    assert "would begin anew and never learn" in failing("train", tune(reset=["embedding"]))


def test_new_energies_of_free_atoms_remove_the_constant_of_the_level_of_theory(tmp_path, tune):
    errors = {}
    for e0 in ("keep", "auto"):
        assert run(["train", str(tune(e0=e0)), "--folder", str(tmp_path / e0)]) == 0
        card = read_header(tmp_path / e0 / "best.safetensors")["card"]
        errors[e0] = card["training"]["started_from"]["errors"]["valid"]["energy"]["mae"]
    assert errors["keep"] > 70  # 3 - 2 · 40 eV
    assert errors["auto"] < 1


def test_the_same_command_resumes_and_another_start_model_is_refused(tmp_path, tune, trained, failing, capsys):
    config = tune()
    assert run(["train", str(config)]) == 0
    before = (tmp_path / "run" / "last.safetensors").read_bytes()
    assert run(["train", str(config)]) == 0
    assert (tmp_path / "run" / "last.safetensors").read_bytes() == before
    other = tmp_path / "other.safetensors"
    other.write_bytes((trained / "last.safetensors").read_bytes())
    assert "start" in failing("train", tune(start=other))
    chained = tune(start=tmp_path / "run" / "best.safetensors", e0="keep", folder=str(tmp_path / "second"))
    assert run(["train", str(chained)]) == 0
    origin = read_header(tmp_path / "second" / "best.safetensors")["card"]["training"]["started_from"]
    assert origin["started_from"]["level_of_theory"] == "EMT"


def test_a_start_model_that_changed_under_its_name_is_refused(tmp_path, tune, trained, failing):
    start = tmp_path / "start.safetensors"
    save(load(trained / "best.safetensors"), start)
    assert run(["train", str(tune(start))]) == 0
    save(shaken(load(trained / "best.safetensors")), start)
    assert "other settings, model or data" in failing("train", tune(start))


def test_a_run_never_writes_over_its_start_model(tmp_path, tune, trained, failing):
    before = (trained / "best.safetensors").read_bytes()
    said = failing("train", tune(), "--folder", trained, "--overwrite")
    assert "is in the folder of this run" in said
    assert (trained / "best.safetensors").read_bytes() == before


def test_what_cannot_be_tuned_is_refused_before_anything_is_written(tmp_path, tune, failing):
    assert "Did you mean 'readout'" in failing("train", tune(move=["redout.*"]))
    assert "There is no model file" in failing("train", tune(start=tmp_path / "nowhere.safetensors"))
    save(ZBL(), tmp_path / "zbl.safetensors")
    assert "names no parameter" in failing("train", tune(start=tmp_path / "zbl.safetensors", move=["readout"]))
    assert "There is no energy to determine E0 of Al, Cu" in failing("train", tune(e0="atoms"))
    assert not (tmp_path / "run").exists()


def test_an_element_that_the_start_model_does_not_know_is_refused_by_name(tmp_path, tune, ethanol_model, failing):
    assert "knows H, C, O and was given" in failing("train", tune(start=ethanol_model))


def test_zbl_alone_can_be_tuned_and_gets_energies_of_free_atoms(tmp_path, tune):
    save(ZBL(cutoff=4.0, off=4.0), tmp_path / "zbl.safetensors")
    assert run(["train", str(tune(start=tmp_path / "zbl.safetensors", move=["parts.0"]))]) == 0
    header = read_header(tmp_path / "run" / "best.safetensors")
    assert [next(iter(part)) for part in header["architecture"]["sum"]["parts"]] == ["zbl", "free_atoms"]
    assert header["card"]["training"]["moved"]["of"] == 10
