"""The page on ANI: its Python runs, and networks of ours are trained, alone and as an ensemble."""

import re
from pathlib import Path

import ase.io
import jax
import pytest
import yaml
from ase.build import molecule

from eukrates.app.cli import run
from eukrates.models import ANI, load, save

PAGE = (Path(__file__).parents[2] / "docs/ani.md").read_text(encoding="utf-8")
SMALL = {
    "radial": {"cutoff": 4.0, "eta": 4.0, "shifts": [1.8, 2.6, 3.4]},
    "angular": {"cutoff": 3.4, "eta": 3.0, "zeta": 8.0, "shifts": [2.0, 3.0], "sections": [0.4, 1.2, 2.0, 2.7]},
    "hidden": [8, 8],
}


def test_its_python_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    save(ANI(("H", "C", "O"), **SMALL, members=3, key=jax.random.key(0)), tmp_path / "ani2x.safetensors")
    exec(compile("\n".join(re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)), "ani.md", "exec"), {})
    energy, spread, per_atom = map(float, capsys.readouterr().out.split())
    assert spread > 0
    assert per_atom == spread / 3
    ase.io.write("ethanol.xyz", molecule("CH3CH2OH"))
    assert run(["predict", "ani2x.safetensors", "ethanol.xyz", "-o", "out.extxyz"]) == 0
    assert "deviation" in capsys.readouterr().out
    told = ase.io.read("out.extxyz")
    assert told.info["energy_deviation"] == pytest.approx(spread, rel=1e-4)
    assert told.info["energy_by_member"].mean() == pytest.approx(energy, rel=1e-6)


def test_its_members_are_an_option_of_the_model_too(write_config, tmp_path):
    text = yaml.safe_load(write_config().read_text()) | {"model": {"ani": SMALL | {"members": 2}}}
    (tmp_path / "ani.yaml").write_text(yaml.safe_dump(text))
    assert run(["train", str(tmp_path / "ani.yaml")]) == 0
    trained = load(tmp_path / "run/best.safetensors")
    assert trained.members == 2
    assert trained.hidden == {"Al": [8, 8], "Cu": [8, 8]}
