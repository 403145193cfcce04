"""`eukrates connect` and `eukrates path`: what lands in the folder, what is printed, how they fail."""

import json

import ase.io
import numpy as np
import pytest
from argon import LJ6, explore, write_heap
from ase.constraints import FixAtoms

from eukrates.app.cli import run
from eukrates.models import save
from eukrates.physics.lennard_jones import LennardJones


@pytest.fixture(scope="module")
def explored(tmp_path_factory):
    here = write_heap(tmp_path_factory.mktemp("connections"))
    told = explore(here, "--mirror", "merged", "--quenches", "40")
    assert run(told) == 0
    return here, told


@pytest.fixture(scope="module")
def folder(explored):
    return explored[0]


@pytest.fixture(scope="module")
def connected(folder):
    assert run(["connect", f"{folder}/model.safetensors", f"{folder}/search", "--force", "0.01"]) == 0
    return folder / "search"


def test_minima_are_connected(connected):
    network = json.loads((connected / "network.json").read_text())
    assert network["passes"]
    energies = {one["number"]: one["energy"] for one in network["minima"]}
    np.testing.assert_allclose([energies[0], energies[1]], LJ6, atol=1e-6)
    for one in network["passes"]:
        assert one["wavenumber"] < 0
        assert one["energy"] > max(energies[n] for n in one["minima"])
    assert len(ase.io.read(connected / "saddles.extxyz", ":")) == len(network["passes"])
    numbered = ase.io.read(connected / "network.extxyz", ":")
    assert {atoms.info["number"]: atoms.get_potential_energy() for atoms in numbered} == pytest.approx(energies)
    assert "Disconnectivity tree" in (connected / "network.html").read_text("utf-8")


def test_the_report_of_the_search_shows_the_tree(connected, explored):
    page = connected / "report.html"
    assert "Disconnectivity tree" not in page.read_text("utf-8")
    assert run(explored[1]) == 0
    assert "Disconnectivity tree" in page.read_text("utf-8")
    network = connected / "network.json"
    held = network.read_text()
    told = json.loads(held)
    told["minima"][0]["energy"] += 0.1
    network.write_text(json.dumps(told))
    assert run(explored[1]) == 0
    assert "connect` again" in page.read_text("utf-8")
    network.write_text(held)


def test_connecting_goes_on(connected, folder, capsys):
    before = json.loads((connected / "network.json").read_text())
    assert run(["connect", f"{folder}/model.safetensors", str(connected), "--force", "0.01"]) == 0
    assert f"from {len(before['attempts'])} bands" in capsys.readouterr().out
    assert json.loads((connected / "network.json").read_text()) == before


def test_another_potential_does_not_connect(connected, folder, capsys):
    save(LennardJones({"Ar": 1.01}, {"Ar": 1.0}, cutoff=60.0, on=50.0), folder / "other.safetensors")
    assert run(["connect", f"{folder}/other.safetensors", str(connected)]) == 1
    assert "another potential" in capsys.readouterr().err
    assert run(["connect", f"{folder}/model.safetensors", str(folder)]) == 1
    assert "no finished search" in capsys.readouterr().err


def path(folder, ends, *more):
    ase.io.write(folder / "ends.xyz", ends, format="extxyz")
    return run(["path", f"{folder}/model.safetensors", f"{folder}/ends.xyz", "-o", f"{folder}/path", *more])


def test_a_path_between_two_structures(connected, folder, capsys):
    minima = ase.io.read(connected / "minima.extxyz", ":")
    assert path(folder, minima) == 0
    out = capsys.readouterr().out
    assert "between first and second" in out
    assert "barrier backwards" in out
    images = ase.io.read(folder / "path/path.extxyz", ":")
    assert len(images) == 11
    saddles = ase.io.read(folder / "path/saddles.extxyz", ":")
    assert max(s.get_potential_energy() for s in saddles) >= max(i.get_potential_energy() for i in images) - 1e-4
    assert path(folder, minima) == 1
    assert "--overwrite" in capsys.readouterr().err


def test_a_path_that_is_not_complete_fails_with_its_files_written(connected, folder, capsys):
    minima = ase.io.read(connected / "minima.extxyz", ":")
    assert path(folder, minima, "--overwrite", "--steps", "1", "--images", "4") == 1
    assert "did not come to rest" in capsys.readouterr().err
    assert len(ase.io.read(folder / "path/path.extxyz", ":")) == 4


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda a, b: [a], "two structures"),
        (lambda a, b: [a, a], "same minimum"),
        (lambda a, b: [a, b[:5]], "same atoms"),
        (lambda a, b: [a, _held(b)], "fixed atoms"),
        (lambda a, b: [a, _flat(b)], "rests on a saddle point"),
    ],
)
def test_what_cannot_be_ends_is_refused(connected, folder, capsys, spoil, words):
    assert path(folder, spoil(*ase.io.read(connected / "minima.extxyz", ":")), "--overwrite") == 1
    assert words in capsys.readouterr().err


def _held(atoms):
    atoms.set_constraint(FixAtoms([0]))
    return atoms


def _flat(atoms):
    """Six atoms in a plane, which forces do not lead out of."""
    angles = np.arange(5) * 2 * np.pi / 5
    atoms.positions = 1.1 * np.stack([np.cos(angles), np.sin(angles), 0 * angles], 1)[[0, 1, 2, 3, 4, 0]]
    atoms.positions[5] = 0
    return atoms
