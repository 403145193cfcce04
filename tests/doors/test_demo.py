"""`eukrates demo`: the whole road in small, on some of the ethanol that comes with the package."""

from contextlib import contextmanager
from importlib.resources import files

import pytest

from eukrates.app.cli import run
from eukrates.app.demo import Demo, demo
from eukrates.data import read, separate, write
from eukrates.models import read_header

TINY = Demo(epochs=1, dynamics_ps=0.02, nve_ps=0.02, features=8, layers=1, degrees=(1,), valid=10, test=10)


@contextmanager
def silent(title, unit):
    yield lambda done, total, words="": None


@pytest.fixture(scope="module")
def some_ethanol(tmp_path_factory):
    atoms, structures = separate(read(str(files("eukrates.data") / "sets" / "ethanol.extxyz")))
    path = tmp_path_factory.mktemp("some") / "ethanol.extxyz"
    write([*atoms, *structures[:40]], path)
    return path


def test_the_whole_road_ends_in_one_page_that_needs_no_network(tmp_path, some_ethanol):
    said = []
    first = demo(tmp_path / "demo", silent, TINY, some_ethanol, said.append)
    text = first.page.read_text(encoding="utf-8")
    for title in ("In short", "The data", "Training", "Errors on data", "Can it be trusted?", "Dynamics"):
        assert title in text
    assert "http" not in text.replace("http-equiv", "")
    assert text.count("<svg") >= 5
    assert "application/json" in text
    assert any("steps" in words for words in said)
    card = read_header(tmp_path / "demo" / "training" / "best.safetensors")["card"]
    assert card["data"]["free_atoms"] == 3
    before = (tmp_path / "demo" / "training" / "last.safetensors").read_bytes()
    again = demo(tmp_path / "demo", silent, TINY, some_ethanol, said.append)
    assert again.page == first.page
    assert bool(again.faults) == (not again.inspection.ok)
    assert (tmp_path / "demo" / "training" / "last.safetensors").read_bytes() == before


def test_a_folder_of_somebody_else_is_not_touched(tmp_path, failing):
    (tmp_path / "thesis.tex").write_text("years of work")
    assert "Nothing was touched" in failing("demo", "--folder", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_the_minutes_decide_the_epochs():
    assert Demo.lasting(6.0) == Demo()
    assert Demo.lasting(4.5).epochs == round(Demo().epochs / 2)
    with pytest.raises(ValueError, match="more than"):
        Demo.lasting(2.0)


def test_the_set_that_comes_with_the_package_is_sound(capsys):
    path = files("eukrates.data") / "sets" / "ethanol.extxyz"
    assert run(["check", str(path)]) == 0
    assert "OK" in capsys.readouterr().out
