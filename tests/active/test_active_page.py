"""The page on active learning: its Python runs, its configuration is one, and so is the one that `init` writes."""

import re
from pathlib import Path

import ase.io
import yaml
from ase.build import molecule

from eukrates.active import Dynamics, Policy
from eukrates.app.active_configuration import ActiveConfiguration
from eukrates.app.cli import run
from eukrates.app.configuration_file import as_yaml, configuration

PAGE = (Path(__file__).parents[2] / "docs" / "active_learning.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.M | re.S)


def test_its_python_runs_up_to_your_own_training(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ase.io.write("start.extxyz", molecule("CH3OH"))
    told: dict = {}
    exec("\n".join(blocks("python")), told)
    assert told["loop"].policy == Policy(labels=200)


def test_its_configuration_is_one_and_reads_back_the_same(tmp_path):
    (text,) = blocks("yaml")
    whole = configuration(yaml.safe_load(text), "page", ActiveConfiguration)
    assert len(whole.sampling.made) == 4
    assert whole.policy.make() == Policy()
    again = configuration(yaml.safe_load(as_yaml(whole)), "again", ActiveConfiguration)
    assert again == whole
    inner = whole.training_on(["a.extxyz"], "out", "GFN2-xTB", 100)
    assert (inner.members, inner.card.level_of_theory) == (4, "GFN2-xTB")
    assert (inner.plan.epochs, inner.plan.validate_every) == (1000, 5)  # of 100 labels, of 500 that are allowed


def test_init_writes_one_that_lacks_only_its_labeller(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["init", "active.yaml", "--active"]) == 0
    assert "eukrates active active.yaml" in capsys.readouterr().out
    text = (tmp_path / "active.yaml").read_text()
    found = configuration(yaml.safe_load(text) | {"labeller": "gfn2"}, "written", ActiveConfiguration)
    assert found.structures == "start.extxyz"
    assert found.sampling.made == (Dynamics(),)
    assert run(["init", "other.yaml", "--active", "--md"]) != 0
    assert run(["schema", "--active"]) == 0
    assert '"labeller"' in capsys.readouterr().out
