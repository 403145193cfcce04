"""`eukrates evaluate` and `eukrates inspect`, on sound and on spoilt files."""

import json
import re
from importlib.resources import files as folder

import ase.io
import numpy as np
import pytest
from ase import Atoms
from clusters import clusters, labelled

from eukrates.app.cli import run
from eukrates.units import BOHR, HARTREE


def ethanol(count):
    """Structures of the set that comes with the package."""
    return ase.io.read(str(folder("eukrates.data") / "sets" / "ethanol.extxyz"), index=f"3:{3 + count}")


@pytest.fixture
def model(trained):
    return trained / "best.safetensors"


def test_check_finds_nothing_to_mend_in_good_data(data, capsys):
    assert run(["check", str(data)]) == 0
    told = capsys.readouterr().out
    assert "58 structures, 2 of them free atoms" in told
    assert re.search(r"energy +58", told)


def test_check_fails_on_a_missing_label_and_names_it(tmp_path, capsys):
    frames = clusters(12)
    for frame in frames[:3]:
        del frame.calc.results["forces"]
    ase.io.write(tmp_path / "holes.extxyz", frames)
    assert run(["check", str(tmp_path / "holes.extxyz")]) == 1
    assert re.search("forces (is|are) missing on some frames", capsys.readouterr().out)


def test_check_reads_on_after_a_frame_that_cannot_be_read(tmp_path, capsys):
    frames = clusters(12)
    frames[4].calc.results["energy"] = float("nan")
    ase.io.write(tmp_path / "nan.extxyz", frames)
    assert run(["check", str(tmp_path / "nan.extxyz")]) == 1
    assert "nan.extxyz#4" in capsys.readouterr().out


def test_check_fails_on_atomic_units_and_says_which(tmp_path, capsys):
    frames = ethanol(40)
    for frame in frames:
        results = frame.calc.results
        results.update(energy=results["energy"] / HARTREE, forces=results["forces"] / (HARTREE / BOHR))
        frame.positions /= BOHR
    ase.io.write(tmp_path / "au.extxyz", frames)
    assert run(["check", str(tmp_path / "au.extxyz")]) == 1
    assert "--unit energy=Hartree --unit length=Bohr)" in " ".join(capsys.readouterr().out.split())
    units = ["--unit", "energy=Hartree", "--unit", "length=Bohr"]
    assert run(["check", str(tmp_path / "au.extxyz"), *units]) == 0


def test_check_fails_where_a_wanted_label_cannot_be(data, capsys):
    assert run(["check", str(data), "--want", "stress"]) == 1
    assert "no structure is periodic" in capsys.readouterr().out


def test_check_counts_parts_side_by_side_and_names_leaks(tmp_path, capsys):
    frames = clusters(30)
    for name, these in (("train", frames[:20]), ("valid", frames[19:24]), ("test", frames[24:])):
        ase.io.write(tmp_path / f"{name}.extxyz", these)
    files = {name: str(tmp_path / f"{name}.extxyz") for name in ("train", "valid", "test")}
    assert run(["check", files["train"], "--valid", files["valid"], "--test", files["test"]]) == 1
    said = capsys.readouterr().out
    assert re.search(r"label +structures +train +valid +test", said)
    assert re.search(r"energy +31 +20 +5 +6 ", said)
    assert "train.extxyz#19 (train) and valid.extxyz#0 (valid)" in " ".join(said.split())
    assert run(["check", files["train"], "--test", files["test"]]) == 0


def test_check_reads_the_split_of_a_training(trained, data, capsys, failing):
    assert run(["check", str(data), "--split", str(trained / "split.json")]) == 0
    assert re.search(r"energy +56 +40 +8 +8 ", capsys.readouterr().out)
    assert "Parts are given twice" in failing("check", data, "--valid", data, "--split", trained / "split.json")


@pytest.mark.parametrize("damage", ["cut", "bent", "empty", "text"])
def test_a_damaged_archive_is_named_without_advice_that_is_dangerous(tmp_path, failing, damage):
    path = tmp_path / "set.npz"
    np.savez(path, R=np.zeros((3, 2, 3)), z=np.array([1, 1]))
    whole = path.read_bytes()
    bent = whole[:60] + b"U" * 80 + whole[140:]
    path.write_bytes({"cut": whole[: len(whole) // 2], "bent": bent, "empty": b"", "text": b"R E F z"}[damage])
    said = failing("check", path, "--unit", "energy=eV")
    assert "set.npz is damaged" in said
    assert "pickle" not in said


def test_check_refuses_what_is_not_there(failing):
    assert "There is no file" in failing("check", "nowhere.extxyz")


def test_evaluate_prints_and_writes(model, data, tmp_path, capsys):
    numbers, page = tmp_path / "e.json", tmp_path / "e.html"
    assert run(["evaluate", str(model), str(data), "--json", str(numbers), "--report", str(page)]) == 0
    assert "forces (components)" in capsys.readouterr().out
    assert json.loads(numbers.read_text())["structures"] == 56
    assert "<svg" in page.read_text()


def test_evaluate_overwrites_nothing(model, data, tmp_path, failing):
    numbers = tmp_path / "e.json"
    numbers.write_text("mine")
    assert "Nothing was overwritten" in failing("evaluate", model, data, "--json", numbers)
    assert numbers.read_text() == "mine"


def test_evaluate_with_declared_units_converts(model, tmp_path, capsys):
    kcal = 23.060547830619026
    frames = clusters(5)
    for frame in frames:
        frame.calc.results = {key: value * kcal for key, value in frame.calc.results.items()}
    ase.io.write(tmp_path / "kcal.extxyz", frames)
    ase.io.write(tmp_path / "ev.extxyz", clusters(5))
    found = []
    for name, unit in (("kcal", ["--unit", "energy=kcal/mol"]), ("ev", [])):
        out = tmp_path / f"{name}.json"
        assert run(["evaluate", str(model), str(tmp_path / f"{name}.extxyz"), *unit, "--json", str(out)]) == 0
        found.append(json.loads(out.read_text())["errors"]["forces"]["mae"])
    assert found[0] == pytest.approx(found[1], rel=1e-6)


def test_an_unknown_element_is_named(model, tmp_path, failing):
    ase.io.write(tmp_path / "ni.extxyz", [labelled(Atoms("Ni2", [[0, 0, 0], [0, 0, 2.3]]))])
    said = failing("evaluate", model, tmp_path / "ni.extxyz")
    assert "Ni" in said
    assert "Cu" in said


def test_a_truncated_model_is_refused(model, data, tmp_path, failing):
    (tmp_path / "half.safetensors").write_bytes(model.read_bytes()[: model.stat().st_size // 2])
    for verb in (["evaluate"], ["inspect"]):
        arguments = [*verb, tmp_path / "half.safetensors", *([data] if verb == ["evaluate"] else [])]
        assert "truncated" in failing(*arguments)


def test_a_tampered_model_is_refused(model, data, tmp_path, failing):
    content = bytearray(model.read_bytes())
    content[-5] ^= 1
    (tmp_path / "bent.safetensors").write_bytes(bytes(content))
    assert "digest" in failing("evaluate", tmp_path / "bent.safetensors", data)


def test_a_file_that_is_no_model_is_refused(data, failing):
    assert "truncated or not a safetensors file" in failing("inspect", data)


def test_inspect_prints_card_verdict_and_page(model, data, tmp_path, capsys):
    page = tmp_path / "i.html"
    code = run(["inspect", str(model), "--data", str(data), "--run", "20", "--report", str(page)])
    told = capsys.readouterr()
    assert "level_of_theory" in told.out
    assert ("NOT SOUND" in told.out) == (code == 1)
    assert code in (0, 1)
    assert "testing walls between all pairs of elements" in told.err
    assert page.exists()


def test_inspect_takes_structures_without_labels(model, data, tmp_path, capsys):
    bare = ase.io.read(data)
    bare.calc = None
    ase.io.write(tmp_path / "bare.xyz", bare, format="extxyz", columns=["symbols", "positions"])
    assert run(["inspect", str(model), "--data", str(tmp_path / "bare.xyz"), "--run", "0"]) in (0, 1)
    assert "the structures have no force labels" in capsys.readouterr().out


def test_inspect_reads_labels_under_other_names_and_units(model, data, tmp_path, capsys):
    frames = ase.io.read(data, index="2:")
    ase.io.write(tmp_path / "plain.extxyz", frames)
    for frame in frames:
        frame.arrays["pull"] = frame.get_forces() * 23.060547830619
        frame.calc = None
    ase.io.write(tmp_path / "named.xyz", frames, format="extxyz", columns=["symbols", "positions", "pull"])
    lines = []
    for name, more in (("plain.extxyz", []), ("named.xyz", ["--key", "forces=pull", "--unit", "energy=kcal/mol"])):
        assert run(["inspect", str(model), "--data", str(tmp_path / name), *more, "--run", "0"]) in (0, 1)
        lines.append(next(row for row in capsys.readouterr().out.splitlines() if "forces against labels" in row))
    assert lines[0] == lines[1]
    assert re.search(r"\d", lines[0].partition("forces against labels")[2])


def test_inspect_refuses_names_without_data(model, failing):
    assert "there is no --data" in failing("inspect", model, "--key", "forces=pull")


def test_a_label_can_be_left_out(data, capsys, failing):
    assert run(["check", str(data), "--key", "forces="]) in (0, 1)
    assert not re.search(r"forces +58", capsys.readouterr().out)
    assert "each label once" in failing("check", data, "--key", "forces=", "--key", "forces=")


def test_the_fix_speaks_the_language_of_the_command_line(tmp_path, capsys):
    frames = clusters(12)
    for frame in frames:
        frame.arrays["pull"] = frame.get_forces()
        del frame.calc.results["forces"]
    ase.io.write(tmp_path / "renamed.extxyz", frames)
    assert run(["check", str(tmp_path / "renamed.extxyz"), "--want", "forces"]) == 1
    assert "--key forces=" in " ".join(capsys.readouterr().out.split())
