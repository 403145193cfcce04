"""SpookyNet against the original program: with its published weights, and small random models of every variant."""

import json
from functools import cache, partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import eukrates
from eukrates.matter import batch, pad
from eukrates.models.spookynet.attention import Exact, RandomFeatures, together
from eukrates.models.spookynet.embedding import EPSILON
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


class AsInTheirBatches(eqx.Module):
    """Exact attention as the original has it: with the largest product of the whole batch, which ε feels."""

    def __call__(self, q, k, v, system):
        same, scores = together(system), q @ k.T
        top = jnp.max(jnp.where(system.real & system.real[:, None], scores, -jnp.inf))
        a = jnp.where(same, jnp.exp((jnp.where(same, scores, top) - top) / q.shape[1] ** 0.5), 0)
        return (a @ v) / (jnp.sum(a, axis=1, keepdims=True) + EPSILON)


def with_attention(model, attention):
    """The same weights with another attention."""
    places = lambda m: [block.distant.attention for block in m.blocks]
    are = RandomFeatures | Exact
    return eqx.tree_at(places, model, [attention] * model.layers, is_leaf=lambda node: isinstance(node, are))


@eqx.filter_jit
def _everything(model, graph):
    return evaluate(model, graph), model.encode(graph)


def compared(model, files):
    """The largest differences to files, by quantity; files that need the same model are computed together."""
    groups: dict = {}
    for file in files:
        ref = dict(np.load(file))
        alone = isinstance(model.blocks[0].distant.attention, Exact) and int(ref["num_batch"]) > 1
        one = variant(with_attention(model, AsInTheirBatches()) if alone else model, ref)
        key = (one.far_cutoff, one.ewald_alpha, one.ewald_waves, file if alone else None)
        groups.setdefault(key, (one, []))[1].append(ref)
    found = [_compared(one, refs) for one, refs in groups.values()]
    return {name: max(worst[name] for worst in found) for name in found[0]}


def _compared(model, refs):
    graph = batch([model.graph(one) for ref in refs for one in structures(ref)])
    with jax.enable_x64(True):
        found, features = to_host(_everything(model, to_device(pad(graph))))
    atoms, systems = graph.system.atoms, graph.system.systems
    whole = lambda key: np.concatenate([ref[key] for ref in refs])
    worst = {
        "energy": found.energy[:systems] - whole("energy"),
        "forces": found.forces[:atoms] - whole("forces"),
        "dipole": found.dipole[:systems] - whole("dipole"),
        "charges": found.charges[:atoms] - whole("qa"),
        "energies": found.energies[:atoms] - sum(whole(key) for key in ("ea", *TERMS.values())),
        "features": features[:atoms] - whole("features"),
    }
    if model.dispersion:
        for ours, theirs in (("c6", "c6"), ("polarizabilities", "pa")):  # theirs are zero where there are no pairs
            known = whole(theirs) > 0
            worst[ours] = getattr(found, ours)[:atoms][known] / whole(theirs)[known] - 1
    for ours, theirs in TERMS.items():
        if ours in found.terms:
            sums = np.zeros(systems)
            np.add.at(sums, graph.system.owner, whole(theirs))
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


@pytest.mark.parametrize("end", ["", "__lr8", "__lr8_ewald"])
def test_published_weights_equal_the_original(end, published, shared):
    without = () if end else ("__", "hessian")
    files = listed(shared / "ref/spookynet/pretrained", "", ends=(end,), without=without)
    assert len(files) >= (2 if end else 20)
    must(compared(published, files))


def test_published_weights_with_exact_attention_equal_the_original(published, shared):
    files = listed(shared / "ref/spookynet/pretrained", "", ends=("__exactattn",))
    assert len(files) >= 4
    must(compared(with_attention(published, Exact()), files))


def test_random_models_equal_the_original(random, shared):
    name, model = random
    files = listed(shared / "ref/spookynet/random", f"{name}__", without=("__weights",))
    assert len(files) >= 7
    must(compared(model, files))


@pytest.mark.parametrize("name", ["nacl_h2o", "ch2_triplet", "oh_minus", "batch5"])
def test_every_step_of_the_network_equals_the_original(name, published, shared):
    must_step(published, np.load(shared / f"ref/spookynet/pretrained/{name}.npz"))


@pytest.mark.parametrize("name", ["A_all_on", "B_old_style"])
def test_every_step_of_random_networks_equals_the_original(name, shared):
    folder = shared / "ref/spookynet/random"
    settings = json.loads((folder / f"{name}__hyper.json").read_text())
    model = spookynet(with_d4_tables(shared, folder / f"{name}__weights.npz"), settings)
    must_step(model, np.load(folder / f"{name}__h2o_cation.npz"))


def must_step(model, ref):
    graph = batch([model.graph(one) for one in structures(ref)])
    with jax.enable_x64(True):
        found = to_host(eqx.filter_jit(_steps)(model, to_device(graph)))
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


@pytest.mark.parametrize(("end", "least"), [("", 21), ("__lr8", 4), ("__lr8_ewald", 2), ("__exactattn", 5)])
def test_single_precision_is_as_good_as_the_original_s(end, least, published, shared):
    without = () if end else ("__", "hessian")
    files = listed(shared / "ref/spookynet/pretrained", "", ends=(end,), without=without)
    assert len(files) >= least
    refs = [dict(np.load(file)) for file in files]
    light = cast(with_attention(published, Exact()) if "exact" in end else published, "float32")
    light = variant(light, refs[0])
    assert all(
        (one.ewald_alpha, one.ewald_waves) == (light.ewald_alpha, light.ewald_waves)
        for one in map(partial(variant, light), refs)
    )
    whole = lambda key: np.concatenate([ref[key] for ref in refs])
    graph = batch([light.graph(one) for ref in refs for one in structures(ref)])
    for model in (light, light.for_inference()):
        found = eukrates.predict(model, graph)
        np.testing.assert_allclose(found.energy, whole("energy"), rtol=0, atol=1e-4)
        np.testing.assert_allclose(found.forces, whole("forces"), rtol=0, atol=5e-5)


@pytest.fixture(scope="module", params=["h2o_cation", "nacl_h2o"])
def ensemble(shared, request):
    """What three members predict for one structure, and what the original says of it."""
    folder = shared / "ref/spookynet/components"
    settings = json.loads((folder / "ensemble3__hyper.json").read_text())
    files = [folder / f"ensemble3__weights{n}.npz" for n in range(3)]
    members = [spookynet(with_d4_tables(shared, file), settings) for file in files]
    ref = np.load(folder / f"ensemble3__{request.param}.npz")
    (structure,) = structures(ref)
    return [eukrates.predict(model, model.graph(structure)) for model in members], ref


def test_the_mean_of_an_ensemble_equals_the_original(ensemble):
    members, ref = ensemble
    names = {"energy": "energy", "forces": "forces", "dipole": "dipole", "charges": "qa", "c6": "c6"}
    for ours, theirs in names.items():
        mean = np.mean([getattr(one, ours) for one in members], axis=0)
        np.testing.assert_allclose(mean, ref[f"{theirs}_mean"], rtol=0, atol=1e-8, err_msg=ours)


def test_the_deviations_of_an_ensemble_equal_the_original(ensemble):
    """Of samples; those of forces and dipoles are made from those of the energy and the charges."""
    members, ref = ensemble
    every = lambda name: np.stack([getattr(one, name) for one in members])
    for ours, theirs in {"energy": "energy", "charges": "qa", "c6": "c6"}.items():
        deviation = every(ours).std(axis=0, ddof=1)
        np.testing.assert_allclose(deviation, ref[f"{theirs}_std"], rtol=0, atol=1e-8, err_msg=ours)
    energies, forces = every("energy"), every("forces")
    above = (energies - energies.mean(axis=0))[:, :, None]
    slope = np.sum(above * (forces - forces.mean(axis=0)), axis=0) / (2 * ref["energy_std"])  # of the deviation
    np.testing.assert_allclose(np.abs(slope), ref["forces_std"], rtol=0, atol=1e-8)
    dipole = every("charges").std(axis=0, ddof=1) @ ref["R"]
    np.testing.assert_allclose(np.abs(dipole)[None], ref["dipole_std"], rtol=0, atol=1e-8)


def test_one_array_in_double_precision_keeps_its_digits(shared):
    folder = shared / "weights/spookynet"
    settings = json.loads((folder / "hyperparameters.json").read_text())
    model = spookynet(with_d4_tables(shared, folder / "weights.npz"), settings)
    exact = np.load(folder / "d4data.npz")["cn"]
    assert np.any(exact != exact.astype(np.float32))
    np.testing.assert_array_equal(model.dispersive.tables.cn, exact)
    assert spookynet(dict(np.load(folder / "weights.npz")), settings).heads.offsets.dtype == np.float32
