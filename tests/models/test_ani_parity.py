"""ANI-1x, ANI-1ccx and ANI-2x against TorchANI with the same published weights, from both formats of them."""

import shutil

import equinox as eqx
import jax
import numpy as np
import pytest

import eukrates
from eukrates.matter import batch, pad
from eukrates.models.ani.neurochem import read_neurochem
from eukrates.models.ani.published import ani, read_ani
from eukrates.numerics import cast, to_device, to_host
from eukrates.potential import evaluate
from eukrates.units import HARTREE

MODELS = ("ani1x", "ani1ccx", "ani2x")
# In Hartree/Å. The energies of the references agree to 1e-12 Hartree; their forces are up to 1.1e-8 off the slopes of
# their own energies, by central differences and by chain rule in NumPy, which ours meet to 1e-15.
OF_THE_REFERENCE = 2e-8


@pytest.fixture(scope="module", params=MODELS)
def published(request, shared, tmp_path_factory):
    """A model in double precision and single-precision weights, and its references by name."""
    folder = tmp_path_factory.mktemp("ani")
    shutil.copy(shared / f"weights/ani/{request.param}_weights.npz", folder)
    shutil.copy(shared / f"ref/ani/{request.param}_constants.json", folder)
    arrays = dict(np.load(shared / f"ref/ani/{request.param}_ref.npz"))
    refs = {
        name: {key.partition("/")[2]: value for key, value in arrays.items() if key.startswith(f"{name}/")}
        for name in arrays["__names__"].tolist()
    }
    return ani(*read_ani(folder / f"{request.param}_weights.npz")), refs


def structure(ref):
    cell = np.where(ref.get("pbc", np.ones(3, bool))[:, None], ref["cell"], 0.0) if "cell" in ref else None
    return eukrates.system(ref["species"], ref["positions"], cell)


@eqx.filter_jit
def _everything(model, graph):
    return evaluate(model, graph, ("energy", "forces", "stress")), model.environments(graph)


def test_every_system_equals_the_original(published):
    model, refs = cast(published[0], "float64"), list(published[1].values())
    assert len(refs) >= 27
    graph = batch([model.graph(structure(ref)) for ref in refs])
    with jax.enable_x64(True):
        found, environments = to_host(_everything(model, to_device(pad(graph))))
    ends = np.cumsum([len(ref["species"]) for ref in refs])
    assert model.members == 8
    for n, (ref, end) in enumerate(zip(refs, ends, strict=True)):
        rows = slice(end - len(ref["species"]), end)
        members = found.energy_by_member[n] / HARTREE
        assert found.energy[n] / HARTREE == pytest.approx(float(ref["energy"]), abs=1e-9)
        np.testing.assert_allclose(members, ref["member_energies"], rtol=0, atol=1e-9)
        assert np.std(members) == pytest.approx(float(ref["std_ddof0"]), abs=1e-9)
        np.testing.assert_allclose(found.forces[rows] / HARTREE, ref["forces"], rtol=0, atol=OF_THE_REFERENCE)
        own = ref["atomic_nn_energies"].mean(axis=0)
        alone = found.energies[rows] - np.array([model.e0[eukrates.elements.SYMBOLS[z]] for z in ref["species"]])
        np.testing.assert_allclose(alone / HARTREE, own, rtol=0, atol=1e-9)
        if "aev" in ref:
            np.testing.assert_allclose(environments[rows], ref["aev"], rtol=0, atol=1e-10)
        if "stress" in ref:
            np.testing.assert_allclose(found.stress[n] / HARTREE, ref["stress"], rtol=0, atol=1e-8)


def test_single_precision(published):
    model, refs = published[0], list(published[1].values())
    graph = batch([model.graph(structure(ref)) for ref in refs])
    found = eukrates.predict(model, graph)
    own = np.array([ref["nn_energy_mean"] for ref in refs])
    assert np.abs(found.terms["network"] / HARTREE - own).max() < 5e-6
    assert np.abs(found.forces / HARTREE - np.concatenate([ref["forces"] for ref in refs])).max() < 5e-6


def test_both_formats_are_one_model(shared, tmp_path):
    shutil.copy(shared / "weights/ani/ani1ccx_weights.npz", tmp_path)
    shutil.copy(shared / "ref/ani/ani1ccx_constants.json", tmp_path)
    arrays, constants = read_ani(tmp_path / "ani1ccx_weights.npz")
    others, same = read_neurochem(shared / "weights/ani/neurochem/ani-1ccx_8x.info")
    assert constants == same
    assert set(arrays) == set(others)
    assert all(np.array_equal(array, others[name]) for name, array in arrays.items())
