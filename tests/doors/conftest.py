"""A small labelled set and a small trained model that the tests of the doors share."""

from pathlib import Path

import ase.io
import jax
import pytest
import yaml
from ase import Atoms
from clusters import clusters, labelled

from eukrates.app.cli import run
from eukrates.models import SO3krates, save

SETTINGS = {
    "data": {"valid": 8, "test": 8, "seed": 1},
    "model": {"so3krates": {"features": 8, "layers": 1, "heads": 2, "degrees": [1], "cutoff": 4.0, "basis_size": 6}},
    "training": {"epochs": 3, "batch_size": 4, "optimiser": {"learning_rate": 0.01}},
    "card": {"level_of_theory": "EMT", "licence": "CC0-1.0"},
}


@pytest.fixture(scope="session")
def data(tmp_path_factory) -> Path:
    """Free atoms and 56 clusters of copper and aluminium."""
    path = tmp_path_factory.mktemp("data") / "cual.extxyz"
    atoms = [labelled(Atoms(symbol, [[0.0, 0.0, 0.0]])) for symbol in ("Cu", "Al")]
    for atom in atoms:
        atom.info["config_type"] = "IsolatedAtom"
    ase.io.write(path, [*atoms, *clusters(56)])
    return path


@pytest.fixture
def write_config(tmp_path, data):
    """A function that writes a configuration, some sections changed, and returns its path."""

    def write(name: str = "config.yaml", **changes) -> Path:
        whole = {**SETTINGS, "folder": str(tmp_path / "run")}
        whole["data"] = {"train": str(data), **SETTINGS["data"]}
        for section, content in changes.items():
            whole[section] = {**whole.get(section, {}), **content} if isinstance(content, dict) else content
        path = tmp_path / name
        path.write_text(yaml.safe_dump(whole))
        return path

    return write


@pytest.fixture(scope="module")
def trained(tmp_path_factory, data) -> Path:
    """The folder of a finished training run, by the programs that the tests of the module have: bits are compared."""
    folder = tmp_path_factory.mktemp("trained")
    whole = {**SETTINGS, "data": {"train": str(data), **SETTINGS["data"]}, "folder": str(folder / "run")}
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump(whole))
    assert run(["train", str(config)]) == 0
    return folder / "run"


@pytest.fixture
def failing(capsys):
    """A function that runs a command line which must fail in words, and returns what it said on stderr."""

    def fail(*arguments) -> str:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        said = capsys.readouterr().err
        assert code not in (0, 70), f"exit code {code}: {said}"
        assert "Traceback" not in said
        assert said.strip()
        return said

    return fail


@pytest.fixture(scope="session")
def ethanol_model(tmp_path_factory) -> Path:
    """A model of ethanol that was never trained, in a file with a card."""
    options = {"features": 8, "layers": 1, "heads": 2, "degrees": (1,), "basis_size": 8}
    model = SO3krates(["H", "C", "O"], **options, key=jax.random.key(0))
    card = {"level_of_theory": "none", "licence": "CC0-1.0"}
    return save(model, tmp_path_factory.mktemp("model") / "model.safetensors", card)
