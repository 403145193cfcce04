"""SO3LR with its published weights against the original program: energies, terms, forces, charges, ratios, stress."""

import json

import numpy as np
import pytest

import eukrates
from eukrates.models.so3krates.published import so3lr
from eukrates.numerics import cast

MOLECULES = (
    "h2",
    "water",
    "ammonia",
    "methane",
    "benzene",
    "cf4",
    "ch3_radical",
    "ch3cl",
    "hcn",
    "ph3",
    "o2_triplet",
    "nh4_plus",
    "acetate_minus",
    "ethanol",
    "ethanol_rattled",
    "ethanol_md_frame0",
    "water_dimer_2p9A",
    "dha",
    "atat",
    "bb",
    "ala15_folded",
)
TERMS = {"network": "E_nn", "zbl": "E_zbl", "electrostatics": "E_elec", "dispersion": "E_disp"}


@pytest.fixture(scope="module")
def published(shared):
    arrays = dict(np.load(shared / "weights/so3lr/so3lr_weights_flat.npz"))
    return so3lr(arrays, json.loads((shared / "weights/so3lr/hyperparameters.json").read_text()))


def structure(ref):
    state = {"charge": float(ref["total_charge"]), "spin": float(ref["num_unpaired_electrons"])}
    return eukrates.system(ref["numbers"].astype(int), ref["positions"], ref.get("cell"), **state)


def with_reach(model, far_cutoff):
    changed = eukrates.SO3LR(model.network, far_cutoff=far_cutoff, width=model.width, damping=model.damping)
    return cast(changed, "float64")


@pytest.mark.parametrize(("suffix", "reach"), [("lr12", 12.0), ("lr1000", 1000.0), ("lrinf", np.inf)])
def test_molecules_equal_the_original(suffix, reach, published, shared):
    paths = {name: shared / f"ref/so3lr/{name}__{suffix}.npz" for name in MOLECULES}
    refs = [np.load(path) for path in paths.values() if path.exists()]
    assert len(refs) >= 16
    model = with_reach(published, reach)
    graphs = [eukrates.graph(structure(ref), model.cutoff, model.far_cutoff) for ref in refs]
    found = eukrates.predict(model, eukrates.matter.batch(graphs))
    together = lambda key: np.concatenate([np.atleast_1d(ref[key]) for ref in refs])
    np.testing.assert_allclose(found.energy, together("energy"), rtol=0, atol=1e-6)
    np.testing.assert_allclose(found.forces, together("forces"), rtol=0, atol=1e-6)
    np.testing.assert_allclose(found.charges, together("partial_charges"), rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.hirshfeld_ratios, together("hirshfeld_ratios"), rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.dipole, np.stack([ref["dipole_vec"] for ref in refs]), rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.terms["network"], together("E_nn"), rtol=0, atol=1e-10)
    for ours, theirs in TERMS.items():  # the original has constants of CODATA 2014, up to 1e-8 away from ours
        np.testing.assert_allclose(found.terms[ours], together(theirs), rtol=2e-8, atol=1e-9, err_msg=ours)


@pytest.mark.parametrize("name", ["water64_explicit_images__lr12", "water64_triclinic_explicit_images__lr12"])
def test_periodic_water_equals_the_original(name, published, shared):
    path = shared / f"ref/so3lr/{name}.npz"
    if not path.exists():
        pytest.skip(f"{name} is not among the references")
    ref, model = np.load(path), with_reach(published, 12.0)
    found = eukrates.predict(model, eukrates.graph(structure(ref), 4.5, 12.0), ("energy", "forces", "stress"))
    assert found.energy[0] == pytest.approx(float(ref["energy"]), abs=1e-5)
    np.testing.assert_allclose(found.forces, ref["forces"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(found.charges, ref["partial_charges"], rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.hirshfeld_ratios, ref["hirshfeld_ratios"], rtol=0, atol=1e-9)
    voigt = found.stress[0][[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
    np.testing.assert_allclose(voigt, ref["stress_voigt"], rtol=0, atol=1e-8)


def test_ewald_electrostatics_of_periodic_water_equal_the_lattice_sum(published, shared):
    ref = np.load(shared / "ref/so3lr/water64_ewald_s2.828_rc12.npz")
    model = cast(published.but(electrostatics="ewald"), "float64")
    world = eukrates.system(ref["numbers"].astype(int), ref["positions"], ref["cell"], charge=0.0, spin=0.0)
    graph = eukrates.graph(world, 4.5, 12.0, model.waves(world.cell))
    found = eukrates.predict(model, graph, ("energy", "forces", "stress"))
    assert found.terms["electrostatics"][0] == pytest.approx(float(ref["E_elec_exact_erf4_periodic"]), rel=2e-8)
    assert found.energy[0] == pytest.approx(float(ref["energy"]), abs=1e-5)
    np.testing.assert_allclose(found.forces, ref["forces"], rtol=0, atol=1e-5)
    voigt = found.stress[0][[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
    np.testing.assert_allclose(voigt, ref["stress_voigt"], rtol=0, atol=1e-6)
    with pytest.raises(ValueError, match=r"waves along the axes of the lattice and the graph provides None"):
        eukrates.predict(model, eukrates.graph(world, 4.5, 12.0))
    with pytest.raises(ValueError, match="periodic along three axes"):
        model.waves(np.zeros((1, 3, 3)))
