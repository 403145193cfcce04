"""Parts of SpookyNet against the original's, what it refuses, how charge and spin enter, initial weights, dropout."""

import json
import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import eukrates
from eukrates.models import SpookyNet, load, save
from eukrates.models.rows import filled
from eukrates.models.spookynet import published
from eukrates.models.spookynet.attention import Exact, RandomFeatures, orthogonal_directions
from eukrates.models.spookynet.dense import Activation
from eukrates.models.spookynet.embedding import LinearElectronEmbedding, NonlinearElectronEmbedding
from eukrates.models.spookynet.layer import kept
from eukrates.models.spookynet.radial import FAMILIES, RadialBasis
from eukrates.numerics import cast, to_device
from eukrates.potential import evaluate, named_parameters, trainable_parameters, with_parameters
from eukrates.testing import shaken

SMALL = {"features": 8, "layers": 2, "basis_size": 5, "cutoff": 3.0}


def make(elements=("H", "O"), **options):
    return SpookyNet(elements, **(SMALL | {"key": jax.random.key(0)} | options))


def water(charge=0.0, spin=0.0):
    return eukrates.system([8, 1, 1], [[0, 0, 0], [0, 0, 0.96], [0, 0.93, -0.24]], charge=charge, spin=spin)


def predict(model, structure, want=("energy",)):
    return eukrates.predict(model, model.graph(structure), want)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"elements": "HO"}, "list of symbols"),
        ({"elements": ["H", "Fr"]}, "from H to Rn, not Fr"),
        ({"features": 0}, "features to be finite and above 0"),
        ({"layers": 0}, "layers to be finite and above 0"),
        ({"radial_basis": "bessel"}, "Unknown radial basis 'bessel'"),
        ({"basis_size": 101}, "from 1 to 100 radial functions"),
        ({"activation": "silu"}, "Unknown activation"),
        ({"attention": "favor"}, "Unknown attention"),
        ({"electrons": "quadratic"}, "Unknown electrons"),
        ({"residuals": {"locals": 1}}, r"named 'locals'. Did you mean 'local"),
        ({"residuals": {"post": -1}}, "blocks ≥ 0 for post"),
        ({"keep_probability": 0.0}, "keep_probability above 0"),
        ({"electrostatics": "wolf"}, "Unknown electrostatics"),
        ({"electrostatics": "ewald"}, "finite far_cutoff"),
        ({"electrostatics": "published ewald", "far_cutoff": 8.0}, "needs ewald_alpha"),
        ({"ewald_alpha": 1.0, "ewald_waves": (3, 3, 3)}, "and no other, needs ewald_alpha"),
        ({"far_cutoff": 2.0}, r"at least 2\.25 Å"),
        ({"far_cutoff": 0.0, "electrostatics": "none"}, "far_cutoff above 0 Å"),
        ({"far_cutoff": math.nan, "electrostatics": "none"}, "far_cutoff above 0 Å"),
        ({"far_cutoff": None}, "far_cutoff in Å for electrostatics and dispersion"),
        ({"codata": 2010}, "Unknown codata"),
        ({"e0": {"H": -13.6}}, "missing for O"),
    ],
)
def test_hyperparameters_that_do_not_fit_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        make(**options)


@pytest.mark.parametrize(
    "cell",
    [
        np.zeros((3, 3)),
        np.diag([9.0, 9.0, 0.0]),
        np.array([[9.0, 0, 0], [0.5, 9.0, 0], [0, 0, 9.0]]),
    ],
)
def test_the_published_sum_over_waves_is_for_rectangular_cells_alone(cell):
    model = make(electrostatics="published ewald", far_cutoff=4.0, ewald_alpha=1.0, ewald_waves=(3, 3, 3))
    with pytest.raises(ValueError, match=r'a rectangular cell, periodic along three axes, got .* Choose "ewald"'):
        model.waves(np.stack([9 * np.eye(3), cell]))
    assert model.waves(np.diag([9.0, 8.0, 7.0])[None]) == (3, 3, 3)
    assert make(far_cutoff=4.0).waves(cell[None]) is None


def test_a_new_model_begins_with_the_laws_of_physics_alone():
    """Zeros in the right places: nothing is said about atoms before something is learned."""
    found = predict(make(), water(charge=1.0, spin=1.0), ("energy", "forces"))
    assert found.terms["network"][0] == 0.0
    np.testing.assert_allclose(found.charges, 1 / 3, atol=1e-6)
    assert min(abs(found.terms[name][0]) for name in ("zbl", "electrostatics", "dispersion")) > 1e-4


def test_every_parameter_is_learned_from_with_the_right_slope():
    model = cast(shaken(make(), seed=1, size=0.3), "float64")
    graph, rng = model.graph(water(charge=1.0, spin=1.0)), np.random.default_rng(0)
    weight = rng.normal(size=(3, 3))
    start = {name: leaf for name, leaf in trainable_parameters(model) if name != "dispersive.parameters.s6"}
    along = {name: rng.normal(size=np.shape(leaf)) for name, leaf in start.items()}
    with jax.enable_x64(True):
        graph, rest = to_device(graph), dict(named_parameters(model))

        def loss(moving):
            found = evaluate(with_parameters(model, rest | moving), graph)
            return found.energy[0] + jnp.sum(weight * found.forces)  # as in training: the slope of a slope

        both = jax.jit(jax.value_and_grad(loss))
        slopes = both(start)[1]
        up, down = (both({n: a + h * along[n] for n, a in start.items()})[0] for h in (1e-6, -1e-6))
    assert not [name for name, slope in slopes.items() if not np.abs(slope).max() > 0]
    whole = sum(np.vdot(slope, along[name]) for name, slope in slopes.items())
    assert float(up - down) / 2e-6 == pytest.approx(float(whole), rel=1e-6)


def test_charge_and_spin_change_the_answer_only_where_they_enter():
    full = shaken(make(), seed=1, size=0.3)
    assert full.needs == ("charge", "spin")
    answers = {q: predict(full, water(charge=q[0], spin=q[1])).terms["network"][0] for q in ((0, 0), (1, 1), (-1, 1))}
    assert len({round(float(e), 5) for e in answers.values()}) == 3
    deaf = shaken(make(charge=False, spin=False), seed=1, size=0.3)
    assert deaf.needs == ("charge",)
    one, other = (predict(deaf, water(charge=q)) for q in (0, 2))
    assert one.terms["network"][0] == other.terms["network"][0]
    assert one.charges.sum() == pytest.approx(0, abs=1e-6)
    assert other.charges.sum() == pytest.approx(2, abs=1e-6)
    with pytest.raises(ValueError, match="depends on charge"):
        predict(full, eukrates.system([8], [[0, 0, 0]]))


def test_options_can_be_read_back_and_stored(tmp_path):
    model = shaken(
        make(
            residuals={"local": 0, "post": 2},
            attention="exact",
            electrons="nonlinear",
            irreps=False,
            radial_basis="sinc",
            activation="ssp",
            keep_probability=0.7,
            e0={"H": -13.6, "O": -2041.0},
        ),
        seed=2,
    )
    assert (model.far_cutoff, model.residuals["local"], model.residuals["pre"]) == (math.inf, 0, 1)
    again = load(save(model, tmp_path / "m.safetensors"))
    assert again.far_cutoff == math.inf
    np.testing.assert_array_equal(predict(again, water()).energy, predict(model, water()).energy)
    reach = model.but(far_cutoff=6.0)
    assert (reach.far_cutoff, model.far_cutoff, reach.electrostatics) == (6.0, math.inf, "cutoff")
    with pytest.raises(ValueError, match="can be changed without training anew, not cutoff"):
        model.but(cutoff=4.0)
    alone = make(electrostatics="none", dispersion=False, zbl=False)
    assert alone.far_cutoff is None
    assert set(predict(alone, water()).terms) == {"network", "atoms"}
    load(save(alone, tmp_path / "n.safetensors"))


def test_constants_are_in_the_file_and_never_move():
    model = make()
    free, all_ = ({name for name, _ in f(model)} for f in (trainable_parameters, named_parameters))
    kept_out = all_ - free
    assert "blocks.0.distant.attention.directions.omega" in kept_out
    assert "basis.constants.log_binomials" in kept_out
    assert "embedding.nuclei.configurations.table" in kept_out
    assert {"basis.decay", "repulsion.power", "dispersive.parameters.scaleq"} <= free


def test_layers_are_left_out_as_often_as_stated():
    draws = np.stack([kept(jax.random.key(n), 50, 3, 0.49) for n in range(40)])  # [draws, layers, systems]
    assert np.all(draws[:, 0] == 1)
    np.testing.assert_allclose(draws.mean(axis=(0, 2)), [1, 0.7, 0.49], atol=0.03)
    assert np.all(np.diff(draws, axis=1) <= 0)  # what follows a layer that is left out is left out
    assert np.all(kept(jax.random.key(0), 4, 1, 0.5) == 1)


def test_a_model_in_training_leaves_out_layers_and_one_in_use_does_not():
    model = shaken(make(keep_probability=0.3), seed=1, size=0.3)
    sure = shaken(make(), seed=1, size=0.3)
    with jax.enable_x64(True):
        graph = to_device(model.graph(water()))
        network = eqx.filter_jit(lambda model: model(graph).terms["network"][0])
        seen = {round(float(network(model.for_training(jax.random.key(n)))), 4) for n in range(12)}
        assert len(seen) == 2
        assert round(float(network(model)), 4) in seen
        assert network(sure.for_training(jax.random.key(3))) == network(sure)


def test_random_directions_are_orthogonal_and_as_long_as_gaussian_ones():
    omega = np.asarray(orthogonal_directions(jax.random.key(1), 6, 10))
    assert omega.shape == (6, 10)
    for block in (omega[:, :6], omega[:, 6:]):
        products = block.T @ block
        np.testing.assert_allclose(products, np.diag(np.diag(products)), atol=1e-5)
    many = orthogonal_directions(jax.random.key(2), 8, 800)
    assert float(jnp.mean(jnp.sum(many**2, axis=0))) == pytest.approx(8, rel=0.05)


@pytest.fixture(scope="module")
def components(shared):
    return lambda name: np.load(shared / f"ref/spookynet/components/{name}.npz")


def test_activations_equal_the_original(components):
    ref = components("radial_activation")
    with jax.enable_x64(True):
        for kind in ("swish", "ssp"):
            one = Activation(kind, 3)
            given = jnp.asarray(ref["act_alpha"]), jnp.asarray(ref["act_beta"])
            one = eqx.tree_at(lambda a: (a.alpha, a.beta), one, given)
            np.testing.assert_allclose(one(jnp.asarray(ref["act_x"])), ref[kind], rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    ("key", "family", "weighting"),
    [
        ("rbf_expbern_w", "exp-bernstein", True),
        ("rbf_expbern", "exp-bernstein", False),
        ("rbf_expgauss", "exp-gaussian", False),
        ("rbf_expgauss_w", "exp-gaussian", True),
        ("rbf_bern", "bernstein", False),
        ("rbf_gauss", "gaussian", False),
        ("rbf_sinc", "sinc", False),
    ],
)
def test_radial_bases_equal_the_original(key, family, weighting, components):
    ref = components("radial_activation")
    cutoff = 5.291772105638412
    with jax.enable_x64(True):
        basis = cast(RadialBasis(family, ref[key].shape[1], cutoff, weighting), "float64")
        if basis.decay is not None:
            basis = eqx.tree_at(lambda b: b.decay, basis, jnp.asarray(ref["exp_raw_alpha"]))
        found = basis(jnp.asarray(ref["r"]))
    np.testing.assert_allclose(found, ref[key], rtol=0, atol=1e-6)  # constants as single precision rounds them


@pytest.mark.parametrize("family", FAMILIES)
def test_radial_bases_have_finite_derivatives_everywhere(family):
    basis = RadialBasis(family, 16, 5.0)
    r = jnp.asarray([0.0, 1e-6, 1.0, 4.9999, 5.0, 100.0, 1700.0])
    for order in (lambda f: f, jax.grad, lambda f: jax.grad(lambda x: jax.grad(f)(x))):
        assert np.all(np.isfinite(jax.vmap(order(lambda x: basis(x[None]).sum()))(r)))
    assert np.all(basis(r)[4:] == 0)


@pytest.mark.parametrize("kind", ["favor6", "favor10", "exact"])
def test_attention_and_its_slopes_equal_the_original(kind, components):
    ref = components("attention")
    with jax.enable_x64(True):
        q, k, v = (jnp.asarray(ref[name]) for name in "QKV")
        if kind == "exact":
            attention = Exact()
        else:
            attention = RandomFeatures(6, int(kind[5:]), key=jax.random.key(0))
            omega = jnp.asarray(ref[f"omega{kind[5:]}"])
            attention = eqx.tree_at(lambda a: a.directions.omega, attention, omega)
        one, many = atoms_of(np.zeros(9, int)), atoms_of(ref["seg"])
        np.testing.assert_allclose(attention(q, k, v, one), ref[f"{kind}_single"], rtol=0, atol=1e-13)
        # the original takes the largest product of the whole batch, ours that of each structure: ε sees the difference
        close = {"rtol": 0, "atol": 1e-6 if kind == "exact" else 1e-13}
        np.testing.assert_allclose(attention(q, k, v, many), ref[f"{kind}_batch"], **close)
        loss = lambda *given: jnp.sum(attention(*given, many) * ref[f"{kind}_W"])
        for name, slope in zip("QKV", jax.grad(loss, argnums=(0, 1, 2))(q, k, v), strict=True):
            np.testing.assert_allclose(slope, ref[f"{kind}_batch_grad{name}"], **close)


def atoms_of(owner):
    """Nothing but which atom belongs to which structure."""
    atoms, systems = len(owner), int(owner.max()) + 1
    return eukrates.matter.System(
        numbers=np.ones(atoms, np.int32),
        positions=np.zeros((atoms, 3)),
        cell=np.zeros((systems, 3, 3)),
        owner=jnp.asarray(owner, jnp.int32),
        real=jnp.ones(atoms, bool),
    )


def test_both_orders_of_the_sums_over_random_features_agree():
    from eukrates.models.spookynet import attention

    rng = np.random.default_rng(0)
    owner = np.repeat([0, 1, 2], [5, 3, 4])
    system = eqx.tree_at(lambda s: s.real, atoms_of(owner), jnp.arange(12) < 8)
    fq, fk, v = (jnp.asarray(rng.uniform(0.1, 1, (12, 7)), jnp.float32) for _ in range(3))
    fk = jnp.where(system.real[:, None], fk, 0)
    by_pair, by_structure = (f(fq, fk, v, system) for f in (attention._row_per_pair, attention._matrix_per_structure))
    np.testing.assert_allclose(by_pair.above[:8], by_structure.above[:8], rtol=1e-5)
    np.testing.assert_allclose(by_pair.below[:8], by_structure.below[:8], rtol=1e-5)


@pytest.mark.parametrize("kind", ["charge", "spin", "old"])
def test_electron_embeddings_equal_the_original(kind, components):
    ref = components("electronic_embedding")
    if kind == "old":
        empty = NonlinearElectronEmbedding(8, 1, "swish", key=jax.random.key(0))
    else:
        empty = LinearElectronEmbedding(8, kind == "charge", 1, "swish", key=jax.random.key(0))
    arrays = {name: ref[name] for name in ref.files if name.startswith(f"{kind}/")}
    rows = published._electrons(lambda m: m, empty, kind)
    rows = [(place, lambda a, get=get: get(Slashed(a))) for place, get in rows]
    with jax.enable_x64(True):
        found = filled(empty, rows, arrays, np.float64)(
            jnp.asarray(ref["E"]), jnp.asarray(ref["x"]), atoms_of(ref["seg"])
        )
    np.testing.assert_allclose(found, ref[f"{kind}_out"], rtol=0, atol=1e-13)


class Slashed:
    """The same arrays with the first dot of their names as a slash."""

    def __init__(self, arrays):
        self.arrays = arrays

    def __getitem__(self, name):
        return self.arrays[name.replace(".", "/", 1)]


def test_what_an_archive_lacks_or_has_too_much_is_named(shared):
    folder = shared / "weights/spookynet"
    arrays, settings = dict(np.load(folder / "weights.npz")), json.loads((folder / "hyperparameters.json").read_text())
    with pytest.raises(ValueError, match=r"no place for: module\.3\.x"):
        published.spookynet(arrays | {"module.3.x": np.zeros(2)}, settings)
    taken = {name: array for name, array in arrays.items() if name != "output.weight"}
    with pytest.raises(ValueError, match=r"lack output\.weight"):
        published.spookynet(taken, settings)
    with pytest.raises(ValueError, match="shape"):
        published.spookynet(arrays, settings | {"num_features": 32})
    with pytest.raises(ValueError, match="keep_prob"):
        published.spookynet(arrays, settings | {"module_keep_prob": 0.5})
    with pytest.raises(ValueError, match="86 rows of elements in nuclear_embedding"):
        published.spookynet(arrays, settings | {"Zmax": 86})
    with pytest.raises(ValueError, match=r"lack num_features, .*num_residual_output, .*use_d4_dispersion"):
        published.spookynet(arrays, {})
    for name in published.REQUIRED:
        with pytest.raises(ValueError, match=f"lack {name}: expected all"):
            published.spookynet(arrays, {key: value for key, value in settings.items() if key != name})


def test_an_archive_without_electrostatics_may_have_a_short_reach(shared):
    folder = shared / "weights/spookynet"
    arrays, settings = dict(np.load(folder / "weights.npz")), json.loads((folder / "hyperparameters.json").read_text())
    short = settings | {"lr_cutoff": 3.0, "use_electrostatics": False}
    model = published.spookynet(arrays, short)
    assert (model.far_cutoff, model.electrostatics, model.dispersion) == (3.0, "none", True)
    terms = predict(model, water()).terms
    assert set(terms) == {"network", "atoms", "zbl", "dispersion"}
    assert terms["dispersion"][0] != 0
    repulsion = {name: array for name, array in arrays.items() if not name.startswith(published.D4)}
    assert published.spookynet(repulsion, short | {"use_d4_dispersion": False}).far_cutoff is None
    with pytest.raises(ValueError, match="where damping ends"):
        published.spookynet(arrays, short | {"use_electrostatics": True})


def learned(model, graph, energies, steps=150):
    """The energies that a model has after steps towards some, by plain Adam."""
    optimiser = optax.adam(0.01)
    with jax.enable_x64(True):
        graph, start = to_device(graph), dict(trainable_parameters(model))
        rest = dict(named_parameters(model))
        found = lambda moving: evaluate(with_parameters(model, rest | moving), graph, ("energy",)).energy

        @jax.jit
        def train(moving):
            def step(carry, _):
                moving, state = carry
                slope = jax.grad(lambda p: jnp.mean((found(p) - energies) ** 2))(moving)
                change, state = optimiser.update(slope, state)
                return (optax.apply_updates(moving, change), state), None

            (moving, _), _ = jax.lax.scan(step, (moving, optimiser.init(moving)), length=steps)
            return found(moving)

        return np.asarray(train(start))


@pytest.mark.parametrize("told", [True, False])
def test_two_states_of_one_geometry_are_told_apart_by_their_spin_alone(told):
    options = {"features": 4, "layers": 1, "zbl": False, "dispersion": False, "electrostatics": "none"}
    model, rng = cast(make(spin=told, **options), "float64"), np.random.default_rng(0)
    jitter = [water().positions + rng.normal(scale=0.02, size=(3, 3)) for _ in range(4)]
    states = [eukrates.system([8, 1, 1], at, charge=0.0, spin=spin) for at in jitter for spin in (0.0, 2.0)]
    energies = np.tile([-1.0, 1.0], 4)
    found = learned(model, eukrates.matter.batch([model.graph(state) for state in states]), energies)
    if told:
        np.testing.assert_allclose(found, energies, atol=0.05)
    else:
        np.testing.assert_array_equal(found[::2], found[1::2])
        np.testing.assert_allclose(found, 0, atol=0.1)
