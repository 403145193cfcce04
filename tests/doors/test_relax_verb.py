"""`eukrates relax`: what lands in the file, what is printed, and how it fails."""

import ase.io
import numpy as np
import pytest
from ase.build import bulk, molecule
from ase.constraints import FixAtoms

from eukrates.app.cli import run
from eukrates.app.relaxation import relax_file
from eukrates.data import to_system
from eukrates.models import load, save
from eukrates.physics.lennard_jones import LennardJones
from eukrates.potential import predict
from eukrates.units import GPA


@pytest.fixture
def files(tmp_path):
    potential = LennardJones({"Ar": 0.0103}, {"Ar": 3.4}, cutoff=12.0, on=10.0)
    frames = [ase.Atoms("Ar2", [[0, 0, 0], [0, 0, 4.5]]), ase.Atoms("Ar3", [[0, 0, 0], [0, 0, 4], [0, 3.5, 2]])]
    frames[1].set_constraint(FixAtoms([0]))
    frames[0].info["name"] = "pair"
    ase.io.write(tmp_path / "starts.xyz", frames, format="extxyz")
    save(potential, tmp_path / "model.safetensors")
    return tmp_path


def test_structures_come_to_rest_in_a_file(files, capsys):
    told = ["relax", f"{files}/model.safetensors", f"{files}/starts.xyz", "-o", f"{files}/out.xyz", "--force", "1e-4"]
    assert run(told) == 0
    assert "converged" in capsys.readouterr().out
    pair, three = ase.io.read(files / "out.xyz", ":")
    np.testing.assert_allclose(pair.get_distance(0, 1), 2 ** (1 / 6) * 3.4, atol=5e-3)
    np.testing.assert_allclose(pair.get_potential_energy(), -0.0103, atol=1e-6)
    np.testing.assert_array_equal(three.positions[0], 0.0)
    assert pair.info["name"] == "pair"
    assert all(atoms.info["relaxed"] and atoms.info["largest_force"] <= 1e-4 for atoms in (pair, three))
    assert run(told) == 1
    assert "--overwrite" in capsys.readouterr().err


def test_an_unknown_choice_is_refused(files):
    told = files / "model.safetensors", files / "starts.xyz", files / "out.xyz"
    with pytest.raises(ValueError, match="Did you mean 'charge'"):
        relax_file(*told, choices={"charg": 0})
    assert not (files / "out.xyz").exists()


def test_what_does_not_come_to_rest_is_written_and_the_command_fails(files, capsys):
    told = ["relax", f"{files}/model.safetensors", f"{files}/starts.xyz", "-o", f"{files}/out.xyz", "--steps", "2"]
    assert run(told) == 1
    said = capsys.readouterr()
    assert "did not come to rest" in said.err
    assert not ase.io.read(files / "out.xyz").info["relaxed"]


def test_under_pressure_the_energy_is_that_of_the_forces_and_the_enthalpy_beside_it(files, capsys):
    ase.io.write(files / "crystal.xyz", bulk("Ar", "fcc", a=5.2, cubic=True), format="extxyz")
    model = files / "model.safetensors"
    told = ["relax", str(model), f"{files}/crystal.xyz", "-o", f"{files}/pressed.xyz", "--cell", "full"]
    assert run([*told, "--pressure", "1"]) == 0
    assert "E + pV eV" in capsys.readouterr().out
    pressed, potential = ase.io.read(files / "pressed.xyz"), load(model)
    energy = predict(potential, potential.graph(to_system(pressed)), ["energy"]).energy[0]
    np.testing.assert_allclose(pressed.get_potential_energy(), energy, atol=1e-5)
    np.testing.assert_allclose(pressed.info["enthalpy"] - energy, GPA * pressed.get_volume(), atol=1e-5)
    again = ["relax", str(model), f"{files}/pressed.xyz", "-o", f"{files}/free.xyz", "--cell", "full"]
    assert run(again) == 0
    assert "E + pV" not in capsys.readouterr().out
    assert "enthalpy" not in ase.io.read(files / "free.xyz").info


def test_mistakes_cost_nothing(files, capsys):
    told = ["relax", f"{files}/model.safetensors", f"{files}/starts.xyz", "-o", f"{files}/out.xyz"]
    ase.io.write(files / "water.xyz", molecule("H2O"))
    for more, words in (
        (["--method", "bfgs"], "lbfgs"),
        (["--cell", "full"], "no volume"),
        (["--pressure", "1"], "needs a cell"),
        (["--fixed", "7"], "from 0 to 1"),
    ):
        assert run([*told, *more]) == 1
        assert words in capsys.readouterr().err
    assert run(["relax", told[1], f"{files}/water.xyz", "-o", told[4]]) == 1
    assert "knows Ar" in capsys.readouterr().err
    assert not (files / "out.xyz").exists()


def test_the_help_says_which_stress_vanishes_and_where_fixed_atoms_stay(capsys):
    assert run(["relax", "--help"]) == 0
    said = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "isotropic, the mean normal stress (trace/3)" in said
    assert "with a cell that relaxes fixed atoms keep their place within it (fractional coordinates)" in said
