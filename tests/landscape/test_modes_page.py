"""The page on normal modes: its Python runs, and so does `eukrates modes`."""

import json
import re
from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase.build import molecule
from ase.optimize import BFGS

from eukrates.app.cli import run
from eukrates.interfaces.ase import Calculator
from eukrates.landscape import vibrations
from eukrates.models import save
from eukrates.physics.coulomb import Coulomb
from eukrates.physics.lennard_jones import LennardJones

PAGE = (Path(__file__).parents[2] / "docs/modes.md").read_text(encoding="utf-8")
SYMBOLS = ("H", "C", "O")
BOUND = LennardJones(dict.fromkeys(SYMBOLS, 0.2), {"H": 1.0, "C": 1.4, "O": 1.2}, cutoff=20.0, on=18.0)
CHARGED = BOUND + Coulomb({"H": 0.1, "C": 0.1, "O": -0.2}, far_cutoff=np.inf)


def test_its_python_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    save(BOUND, tmp_path / "model.safetensors")
    code = "\n".join(re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S))
    known = {"charged": Coulomb({"H": 0.1, "C": 0.1, "O": -0.2}, far_cutoff=np.inf)}
    exec(compile(code, "modes.md", "exec"), known)
    assert known["found"].wavenumbers.shape == (21,)
    assert np.abs(known["found"].rigid_wavenumbers).max() < 5
    assert known["softer"].entropy != known["room"].entropy


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A charged model, and water at its minimum and away from it."""
    folder = tmp_path_factory.mktemp("modes")
    save(CHARGED, folder / "model.safetensors")
    water = molecule("H2O")
    ase.io.write(folder / "away.extxyz", water)
    water.calc = Calculator(CHARGED, precision="float64")
    BFGS(water, logfile=None).run(fmax=1e-6, steps=300)
    water.calc = None
    ase.io.write(folder / "minimum.extxyz", water, columns=["symbols", "positions"])
    return folder


def test_the_command_prints_and_writes_what_the_library_finds(files, tmp_path, capsys):
    model, minimum, out = files / "model.safetensors", files / "minimum.extxyz", tmp_path / "out"
    words = ["modes", str(model), str(minimum), "-o", str(out), "--temperature", "298.15", "--temperature", "500"]
    assert run(words) == 0
    printed = capsys.readouterr().out
    assert "Symmetry number 2, multiplicity 1, all modes harmonic" in printed
    found = vibrations(CHARGED, ase.io.read(minimum))
    assert all(f"{nu:.2f}" in printed for nu in found.wavenumbers)
    numbers = json.loads((out / "vibrations.json").read_text())
    assert numbers["wavenumbers"] == pytest.approx(found.wavenumbers)
    assert min(numbers["intensities"]) > 0
    assert [state["temperature_kelvin"] for state in numbers["ideal_gas"]["states"]] == [298.15, 500.0]
    frames = ase.io.read(out / "modes.extxyz", ":")
    np.testing.assert_allclose([f.arrays["displacement"] for f in frames], found.displacements, atol=1e-7)
    assert [f.info["wavenumber"] for f in frames] == pytest.approx(found.wavenumbers)
    assert run(words) != 0
    assert "Nothing was overwritten" in capsys.readouterr().err
    assert run([*words, "--overwrite", "--soft", "100", "--symmetry", "1"]) == 0
    assert "Symmetry number 1, multiplicity 1, free rotors below about 100 1/cm" in capsys.readouterr().out


def test_the_command_refuses_what_is_not_stationary_or_would_be_ignored(files, tmp_path, capsys):
    model, out = str(files / "model.safetensors"), tmp_path / "out"
    assert run(["modes", model, str(files / "away.extxyz"), "-o", str(out)]) != 0
    said = capsys.readouterr().err
    assert "not stationary" in said
    assert "eukrates relax --force 0.0005" in said
    assert not out.exists()
    assert run(["modes", model, str(files / "minimum.extxyz"), "--symmetry", "2"]) != 0
    assert "--symmetry would be ignored: there is no gas without --temperature" in capsys.readouterr().err
    assert run(["modes", model, str(files / "minimum.extxyz"), "--temperature", "300", "--saddle"]) != 0
    assert "one imaginary mode" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [("--temperature", "-5"), ("--pressure", "0"), ("--symmetry", "0"), ("--multiplicity", "0"), ("--soft", "-1")],
    ids=lambda wrong: wrong[0],
)
def test_a_gas_that_there_cannot_be_is_refused_before_the_hessian(files, tmp_path, monkeypatch, capsys, wrong):
    monkeypatch.setattr("eukrates.app.vibrating.vibrations", lambda *told: pytest.fail("the Hessian was computed"))
    words = ["modes", str(files / "model.safetensors"), str(files / "minimum.extxyz"), "-o", str(tmp_path / "out")]
    assert run([*words, "--temperature", "300", *wrong]) != 0
    assert "Expected" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_vibrations_of_which_no_gas_is_made_are_printed_and_written(files, tmp_path, capsys):
    model, minimum, out = files / "model.safetensors", files / "minimum.extxyz", tmp_path / "out"
    assert run(["modes", str(model), str(minimum), "-o", str(out), "--temperature", "300", "--saddle"]) != 0
    said = capsys.readouterr()
    assert "one imaginary mode" in said.err
    assert f"The vibrations are in {out} all the same" in " ".join(said.err.split())
    found = vibrations(CHARGED, ase.io.read(minimum))
    assert all(f"{nu:.2f}" in said.out for nu in found.wavenumbers)
    numbers = json.loads((out / "vibrations.json").read_text())
    assert numbers["wavenumbers"] == pytest.approx(found.wavenumbers)
    assert "ideal_gas" not in numbers
    assert len(ase.io.read(out / "modes.extxyz", ":")) == 3
