"""A model with charges, dipoles, Hirshfeld ratios and long-range physics, trained from a configuration."""

import json

import ase
import ase.io
import jax
import numpy as np
import pytest
import yaml
from ase.calculators.singlepoint import SinglePointCalculator

from eukrates.app.cli import run
from eukrates.interfaces.ase import Calculator
from eukrates.models import SO3LR, SO3krates, load
from eukrates.testing import shaken

NETWORK = {"features": 12, "layers": 1, "heads": 2, "degrees": [1, 2], "cutoff": 3.0, "basis_size": 8}
HEADS = {"charge": True, "spin": True, "partial_charges": True, "hirshfeld_ratios": True}
WATER = np.array([[0.0, 0.0, 0.1], [0.0, 0.76, -0.48], [0.0, -0.76, -0.48]])


@pytest.fixture(scope="module")
def dimers(tmp_path_factory):
    """Pairs of shaken water molecules with all labels of SO3LR, from a teacher of that kind."""
    network = shaken(SO3krates(("H", "O"), **NETWORK, **HEADS, key=jax.random.key(5)), seed=4)
    teacher, rng, frames = Calculator(SO3LR(network, far_cutoff=8.0)), np.random.default_rng(2), []
    for n in range(36):
        apart = np.array([[2.8 + rng.uniform(0, 3), 0, 0]])
        positions = np.concatenate([WATER, WATER + apart]) + rng.normal(scale=0.08, size=(6, 3))
        atoms = ase.Atoms("OHHOHH", positions, info={"charge": 0, "spin": 0, "config_type": f"pair{n}"})
        atoms.calc = teacher
        labels = {"energy": atoms.get_potential_energy(), "forces": atoms.get_forces()}
        labels |= {"dipole": atoms.get_dipole_moment(), "charges": atoms.get_charges()}
        atoms.arrays["hirshfeld_ratios"] = teacher.results["hirshfeld_ratios"]
        atoms.calc = SinglePointCalculator(atoms, **labels)
        frames.append(atoms)
    path = tmp_path_factory.mktemp("data") / "dimers.extxyz"
    ase.io.write(path, frames)
    return path


@pytest.fixture
def config(write_config, dimers):
    """A configuration of such a training with some weights of the loss."""

    def write(**loss):
        training = {"epochs": 15, "batch_size": 4, "optimiser": {"learning_rate": 0.01}, "loss": loss}
        path = write_config(data={"train": str(dimers), "valid": 6, "test": 6}, training=training)
        return with_model(path)

    return write


def test_every_label_of_the_loss_is_learned(tmp_path, config):
    weights = {"energy": 1.0, "forces": 1.0, "dipole": 10.0, "charges": 10.0, "hirshfeld_ratios": 10.0}
    assert run(["train", str(config(**weights))]) == 0
    rows = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    for label in weights:
        assert rows[-1][f"valid/{label}_mae"] < 0.2 * rows[0][f"train/{label}_mae"], label
    assert isinstance(load(tmp_path / "run" / "best.safetensors"), SO3LR)


def test_a_label_that_no_structure_has_is_refused(config, failing, dimers, tmp_path):
    frames = ase.io.read(dimers, ":")
    for frame in frames:
        del frame.arrays["hirshfeld_ratios"]
    ase.io.write(dimers.with_name("less.extxyz"), frames)
    path = config(forces=1.0, hirshfeld_ratios=1.0)
    path.write_text(path.read_text().replace("dimers.extxyz", "less.extxyz"))
    assert "hirshfeld_ratios" in failing("train", path)


@pytest.fixture(scope="module")
def boxes(tmp_path_factory):
    """Pairs of water molecules in a periodic box, labels of no meaning."""
    rng, frames = np.random.default_rng(3), []
    for n in range(8):
        positions = np.concatenate([WATER, WATER + np.array([3.0, 0, 0])]) + rng.normal(scale=0.08, size=(6, 3))
        atoms = ase.Atoms("OHHOHH", positions, cell=7.0 * np.eye(3), pbc=True)
        atoms.info.update(charge=0, spin=0, config_type=f"box{n}")
        labels = {"energy": rng.normal(), "forces": rng.normal(size=(6, 3)), "dipole": np.ones(3)}
        atoms.calc = SinglePointCalculator(atoms, **labels)
        frames.append(atoms)
    path = tmp_path_factory.mktemp("data") / "boxes.extxyz"
    ase.io.write(path, frames)
    return path


def with_model(path, **choices):
    """The configuration with a model of this kind."""
    model = {"so3lr": {"network": {"so3krates": NETWORK | HEADS}, "far_cutoff": 8.0, **choices}}
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"model": model}))
    return path


@pytest.mark.parametrize("electrostatics", ["ewald", "p3m"])
def test_training_through_lattice_sums_is_refused(write_config, boxes, electrostatics, failing):
    path = write_config(data={"train": str(boxes), "valid": 3, "test": 2}, training={"epochs": 1})
    assert "sum over the lattice" in failing("train", with_model(path, electrostatics=electrostatics, width=2.0))


def test_dipoles_of_periodic_boxes_are_refused(write_config, boxes, failing):
    training = {"epochs": 1, "loss": {"dipole": 1.0}}
    path = write_config(data={"train": str(boxes), "valid": 3, "test": 2}, training=training)
    assert "which images of atoms" in failing("train", with_model(path))
