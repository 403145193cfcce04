"""The folder of a training run: whose files are in it, and what may happen to them."""

import pytest
import yaml

from eukrates.app import folder as folders
from eukrates.app.cli import run
from eukrates.app.configuration_file import configuration, read_configuration
from eukrates.app.template import template


@pytest.fixture
def settings(tmp_path):
    return configuration({"data": {"train": "x.extxyz"}, "folder": str(tmp_path / "run")})


@pytest.fixture
def begun(tmp_path, settings):
    """A run that was killed before its first checkpoint."""
    folders.begin(tmp_path / "run", settings, fresh=True)
    return tmp_path / "run"


def contents(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_resume_and_overwrite_exclude_each_other(trained, failing):
    before = contents(trained)
    said = failing("train", trained / "config.yaml", "--resume", "--overwrite")
    assert "Give one of the two" in said
    assert contents(trained) == before


@pytest.mark.parametrize("option", [(), ("--resume",)])
def test_models_without_a_checkpoint_are_not_trained_over(tmp_path, write_config, failing, option):
    config = write_config(training={"epochs": 1})
    assert run(["train", str(config)]) == 0
    (tmp_path / "run" / "checkpoint.safetensors").unlink()
    before = contents(tmp_path / "run")
    said = failing("train", config, *option)
    assert "no checkpoint.safetensors to go on from beside best.safetensors, last.safetensors" in said
    assert contents(tmp_path / "run") == before
    assert run(["train", str(config), "--overwrite"]) == 0


def test_a_run_killed_before_its_first_checkpoint_starts_again_but_is_nothing_to_resume(begun, settings):
    assert folders.may_use(begun, settings) is False
    with pytest.raises(ValueError, match=r"no checkpoint\.safetensors to go on from\. Nothing was touched"):
        folders.may_use(begun, settings, resume=True)


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("name", ["report.html", "split.json", "best.safetensors", "config.yaml"])
def test_files_of_somebody_else_with_our_names_are_refused(tmp_path, settings, name, overwrite):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / name).write_text("mine")
    with pytest.raises(ValueError, match=rf"no run of Eukrates and holds {name}"):
        folders.may_use(folder, settings, overwrite=overwrite)


def test_the_configuration_that_was_given_stays_as_it_is(tmp_path, monkeypatch):
    """A commented file of `eukrates init`, with the folder where it lies."""
    monkeypatch.chdir(tmp_path)
    text = template().replace("folder: run", "folder: .")
    (tmp_path / "config.yaml").write_text(text)
    given = read_configuration("config.yaml")
    here = tmp_path / given.folder
    assert given.folder == "."
    assert folders.may_use(here, given) is False
    for fresh in (True, False, True):
        folders.begin(here, given, fresh)
        assert (tmp_path / "config.yaml").read_text() == text
        assert folders.may_use(here, given) is False  # ours now


def test_another_configuration_of_the_same_name_is_refused(tmp_path, settings):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.yaml").write_text(yaml.safe_dump({"data": {"train": "other.extxyz"}}))
    with pytest.raises(ValueError, match=r"holds config\.yaml"):
        folders.may_use(tmp_path / "run", settings)


def test_overwriting_removes_the_files_of_the_run_and_no_others(begun, settings):
    for name in ("best.safetensors", "notes.txt"):
        (begun / name).write_text("")
    folders.begin(begun, settings, fresh=True)
    assert set(contents(begun)) == {"config.yaml", "run.json", "notes.txt"}


def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    data = {"train": ["~/a.extxyz", "b.extxyz"], "valid": "~/v.extxyz", "test": 5}
    made = configuration({"data": data, "folder": "~/run", "start": "~/m.safetensors"})
    assert made.start == str(tmp_path / "m.safetensors")
    assert made.folder == str(tmp_path / "run")
    assert made.data.train == [str(tmp_path / "a.extxyz"), "b.extxyz"]
    assert (made.data.valid, made.data.test) == (str(tmp_path / "v.extxyz"), 5)
