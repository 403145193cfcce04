"""Model files of every schema must load for ever and say what they said when they were stored.

`make_v1` is how the file of schema 1 was made; it is kept as a record and never run again for that file.
"""

import json
from pathlib import Path

import jax
import numpy as np
import pytest

import eukrates
from eukrates.models import SO3krates, load, read_header, save
from eukrates.numerics import cast
from eukrates.physics.zbl import ZBL

HERE = Path(__file__).parent
FORMALDEHYDE = ([6, 8, 1, 1], [[0.0, 0, 0], [1.21, 0, 0], [-0.55, 0.93, 0.1], [-0.55, -0.93, 0]])


def predict(potential):
    structure = eukrates.system(*FORMALDEHYDE, charge=1.0, spin=1.0)
    return eukrates.predict(cast(potential, "float64"), eukrates.graph(structure, potential.cutoff))


def make_v1(folder: Path) -> None:
    """One file with every kind of parameter, and what it predicts in float64."""
    options = {"features": 8, "layers": 2, "heads": 2, "degrees": (1, 3), "basis_size": 6, "residuals": (True, True)}
    e0 = {"H": -13.6, "C": -1029.0, "O": -2041.5}
    network = SO3krates(tuple(e0), **options, charge=True, spin=True, e0=e0, neighbours=3.0, key=jax.random.key(5))
    potential = network + ZBL(cutoff=2.5, off=1.2)
    save(potential, folder / "v1.safetensors", {"level_of_theory": "none: random weights", "licence": "MIT"})
    found = predict(potential)
    numbers = {"energy": float(found.energy[0]), "forces": found.forces.tolist()}
    (folder / "v1.json").write_text(json.dumps(numbers, indent=1) + "\n")


@pytest.mark.parametrize("version", [1])
def test_a_stored_model_loads_and_predicts_what_it_did(version):
    path = HERE / f"v{version}.safetensors"
    assert read_header(path)["schema"] == version
    expected = json.loads((HERE / f"v{version}.json").read_text())
    found = predict(load(path))
    assert found.energy[0] == pytest.approx(expected["energy"], abs=1e-9)
    np.testing.assert_allclose(found.forces, expected["forces"], atol=1e-9)
