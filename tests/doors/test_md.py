"""`eukrates md`: a run in a folder, resumed, and what it refuses."""

import json

import ase.io
import numpy as np
import pytest
from ase import Atoms

from eukrates.app.cli import run
from eukrates.data.trajectory import read_h5md


@pytest.fixture
def start(tmp_path):
    path = tmp_path / "start.xyz"
    ase.io.write(path, Atoms("CuAl2", [[0.0, 0.0, 0.0], [2.6, 0.0, 0.0], [1.3, 2.3, 0.0]]))
    return path


def test_a_run_and_its_continuation_equal_one_long_run(trained, start, tmp_path, capsys):
    model = str(trained / "best.safetensors")
    common = ["--temperature", "50", "--every", "10", "--seed", "3"]
    assert (
        run(["md", model, str(start), "--folder", str(tmp_path / "a"), "--time", "0.02", *common, "--no-report"]) == 0
    )
    assert "ns/day" in capsys.readouterr().out
    assert run(["md", model, "--resume", "--folder", str(tmp_path / "a"), "--time", "0.04"]) == 0
    assert (
        run(["md", model, str(start), "--folder", str(tmp_path / "b"), "--time", "0.04", *common, "--no-report"]) == 0
    )
    a, b = (read_h5md(tmp_path / name / "trajectory.h5").frames for name in "ab")
    assert len(a) == len(b) == 9
    assert np.array_equal(a.positions, b.positions)
    assert len(ase.io.read(tmp_path / "a" / "trajectory.extxyz", ":")) == 9


def test_a_folder_in_use_is_not_touched(trained, start, tmp_path, failing):
    folder = tmp_path / "md"
    folder.mkdir()
    (folder / "trajectory.h5").write_text("mine")
    assert "Nothing was touched" in failing("md", trained / "best.safetensors", start, "--folder", folder)
    assert [(p.name, p.read_text()) for p in folder.iterdir()] == [("trajectory.h5", "mine")]


def test_an_unreadable_structure(trained, tmp_path, failing):
    path = tmp_path / "bad.xyz"
    path.write_text("3\n\nCu 0 0 0\nAl 1 oops 2\n")
    said = failing("md", trained / "best.safetensors", path, "--folder", tmp_path / "md")
    assert "cannot be read as a structure" in said
    assert not (tmp_path / "md").exists()


def test_an_unknown_element(trained, tmp_path, failing):
    ase.io.write(tmp_path / "au.xyz", Atoms("Au2", [[0, 0, 0], [0, 0, 2.5]]))
    said = failing("md", trained / "best.safetensors", tmp_path / "au.xyz", "--folder", tmp_path / "md")
    assert "was given Au" in said
    assert not (tmp_path / "md").exists()


def test_a_run_that_cannot_begin_is_a_failure_that_says_why(trained, tmp_path, failing):
    ase.io.write(tmp_path / "close.xyz", Atoms("CuAl2", [[0, 0, 0], [0.1, 0, 0], [1.3, 2.3, 0]]))
    model, folder = trained / "best.safetensors", tmp_path / "md"
    said = failing("md", model, tmp_path / "close.xyz", "--folder", folder, "--ensemble", "nve")
    assert "Stopped" in said
    assert "the distance of atoms 0 (Cu) and 1 (Al) is 0.10 Å" in said
    assert len(ase.io.read(folder / "stopped.extxyz")) == 3


def test_options_that_would_be_ignored_are_refused(trained, start, tmp_path, failing):
    model, folder = trained / "best.safetensors", tmp_path / "md"
    assert "nve has none" in failing("md", model, start, "--folder", folder, "--ensemble", "nve", "--friction", "3")
    assert "which knows its structure" in failing("md", model, start, "--resume", "--folder", folder)
    assert "holds no run" in failing("md", model, "--resume", "--folder", folder, "--frame", "1")
    assert not folder.exists()


@pytest.mark.parametrize("time", ["inf", "nan", "-1"])
def test_a_time_that_never_ends_is_refused(trained, start, tmp_path, failing, time):
    model, folder = trained / "best.safetensors", tmp_path / "md"
    assert "finite and above 0" in failing("md", model, start, "--folder", folder, "--time", time)
    assert not folder.exists()


def test_a_run_goes_on_in_its_own_precision(trained, start, tmp_path, failing):
    model, folder = str(trained / "best.safetensors"), tmp_path / "md"
    command = ["md", model, str(start), "--folder", str(folder), "--time", "0.01", "--temperature", "50", "--no-report"]
    assert run([*command, "--precision", "float64"]) == 0
    again = ["md", model, "--resume", "--folder", str(folder), "--time", "0.02"]
    assert "precision ('float64' there, 'float32' here)" in failing(*again, "--precision", "float32")
    assert "finite and above 0" in failing("md", model, "--resume", "--folder", folder, "--time", "inf")
    assert run(again) == 0
    assert len(read_h5md(folder / "trajectory.h5").frames) == 3


def test_a_run_that_says_no_precision_and_no_model_can_still_be_resumed(trained, start, tmp_path, failing):
    """Those of the first days."""
    model, folder = str(trained / "best.safetensors"), tmp_path / "md"
    options = ["--time", "0.01", "--temperature", "50", "--no-report"]
    assert run(["md", model, str(start), "--folder", str(folder), *options]) == 0
    (folder / "md.yaml").unlink()
    told = json.loads((folder / "settings.json").read_text())
    assert told["potential"].pop("precision") == "float32"
    (folder / "settings.json").write_text(json.dumps(told))
    again = ["md", "--resume", "--folder", str(folder), "--time", "0.02", "--no-report"]
    assert "does not say which model" in failing(*again)
    assert "would be ignored" in failing(*again, model, "--temperature", "60")
    assert run([*again, model]) == 0


def test_a_frame_of_several_is_chosen_and_named(trained, start, tmp_path, capsys):
    first = ase.io.read(start)
    second = first.copy()
    second.positions += [0.0, 0.0, 5.0]
    ase.io.write(tmp_path / "two.xyz", [first, second])
    command = ["md", str(trained / "best.safetensors"), str(tmp_path / "two.xyz"), "--time", "0.01", "--folder"]
    for options, place, height in (([], 0, 0.0), (["--frame", "-1"], 1, 5.0)):
        assert run([*command, str(tmp_path / f"md{place}"), *options, "--temperature", "50", "--no-report"]) == 0
        assert f"frame {place} of 2 in" in capsys.readouterr().out
        frames = read_h5md(tmp_path / f"md{place}" / "trajectory.h5").frames
        assert frames.positions[0, :, 2].mean() == pytest.approx(height, abs=0.01)
