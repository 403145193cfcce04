"""SpookyNet against the original program: with its published weights, and small random models of every variant."""

import json
from functools import cache

import equinox as eqx
import jax
import numpy as np
import pytest

import eukrates
from eukrates.matter import batch, pad
from eukrates.models.spookynet.ends import near_pairs
from eukrates.models.spookynet.published import spookynet
from eukrates.numerics import cast, to_device, to_host
from eukrates.potential import evaluate

RANDOM = ("A_all_on", "B_old_style", "C_bare_ssp_bernstein", "E_sinc_exactattn", "G_expgauss_weight_eleonly")
TERMS = {"zbl": "ea_rep", "electrostatics": "ea_ele", "dispersion": "ea_vdw"}


@cache
def with_d4_tables(shared, weights):
    """Arrays of a file, with the tables of D4 in double precision in the place of its own, or added to it."""
    arrays = dict(np.load(weights))
    if "d4_dispersion_energy._s8" in arrays:
        tables = np.load(shared / "weights/spookynet/d4data.npz")
        arrays |= {f"d4_dispersion_energy.{name}": tables[name] for name in tables.files}
    return arrays


@pytest.fixture(scope="module")
def published(shared):
    """As the references were made: single-precision weights and tables, computed in double precision."""
    folder = shared / "weights/spookynet"
    settings = json.loads((folder / "hyperparameters.json").read_text())
    return cast(spookynet(dict(np.load(folder / "weights.npz")), settings), "float64")


@pytest.fixture(scope="module", params=RANDOM)
def random(shared, request):
    folder = shared / "ref/spookynet/random"
    settings = json.loads((folder / f"{request.param}__hyper.json").read_text())
    arrays = with_d4_tables(shared, folder / f"{request.param}__weights.npz")
    return request.param, spookynet(arrays, settings)


def structures(ref):
    """Those of one file."""
    for b in range(int(ref["num_batch"])):
        rows = ref["batch_seg"] == b
        cell = ref["cell"][b] if "cell" in ref else None
        yield eukrates.system(ref["Z"][rows], ref["R"][rows], cell, charge=ref["Q"][b], spin=ref["S"][b])


def variant(model, ref):
    """The model with the long-range choices of a file, and exact attention where its name says so."""
    changes = {}
    if "lr_cutoff" in ref:
        changes["far_cutoff"] = float(ref["lr_cutoff"])
    if "alpha" in ref:
        waves = [int(n) for n in ref["kmax"]]
        changes |= {"electrostatics": "published ewald", "ewald_alpha": float(ref["alpha"]), "ewald_waves": waves}
    return model.but(**changes) if changes else model


def exact_attention(model):
    """The same weights without random features."""
    from eukrates.models.spookynet.attention import Exact

    places = lambda m: [block.distant.attention for block in m.blocks]
    return eqx.tree_at(places, model, [Exact() for _ in model.blocks])


@eqx.filter_jit
def _everything(model, graph):
    return evaluate(model, graph), model.encode(graph)


def compared(model, files):
    """The largest differences to several files that need the same model, by quantity."""
    refs = [dict(np.load(file)) for file in files]
    model = variant(model, refs[0])
    graph = batch([model.graph(one) for ref in refs for one in structures(ref)])
    with jax.enable_x64(True):
        found, features = to_host(_everything(model, to_device(pad(graph))))
    atoms, systems = graph.system.atoms, graph.system.systems
    together = lambda key: np.concatenate([ref[key] for ref in refs])
    worst = {
        "energy": found.energy[:systems] - together("energy"),
        "forces": found.forces[:atoms] - together("forces"),
        "dipole": found.dipole[:systems] - together("dipole"),
        "charges": found.charges[:atoms] - together("qa"),
        "energies": found.energies[:atoms] - sum(together(key) for key in ("ea", *TERMS.values())),
        "features": features[:atoms] - together("features"),
    }
    if model.dispersion:
        for ours, theirs in (("c6", "c6"), ("polarizabilities", "pa")):  # theirs are zero where there are no pairs
            known = together(theirs) > 0
            worst[ours] = getattr(found, ours)[:atoms][known] / together(theirs)[known] - 1
    owner = graph.system.owner
    for ours, theirs in TERMS.items():
        if ours in found.terms:
            sums = np.zeros(systems)
            np.add.at(sums, owner, together(theirs))
            worst[ours] = found.terms[ours][:systems] - sums
    return {name: float(np.abs(value).max(initial=0)) for name, value in worst.items()}


BOUNDS = {"energy": 1e-8, "forces": 1e-8, "charges": 1e-9, "dipole": 1e-8, "energies": 1e-8, "features": 1e-9}
OF_TERMS = dict.fromkeys(TERMS, 1e-8)
OF_D4 = {"c6": 1e-9, "polarizabilities": 1e-6}  # theirs come from a table in single precision, relative


def must(found):
    bounds = BOUNDS | OF_TERMS | OF_D4
    beyond = {name: worst for name, worst in found.items() if not worst < bounds[name]}
    assert not beyond, f"{beyond} of {found}"


def listed(folder, start, *, ends=(), without=()):
    """Reference files by the beginning of their names."""
    found = [path for path in sorted(folder.glob(f"{start}*.npz")) if not any(word in path.stem for word in without)]
    return [path for path in found if not ends or path.stem.endswith(ends)]


def test_published_molecules_equal_the_original(published, shared):
    files = listed(shared / "ref/spookynet/pretrained", "", without=("__", "hessian"))
    assert len(files) >= 20
    must(compared(published, files))


@pytest.mark.parametrize("end", ["__lr8", "__lr8_ewald"])
def test_published_weights_with_a_far_cutoff_equal_the_original(end, published, shared):
    files = listed(shared / "ref/spookynet/pretrained", "", ends=(end,))
    assert len(files) >= 2
    for one in [files] if end == "__lr8" else [[file] for file in files]:  # waves differ from cell to cell
        must(compared(published, one))


def test_published_weights_with_exact_attention_equal_the_original(published, shared):
    files = listed(shared / "ref/spookynet/pretrained", "", ends=("__exactattn",))
    assert len(files) >= 4
    must(compared(exact_attention(published), files))


def test_random_models_equal_the_original(random, shared):
    name, model = random
    files = listed(shared / "ref/spookynet/random", f"{name}__", without=("__weights", "pbc"))
    assert len(files) >= 7
    must(compared(model, files))
    for file in listed(shared / "ref/spookynet/random", f"{name}__pbc"):
        must(compared(model, [file]))


@pytest.mark.parametrize("name", ["ch2_triplet", "oh_minus", "nacl_h2o", "batch5"])
def test_every_step_of_the_network_equals_the_original(name, published, shared):
    ref = np.load(shared / f"ref/spookynet/pretrained/{name}.npz")
    graph = batch([published.graph(one) for one in structures(ref)])
    with jax.enable_x64(True):
        found = to_host(eqx.filter_jit(_steps)(published, to_device(graph)))
    for key, value in found.items():
        np.testing.assert_allclose(value, ref[f"t/{key}"], rtol=0, atol=1e-12, err_msg=key)


def _steps(model, graph):
    """What the layers compute, by the names of the original."""
    s, e = graph.system, model.embedding
    z = e.nuclei(s)
    found = {
        "nuclear_embedding": z,
        "charge_embedding": e.charge(s.charge, z, s),
        "magmom_embedding": e.spin(s.spin, z, s),
    }
    x, pairs = e(graph), near_pairs(model.basis, graph, model.irreps)
    for t, layer in enumerate(model.blocks):
        inside = layer.before(x)
        x, y = layer(x, pairs, s)
        found |= {
            f"module.{t}.residual_pre": inside,
            f"module.{t}.local_interaction": layer.local(inside, pairs),
            f"module.{t}.nonlocal_interaction": layer.distant(inside, s),
            f"module.{t}/0": x,
            f"module.{t}/1": y,
        }
    return found


def test_the_hessian_equals_the_original(published, shared):
    ref, structure = (np.load(shared / f"ref/spookynet/pretrained/ch2_triplet{end}.npz") for end in ("_hessian", ""))
    found = eukrates.predict(published, published.graph(next(structures(structure))), ("hessian",)).hessian
    np.testing.assert_allclose(found.reshape(9, 9), ref["hessian"].reshape(9, 9), rtol=0, atol=1e-8)


def test_single_precision_is_as_good_as_the_original_s(published, shared):
    light = cast(published, "float32")
    for name in ("aspirin", "c60", "water20", "fe_h2o6_2plus_s0"):
        ref = np.load(shared / f"ref/spookynet/pretrained/{name}.npz")
        found = eukrates.predict(light, light.graph(next(structures(ref))))
        np.testing.assert_allclose(found.energy, ref["energy"], rtol=0, atol=1e-4, err_msg=name)
        np.testing.assert_allclose(found.forces, ref["forces"], rtol=0, atol=5e-5, err_msg=name)
