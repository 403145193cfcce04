"""`eukrates convert` and `pull`: published parameters become a model file, and nothing in them is run."""

import json
import pickle
import shutil
import urllib.error

import numpy as np
import pytest

from eukrates.app import published
from eukrates.app.cli import run
from eukrates.models import load, read_header
from eukrates.models.archive import read_archive


class Evil:
    """Asks to run a command when it is unpickled."""

    def __reduce__(self):
        return print, ("owned",)


@pytest.fixture
def flat(shared):
    return shared / "weights/so3lr/so3lr_weights_flat.npz"


def as_pickle(folder, flat):
    """The nested pickle of the original program, made from the flat arrays."""
    tree: dict = {}
    for name, array in np.load(flat).items():
        *path, last = name.split("/")
        branch = tree
        for part in path:
            branch = branch.setdefault(part, {})
        branch[last] = array
    (folder / "params.pkl").write_bytes(pickle.dumps(tree))
    (folder / "hyperparameters.json").write_bytes((flat.parent / "hyperparameters.json").read_bytes())
    return folder / "params.pkl"


def test_pickle_and_flat_arrays_give_the_same_genuine_model(flat, tmp_path, capsys):
    assert run(["convert", "so3lr", str(flat), "-o", str(tmp_path / "a.safetensors")]) == 0
    assert run(["convert", "so3lr", str(as_pickle(tmp_path, flat)), "-o", str(tmp_path / "b.safetensors")]) == 0
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    card = read_header(tmp_path / "a.safetensors")["card"]
    assert (card["licence"], card["level_of_theory"]) == ("MIT", "PBE0+MBD")
    assert card["source"].startswith("https://")
    assert load(tmp_path / "a.safetensors").elements == ("H", "C", "N", "O", "F", "P", "S", "Cl")
    assert "cite Kabylda" in capsys.readouterr().out


def test_changed_parameters_are_not_called_genuine(flat, tmp_path):
    path = as_pickle(tmp_path, flat)
    tree = pickle.loads(path.read_bytes())
    tree["params"]["observables_0"]["atomic_scales"][1] += 1e-3
    path.write_bytes(pickle.dumps(tree))
    assert run(["convert", "so3lr", str(path), "-o", str(tmp_path / "m.safetensors")]) == 0
    card = read_header(tmp_path / "m.safetensors")["card"]
    assert "not the published parameters" in card["source"]
    assert not {"licence", "level_of_theory", "citation"} & set(card)


def test_arrays_that_are_missing_or_left_over_are_named(flat, tmp_path, failing):
    path = as_pickle(tmp_path, flat)
    tree = pickle.loads(path.read_bytes())
    taken = tree["params"].pop("layers_2")
    path.write_bytes(pickle.dumps(tree))
    assert "lack params/layers_2" in failing("convert", "so3lr", path, "-o", tmp_path / "m.safetensors")
    tree["params"] |= {"layers_2": taken, "layers_3": taken}
    path.write_bytes(pickle.dumps(tree))
    assert "no place for: params/layers_3" in failing("convert", "so3lr", path, "-o", tmp_path / "m.safetensors")
    assert not (tmp_path / "m.safetensors").exists()


def test_nothing_in_a_pickle_is_run(tmp_path, capsys):
    (tmp_path / "hyperparameters.json").write_text("{}")
    (tmp_path / "params.pkl").write_bytes(pickle.dumps({"params": {"a": np.ones(2), "b": Evil()}}))
    with pytest.raises(ValueError, match=r"asks for builtins.print; only arrays are read"):
        read_archive(tmp_path / "params.pkl")
    assert "owned" not in capsys.readouterr().out
    (tmp_path / "params.pkl").write_bytes(pickle.dumps({"params": {"a": [1, 2]}}))
    with pytest.raises(ValueError, match="params/a is a list"):
        read_archive(tmp_path / "params.pkl")
    (tmp_path / "params.pkl").write_bytes(b"\x80\x04nonsense")
    with pytest.raises(ValueError, match="not a readable pickle"):
        read_archive(tmp_path / "params.pkl")


def test_hyperparameters_must_lie_beside(tmp_path, failing):
    (tmp_path / "params.pkl").write_bytes(pickle.dumps({}))
    said = failing("convert", "so3lr", tmp_path / "params.pkl", "-o", tmp_path / "m.safetensors")
    assert "hyperparameters.json in the same folder" in said
    assert "Did you mean 'so3lr'" in failing(
        "convert", "so3l", tmp_path / "params.pkl", "-o", tmp_path / "m.safetensors"
    )


def test_pull_verifies_caches_and_says_what_to_do_offline(flat, tmp_path, monkeypatch, failing, capsys):
    monkeypatch.setenv("EUKRATES_CACHE", str(tmp_path / "cache"))
    home = as_pickle(tmp_path, flat).parent
    served = lambda url, name: (home / url.rpartition("/")[2]).read_bytes()

    def offline(url, timeout):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(published.urllib.request, "urlopen", offline)
    said = failing("pull", "so3lr")
    assert "no route to host" in said
    assert "eukrates convert so3lr params.pkl -o so3lr.safetensors" in said
    monkeypatch.setattr(published, "_fetched", served)
    assert run(["pull", "so3lr"]) == 0
    path = tmp_path / "cache" / "so3lr.safetensors"
    assert capsys.readouterr().out.strip().endswith(str(path))
    monkeypatch.setattr(published, "_fetched", lambda url, name: pytest.fail("the cache was not used"))
    assert run(["pull", "so3lr"]) == 0
    path.unlink()
    settings = json.loads((home / "hyperparameters.json").read_text())
    settings["model"]["cutoff"] = 5.0
    (home / "hyperparameters.json").write_text(json.dumps(settings))
    monkeypatch.setattr(published, "_fetched", served)
    assert "not those that this version knows" in failing("pull", "so3lr")
    assert not path.exists()


def test_ani_is_converted_from_both_of_its_formats(shared, tmp_path, capsys):
    for name in ("weights/ani/ani1ccx_weights.npz", "ref/ani/ani1ccx_constants.json"):
        shutil.copy(shared / name, tmp_path)
    chemical = shared / "weights/ani/neurochem/ani-1ccx_8x.info"
    for path, out in ((tmp_path / "ani1ccx_weights.npz", "a"), (chemical, "b")):
        assert run(["convert", "ani", str(path), "-o", str(tmp_path / f"{out}.safetensors")]) == 0
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    card = read_header(tmp_path / "a.safetensors")["card"]
    assert (card["licence"], card["level_of_theory"]) == ("MIT", "CCSD(T)*/CBS")
    model = load(tmp_path / "a.safetensors")
    assert (model.members, model.elements) == (8, ("H", "C", "N", "O"))
    assert "cite Smith" in capsys.readouterr().out


def test_what_is_too_many_files_is_not_pulled(failing):
    assert "git clone" in failing("pull", "ani")
