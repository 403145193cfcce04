"""`eukrates explore`, `connect` and `path`: what lands in the folder, what is printed, how they fail."""

import csv
import json

import ase.io
import numpy as np
import pytest
from ase import Atoms

from eukrates.app.cli import run
from eukrates.models import save
from eukrates.physics.lennard_jones import LennardJones

CLUSTER = LennardJones({"Ar": 1.0}, {"Ar": 1.0}, cutoff=60.0, on=50.0)
LJ6 = [-12.712062, -12.302928]  # ε; Hoare & Pal, Adv. Phys. 20, 161 (1971)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    here = tmp_path_factory.mktemp("exploration")
    places = 1.1 * np.stack(np.meshgrid(*[np.arange(2.0)] * 3), -1).reshape(-1, 3)[:6]
    places += np.random.default_rng(0).normal(0, 0.05, places.shape)
    ase.io.write(here / "start.xyz", Atoms("Ar6", places), format="extxyz")
    save(CLUSTER, here / "model.safetensors")
    return here


def told(folder, *more):
    hop = ["--by", "hopping", "--candidates", "12", "--hopping-temperature", "9000", "--gap", "2.2", "--force", "1e-4"]
    return ["explore", f"{folder}/model.safetensors", f"{folder}/start.xyz", "-o", f"{folder}/search", *hop, *more]


@pytest.fixture(scope="module")
def searched(folder):
    more = ["--temperature", "2000", "--temperature", "4000", "--free-energies", "2"]
    assert run(told(folder, "--quenches", "60", "--check", f"{folder}/model.safetensors", *more)) == 0
    return folder / "search"


def test_minima_are_in_the_folder(searched):
    minima = ase.io.read(searched / "minima.extxyz", ":")
    np.testing.assert_allclose([atoms.get_potential_energy() for atoms in minima], LJ6, atol=1e-6)
    assert [atoms.info["rank"] for atoms in minima] == [0, 1]
    with (searched / "minima.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["rank"]) for row in rows] == [0, 1]
    assert sum(float(row["weight_2000K"]) for row in rows) == pytest.approx(1, abs=1e-5)
    ratio = float(rows[1]["weight_4000K"]) / float(rows[0]["weight_4000K"])
    assert ratio == pytest.approx(np.exp(-(LJ6[1] - LJ6[0]) / (4000 * 8.617333e-5)), rel=1e-3)
    # the octahedron is the stiffer and the more symmetric one (24 beside 2 rotations): entropy favours the other
    assert float(rows[1]["gibbs_weight_4000K"]) > float(rows[1]["weight_4000K"])
    assert {row["imaginary_modes"] for row in rows} == {"0"}


def test_the_report_tells_all(searched):
    page = (searched / "report.html").read_text("utf-8")
    for words in ("2 different minima", "Second opinion: model", "The lowest in three dimensions", "% by G, 4000 K"):
        assert words in page


def test_the_same_command_goes_on_and_another_is_refused(searched, folder, capsys):
    assert run(told(folder, "--quenches", "80")) == 0
    assert "2 minima in 85 quenches" in capsys.readouterr().out
    assert run(told(folder, "--quenches", "80", "--seed", "1")) == 1
    assert "other rules" in capsys.readouterr().err
    assert run(told(folder, "--check", "gfn7")) == 1
    assert "Unknown labeller" in capsys.readouterr().err
    assert run(told(folder, "--by", "hoping")) == 1
    assert "hopping" in capsys.readouterr().err


def test_minima_are_connected(searched, folder, capsys):
    assert run(["connect", f"{folder}/model.safetensors", str(searched), "--force", "0.01"]) == 0
    assert "passes between 2 minima" in capsys.readouterr().out
    network = json.loads((searched / "network.json").read_text())
    assert network["passes"]
    assert all(one["energy"] > LJ6[1] and one["wavenumber"] < 0 for one in network["passes"])
    assert len(ase.io.read(searched / "saddles.extxyz", ":")) == len(network["passes"])
    assert "Disconnectivity tree" in (searched / "network.html").read_text("utf-8")


def test_a_path_between_two_structures(searched, folder, capsys):
    minima = ase.io.read(searched / "minima.extxyz", ":")
    ase.io.write(folder / "ends.xyz", minima, format="extxyz")
    assert run(["path", f"{folder}/model.safetensors", f"{folder}/ends.xyz", "-o", f"{folder}/path"]) == 0
    out = capsys.readouterr().out
    assert "saddle point, kJ/mol" in out
    assert len(ase.io.read(folder / "path/path.extxyz", ":")) == 11
    assert (folder / "path/path.html").exists()
    ase.io.write(folder / "one.xyz", minima[:1], format="extxyz")
    assert run(["path", f"{folder}/model.safetensors", f"{folder}/one.xyz", "-o", f"{folder}/path"]) == 1
    assert "two structures" in capsys.readouterr().err
    ase.io.write(folder / "same.xyz", [minima[0], minima[0]], format="extxyz")
    assert run(["path", f"{folder}/model.safetensors", f"{folder}/same.xyz", "-o", f"{folder}/path"]) == 1
    assert "same minimum" in capsys.readouterr().err
