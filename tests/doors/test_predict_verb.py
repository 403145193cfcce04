"""`eukrates predict`, and long-range choices on the command line."""

import ase.io
import jax
import numpy as np
import pytest
from ase.build import molecule
from ase.calculators.singlepoint import SinglePointCalculator

from eukrates.app.cli import run
from eukrates.data import to_system
from eukrates.data.trajectory import read_h5md
from eukrates.matter import graph
from eukrates.models import SO3LR, SO3krates, save
from eukrates.potential import predict
from eukrates.testing import shaken


@pytest.fixture(scope="module")
def so3lr():
    heads = {"charge": True, "spin": True, "partial_charges": True, "hirshfeld_ratios": True}
    small = {"features": 8, "layers": 1, "heads": 2, "degrees": (1, 2), "cutoff": 3.0, "basis_size": 4}
    return SO3LR(shaken(SO3krates(("H", "C", "O"), **small, **heads, key=jax.random.key(0)), seed=1), far_cutoff=6.0)


@pytest.fixture
def model(so3lr, tmp_path):
    return save(so3lr, tmp_path / "model.safetensors")


@pytest.fixture
def frames(tmp_path):
    state = {"charge": 0, "spin": 0}
    box = molecule("H2O", info=state, cell=np.eye(3) * 7.0, pbc=True)
    ase.io.write(tmp_path / "frames.extxyz", [molecule("CH3CH2OH", info=state), box])
    return tmp_path / "frames.extxyz"


def test_everything_that_the_model_says_is_printed_and_written(so3lr, model, frames, tmp_path, capsys):
    out = tmp_path / "out.extxyz"
    assert run(["predict", str(model), str(frames), "-o", str(out), "--precision", "float64"]) == 0
    head = capsys.readouterr().out.splitlines()[1].split()
    assert head[:3] == ["frame", "formula", "energy"]
    assert set(head[3:]) == {"network", "atoms", "zbl", "dispersion", "electrostatics"}
    ethanol, water = ase.io.read(out, ":")
    expected = predict(so3lr, graph(to_system(ethanol), 3.0, 6.0), ("energy", "forces", "forces_by_term"))
    assert ethanol.get_potential_energy() == pytest.approx(expected.energy[0], abs=1e-5)
    np.testing.assert_allclose(ethanol.get_forces(), expected.forces, atol=1e-5)
    np.testing.assert_allclose(ethanol.arrays["forces_zbl"], expected.forces_by_term["zbl"], atol=1e-5)
    np.testing.assert_allclose(ethanol.get_charges(), expected.charges, atol=1e-5)
    np.testing.assert_allclose(ethanol.arrays["hirshfeld_ratios"], expected.hirshfeld_ratios, atol=1e-5)
    assert ethanol.info["energy_electrostatics"] == pytest.approx(expected.terms["electrostatics"][0], abs=1e-5)
    assert water.get_stress().shape == (6,)
    assert "Nothing was overwritten" in _refused(["predict", str(model), str(frames), "-o", str(out)], capsys)


def test_long_range_choices_reach_the_model(model, frames, tmp_path, capsys):
    words = ["predict", str(model), str(frames), "--far-cutoff", "9", "--electrostatics", "none"]
    assert run(words) == 0
    assert "electrostatics" not in capsys.readouterr().out
    assert "Known: cutoff, ewald, p3m, none" in _refused([*words[:-1], "ewold"], capsys)
    assert "far_cutoff cannot be chosen" in _refused([*_plain(tmp_path), str(frames), "--far-cutoff", "9"], capsys)


def test_dynamics_remembers_long_range_choices_and_refuses_others(model, frames, tmp_path, capsys):
    far, folder = ["--electrostatics", "none"], tmp_path / "md"
    start = ["md", str(model), str(frames), "--folder", str(folder), "--temperature", "10", "--every", "2"]
    assert run([*start, "--time", "0.002", *far, "--no-report"]) == 0
    again = ["md", "--resume", "--folder", str(folder)]
    assert "electrostatics ('none' there, 'ewald' here)" in _refused([*again, "--electrostatics", "ewald"], capsys)
    assert "far_cutoff (None there, 9.0 here)" in _refused([*again, "--far-cutoff", "9"], capsys)
    assert run([*again, "--time", "0.004"]) == 0
    assert len(read_h5md(folder / "trajectory.h5").frames) == 5
    (folder / "md.yaml").unlink()
    assert "They differ" in _refused([*again, str(model), "--time", "0.006"], capsys)
    assert run([*again, str(model), "--time", "0.006", *far, "--no-report"]) == 0


def _plain(folder):
    network = SO3krates(("H", "C", "O"), features=8, layers=1, heads=2, degrees=(1, 2), key=jax.random.key(0))
    return ["predict", str(save(network, folder / "plain.safetensors"))]


def _refused(words, capsys) -> str:
    capsys.readouterr()
    assert run(words) != 0
    return capsys.readouterr().err


def test_evaluate_and_inspect_are_told_electrons_that_the_data_do_not_state(model, tmp_path, capsys):
    ethanol = molecule("CH3CH2OH")
    ethanol.calc = SinglePointCalculator(ethanol, energy=-1.0, forces=np.zeros((9, 3)))
    ase.io.write(tmp_path / "data.extxyz", [ethanol] * 2)
    words = ["evaluate", str(model), str(tmp_path / "data.extxyz")]
    assert "depends on charge" in _refused(words, capsys)
    assert run([*words, "--charge", "0", "--spin", "0"]) == 0
    assert "2 structures" in capsys.readouterr().out
    words = ["inspect", str(model), "--run", "0", "--data", str(tmp_path / "data.extxyz")]
    assert "depends on charge" in _refused(words, capsys)
    assert run([*words, "--charge", "0", "--spin", "0"]) in (0, 1)
