"""Our SO3krates with the published SO3LR weights against the original program, float64."""

import json

import numpy as np
import pytest
from published import so3lr_network

import eukrates

STRUCTURES = ("water", "ethanol_rattled", "acetate_minus", "nh4_plus", "o2_triplet", "h2", "dha", "ala15_folded")
PERIODIC = ("water64_explicit_images",)


@pytest.fixture(scope="module")
def network(shared):
    weights = dict(np.load(shared / "weights/so3lr/so3lr_weights_flat.npz"))
    settings = json.loads((shared / "weights/so3lr/hyperparameters.json").read_text())
    return so3lr_network(weights, settings["data"]["avg_num_neighbors"])


@pytest.mark.parametrize("name", STRUCTURES + PERIODIC)
def test_network_and_repulsion_equal_the_original(name, network, shared):
    ref = np.load(shared / f"ref/so3lr/{name}__lr12.npz")
    structure = eukrates.system(
        ref["numbers"].astype(int),
        ref["positions"],
        ref.get("cell"),
        charge=float(ref["total_charge"]),
        spin=float(ref["num_unpaired_electrons"]),
    )
    found = eukrates.predict(network, eukrates.graph(structure, 4.5), want=("energy",))
    assert found.terms["network"][0] == pytest.approx(float(ref["E_nn"]), abs=1e-10)
    # the original has Coulomb's constant of CODATA 2014, 8.8e-9 away from ours
    assert found.terms["zbl"][0] == pytest.approx(float(ref["E_zbl"]), rel=1e-8, abs=1e-10)
    np.testing.assert_allclose(
        found.energies, ref["nn_atomic"].ravel() + ref["zbl_atomic"].ravel(), rtol=1e-8, atol=1e-8
    )
