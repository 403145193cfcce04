"""The page on SO3LR: its Python runs, with the published weights where they are and a small stand-in where not."""

import json
import re
from pathlib import Path

import jax
import numpy as np
import pytest
from ase.build import molecule

from eukrates.app.cli import run
from eukrates.models import SO3LR, SO3krates, save
from eukrates.models.so3krates.published import so3lr

PAGE = (Path(__file__).parents[2] / "docs/so3lr.md").read_text(encoding="utf-8")


@pytest.fixture
def small(tmp_path):
    heads = {"charge": True, "spin": True, "partial_charges": True, "hirshfeld_ratios": True}
    network = SO3krates(("H", "C", "O"), features=8, heads=2, degrees=(1, 2), layers=1, **heads, key=jax.random.key(0))
    return save(SO3LR(network), tmp_path / "so3lr.safetensors")


def test_its_python_runs(small, capsys):
    code = "\n".join(re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S))
    assert "forces_by_term" in code
    exec(compile(code, "so3lr.md", "exec"), {"atoms": molecule("CH3CH2OH"), "model": small})
    assert "electrostatics" in capsys.readouterr().out


def test_its_peptide_command_gives_the_published_energy(tmp_path, shared, capsys):
    arrays = dict(np.load(shared / "weights/so3lr/so3lr_weights_flat.npz"))
    settings = json.loads((shared / "weights/so3lr/hyperparameters.json").read_text())
    model = save(so3lr(arrays, settings), tmp_path / "so3lr.safetensors")
    peptide = shared / "ref/so3lr/structures/ala15_folded.xyz"
    reference = np.load(shared / "ref/so3lr/ala15_folded__lr12.npz")
    words = ["predict", str(model), str(peptide), "--charge", "0", "--spin", "0", "-o", str(tmp_path / "all.extxyz")]
    assert run(words) == 0
    row = capsys.readouterr().out.splitlines()[2].split()
    assert float(row[2]) == pytest.approx(float(reference["energy"]), abs=0.06)  # four digits are shown
