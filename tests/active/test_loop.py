"""The loop: what it labels, when it ends, and that killing it changes nothing."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import ase.io
import jax
import numpy as np
import pytest
import yaml
from ase import Atoms
from ase.build import molecule

from eukrates.active import Loop, Policy
from eukrates.active.sampler import copied
from eukrates.app.cli import run
from eukrates.models import ANI, load, save
from eukrates.reference import LabelError, Labeller, Labels

SHAPE = {"radial": {"cutoff": 4.0, "eta": 8.0, "shifts": [1.0, 2.0]}, "hidden": [8]}
SHAPE["angular"] = {"cutoff": 3.0, "eta": 8.0, "zeta": 8.0, "shifts": [1.5], "sections": [0.5, 1.5]}
ROUGH = {
    "labeller": "gfn2",
    "sampling": {"dynamics": {"replicas": 4, "time_ps": 0.05}, "torsions": {"count": 8}},
    "policy": {"labels": 12, "batch": 5, "rho": 1e-4},
    "model": {"ani": SHAPE},
    "members": 2,
    "valid": 0.25,
    "training": {"epochs": 3, "batch_size": 4},
}


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """Methyl ethyl ether, roughly shaken."""
    path, rng = tmp_path_factory.mktemp("start") / "start.extxyz", np.random.default_rng(0)
    frames = []
    for _ in range(8):
        atoms = molecule("CH3CH2OCH3")
        atoms.positions += rng.normal(scale=0.03, size=(len(atoms), 3))
        atoms.info = {"charge": 0, "spin": 0}
        frames.append(atoms)
    ase.io.write(path, frames)
    return path


def configured(tmp_path, start, **changes) -> Path:
    whole = ROUGH | {"structures": str(start), "folder": str(tmp_path / "loop")} | changes
    path = tmp_path / "active.yaml"
    path.write_text(yaml.safe_dump(whole))
    return path


def labelled(folder):
    """Structures in the order of their labels, with energies."""
    files = sorted(Path(folder).glob("generation_*/labelled.extxyz"))
    return [(file.parent.name, atoms) for file in files for atoms in ase.io.read(file, ":")]


@pytest.fixture(scope="module")
def whole(tmp_path_factory, start):
    """The folder of a loop that nobody disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    assert run(["active", str(configured(folder, start))]) == 0
    return folder / "loop"


def test_a_loop_leaves_labels_models_reasons_and_a_report(whole):
    generations = [json.loads(file.read_text()) for file in sorted(whole.glob("generation_*/done.json"))]
    assert [g["labels"] for g in generations] == [8, 12]
    assert [sum(g["picked"].values()) for g in generations] == [4, 0]  # half as many
    for g in generations[:1]:
        assert 8 <= sum(g["candidates"].values()) <= 4 * 3 + 8
        assert g["above"] > 5
        assert g["errors"]["valid"]["forces"]["rmse"] > 0
    assert not generations[1]["candidates"]
    chosen = ase.io.read(whole / "generation_01" / "chosen.extxyz", ":")
    assert all(atoms.info["rho"] > 1e-4 and atoms.info["chosen_by_generation"] == 0 for atoms in chosen)
    assert {atoms.info["sampled_by"] for atoms in chosen} <= {"dynamics", "torsions"}
    assert len(labelled(whole)) == 12
    assert len(load(whole / "generation_01" / generations[-1]["model"]).apart()) == 2
    assert "The loop ended: 12 labels were made" in (whole / "report.html").read_text()


def test_a_finished_loop_is_not_done_again_and_another_is_refused(whole, start, tmp_path, capsys):
    stamp = (whole / "generation_01" / "done.json").stat().st_mtime_ns
    assert run(["active", str(configured(tmp_path, start, folder=str(whole)))]) == 0
    assert (whole / "generation_01" / "done.json").stat().st_mtime_ns == stamp
    capsys.readouterr()
    assert run(["active", str(configured(tmp_path, start, folder=str(whole), members=3))]) != 0
    assert "other members" in capsys.readouterr().err
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("")
    assert run(["active", str(configured(tmp_path, start, folder=str(tmp_path / "mine")))]) != 0
    assert "something else" in capsys.readouterr().err


def test_killed_twice_it_chooses_the_same_structures(whole, start, tmp_path):
    config, folder = configured(tmp_path, start), tmp_path / "loop"
    command = [sys.executable, "-c", "from eukrates.app.cli import main; main()", "active", str(config)]
    marks = ("generation_00/model/best.safetensors", "generation_01/labelled.extxyz.journal.jsonl")
    for mark in marks:  # in the first training, and while the second generation is labelled
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not (folder / mark).exists() and process.poll() is None:
            time.sleep(0.005)
        assert process.poll() is None, "it ended before it could be killed"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert not (folder / "generation_01" / "done.json").exists()
    assert run(["active", str(config)]) == 0
    assert len(labelled(folder)) == len(labelled(whole)) == 12
    for (there, one), (here, other) in zip(labelled(whole), labelled(folder), strict=True):
        assert there == here
        np.testing.assert_array_equal(one.positions, other.positions)
        assert one.get_potential_energy() == other.get_potential_energy()


def test_a_loop_ends_where_the_ensemble_knows(start, tmp_path, capsys):
    policy = {"labels": 100, "batch": 5, "rho": 100.0}
    assert run(["active", str(configured(tmp_path, start, policy=policy))]) == 0
    assert "no candidate is above rho = 100 eV" in capsys.readouterr().out
    assert not (tmp_path / "loop" / "generation_01").exists()


@dataclasses.dataclass(frozen=True)
class Fails(Labeller):
    """Knows what it is given first, and fails on everything else."""

    level = "none"

    def check(self, atoms):
        if len(atoms) > 6:
            raise ValueError("too large")

    def __call__(self, atoms):
        if atoms.info["sampled_by"] != "start":
            raise LabelError("not converged")
        return Labels(-1.0, np.zeros((len(atoms), 3)))


def shaken_copies(potential, starts, rho, rng):
    assert all(len(atoms) == 3 for atoms in starts)
    found = [copied(starts[0], "shaken") for _ in range(5)]
    for atoms in found:
        atoms.positions += rng.normal(scale=0.1, size=(3, 3))
    large = copied(molecule("C2H6"), "shaken")
    return [*found, large, copied(starts[0], "shaken")]


def test_a_loop_of_failures_ends_with_its_budget(tmp_path):
    model = ANI(["H", "C", "O"], **SHAPE, members=2, key=jax.random.key(0))
    water, atom = molecule("H2O"), Atoms("H")
    water.info, atom.info = {"charge": 0, "spin": 0, "REF_energy": -5.0}, {"charge": 0, "spin": 1}
    train = lambda files, folder: save(model, folder / "model.safetensors")
    policy = Policy(labels=7, batch=2, rho=1e-9, hottest_kelvin=1e9)
    make = lambda: Loop(tmp_path / "loop", [water, atom], Fails(), train, [shaken_copies], policy)
    (tmp_path / "loop").mkdir()
    (tmp_path / "loop" / ".active.json.x.json").write_text("")  # a file that was never finished
    done = make()()
    assert [g.tried for g in done.generations] == [2, 3, 4, 6, 7]
    assert [g.failed for g in done.generations] == [0, 1, 1, 2, 1]
    assert done.ended == "2 labels were made, 5 more failed, of 7 that were allowed"
    assert all(g.aside == 1 for g in done.generations[:4])
    assert done.model.exists()
    assert "REF_energy" not in (tmp_path / "loop" / "generation_00" / "labelled.extxyz").read_text()
    for generation in (tmp_path / "loop").glob("generation_*"):  # as if killed when only the settings were written
        shutil.rmtree(generation)
    assert make()().ended == done.ended
    with pytest.raises(ValueError, match="more than the 1 labels"):
        Loop(tmp_path / "more", [water, atom], Fails(), train, [shaken_copies], Policy(labels=1))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"labeller": "gnf2"}, "Did you mean 'gfn2'"),
        ({"sampling": {"torsion": {}}}, "Did you mean 'torsions'"),
        ({"members": 1}, "members"),
        ({"labeller": "pyscf:ccsd(t)/sto-3g"}, "energies without forces"),
        ({"polcy": {}}, "Did you mean 'policy'"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_happens(start, tmp_path, capsys, changes, said):
    assert run(["active", str(configured(tmp_path, start, **changes))]) != 0
    assert said in capsys.readouterr().err
    assert not (tmp_path / "loop").exists()
