"""A potential for inference says what the potential says, to the rounding of single precision."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import eukrates
from eukrates.matter import batch
from eukrates.models.so3krates import SO3LR, SO3krates
from eukrates.models.so3krates.attention import FusedLayer
from eukrates.models.so3krates.so3lr import ByKernels
from eukrates.native import compiled, compiler
from eukrates.numerics import cast, to_device
from eukrates.physics import pair_kernels
from eukrates.physics.coulomb import coulomb
from eukrates.physics.dispersion import dispersion
from eukrates.physics.pair_kernels import FarLaws
from eukrates.potential import Ready, ready
from eukrates.testing import shaken

HEADS = {"charge": True, "spin": True, "partial_charges": True, "hirshfeld_ratios": True}
needs_compiler = pytest.mark.skipif(compiler() is None, reason="there is no C++ compiler for kernels")


def network(**options) -> SO3krates:
    return shaken(SO3krates(("H", "C", "O"), **{"features": 24, "layers": 2} | options, key=jax.random.key(0)), seed=2)


def so3lr(**options) -> SO3LR:
    return SO3LR(network(**HEADS, cutoff=3.0), far_cutoff=8.0, **options)


def droplet(seed=0, atoms=40, cell=None):
    """Atoms strewn in a ball, none closer than 0.7 Å."""
    rng, places = np.random.default_rng(seed), [np.zeros(3)]
    while len(places) < atoms:
        new = rng.normal(size=3) * 3
        if min(np.linalg.norm(new - old) for old in places) > 0.7:
            places.append(new)
    return eukrates.system(rng.choice([1, 6, 8], atoms), np.array(places), cell, charge=0.0, spin=0.0)


def crystal():
    """A sheared cell so small that atoms see images of themselves."""
    cell = np.array([[2.9, 0, 0], [0.8, 3.1, 0], [-0.5, 0.7, 3.3]])
    return eukrates.system([6, 8], np.array([[0.1, 0.2, 0.3], [1.6, 1.4, 1.7]]), cell, charge=0.0, spin=0.0)


@needs_compiler
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"radial_basis": "gaussian", "cutoff": 3.0, "neighbours": 12.0},
        {"radial_basis": "bessel", "cutoff_function": "polynomial", "filters": (16, 20)},
        {"degrees": (2,), "heads": 1, "layer_norm": False, "residuals": (False, True), "layers": 1},
        {"degrees": (1, 2, 3, 4), "heads": 3, "features": 48, "activate_qk": True, "layers": 3},
    ],
)
def test_hardly_less_exact_than_the_network_in_single_precision(options):
    plain = network(**options)
    fast = plain.for_inference()
    assert all(isinstance(block, FusedLayer) for block in fast.blocks)
    graph = batch([eukrates.graph(world, plain.cutoff) for world in (droplet(), crystal())])
    exact, *found = (eukrates.predict(p, graph) for p in (cast(plain, "float64"), plain, fast))
    for what in ("energy", "forces"):
        true = getattr(exact, what)
        errors = [np.abs(getattr(one, what) - true).max() for one in found]
        assert errors[1] < 2 * errors[0] + 5e-6 * max(1, np.abs(true).max()), what
    assert np.abs(found[0].forces - found[1].forces).max() > 0  # not the same program


@needs_compiler
def test_every_distance_is_served_from_contact_to_the_cutoff():
    plain = network(cutoff=3.0)
    fast = plain.for_inference()
    dimer = lambda r: eukrates.graph(eukrates.system([6, 8], [[0, 0, 0], [0, 0, r]]), 3.0)
    graph = batch([dimer(r) for r in np.linspace(0.4, 3.2, 401)])
    exact, found = (eukrates.predict(p, graph) for p in (cast(plain, "float64"), fast))
    np.testing.assert_allclose(found.energy, exact.energy, rtol=0, atol=3e-6 * np.abs(exact.energy).max())
    np.testing.assert_allclose(found.forces, exact.forces, rtol=0, atol=3e-6 * np.abs(exact.forces).max())


@needs_compiler
@pytest.mark.parametrize("cutoff", [5.0, np.inf])
@pytest.mark.parametrize("law", ["coulomb", "dispersion"])
def test_kernels_of_far_pairs_have_the_values_and_slopes_of_the_laws(law, cutoff):
    assert pair_kernels.available()
    rng = np.random.default_rng(1)
    plain = {"coulomb": coulomb, "dispersion": dispersion}[law]
    kernel = lambda has, graph, cutoff: getattr(FarLaws(graph), law)(has, graph, cutoff=cutoff)
    world = crystal() if np.isfinite(cutoff) else droplet(atoms=20)
    graph = batch([eukrates.graph(one, 2.0, cutoff) for one in (world, droplet(3, 5, world.cell[0]))])
    atoms = graph.system.atoms
    has, weight = rng.uniform(0.3, 1.2, atoms), rng.normal(size=atoms)
    if law == "dispersion":
        has[1] = 0.0  # a ratio of zero: an atom without dispersion
    with jax.enable_x64(True):
        graph, given = to_device(graph), jnp.asarray(has)

        def total(function, dtype):
            def at(positions, cell, has):
                s = graph.system
                moved = eukrates.matter.System(s.numbers, positions, cell, s.owner, s.real, s.charge, s.spin)
                here = eukrates.matter.Graph(moved, graph.near, graph.far)
                return jnp.sum(weight * function(has.astype(dtype), here, cutoff=cutoff))

            return jax.jit(jax.value_and_grad(at, (0, 1, 2)))(graph.system.positions, graph.system.cell, given)

        exact, found = total(plain, jnp.float64), total(kernel, jnp.float32)
    for true, came in zip(jax.tree.leaves(exact), jax.tree.leaves(found), strict=True):
        assert came.dtype == true.dtype
        np.testing.assert_allclose(came, true, rtol=0, atol=2e-6 * max(np.abs(true).max(), 1e-3))


@needs_compiler
@pytest.mark.parametrize("electrostatics", ["cutoff", "ewald"])
def test_so3lr_for_inference_says_the_same_by_term(electrostatics):
    model = so3lr(electrostatics=electrostatics)
    fast, world = model.for_inference(), droplet(1, 30, 11.0 * np.eye(3))
    assert isinstance(fast, ByKernels)
    want = ("forces", "forces_by_term", "stress")
    exact, found = (eukrates.predict(p, model.graph(world), want) for p in (cast(model, "float64"), fast))
    close = lambda a, b: np.testing.assert_allclose(a, b, rtol=0, atol=1e-5 * max(1.0, np.abs(b).max()))
    for name, term in exact.terms.items():
        close(found.terms[name], term)
        close(found.forces_by_term[name], exact.forces_by_term[name])
    for name in ("forces", "stress", "energies", "charges", "dipole", "hirshfeld_ratios"):
        close(getattr(found, name), getattr(exact, name))


@needs_compiler
def test_the_same_question_has_the_same_answer_to_the_bit():
    ask = eukrates.predict
    fast, graph = so3lr().for_inference(), so3lr().graph(droplet(2, 120))
    assert graph.near.half > 3 * 128  # enough for several threads
    answers = [ask(fast, graph) for _ in range(5)]
    assert all(np.array_equal(answers[0].forces, other.forces) for other in answers[1:])


@needs_compiler
def test_what_is_not_a_number_stays_so():
    fast, graph = so3lr().for_inference(), so3lr().graph(droplet(2, 12))
    graph.system.positions[3, 1] = np.nan
    assert np.all(np.isnan(eukrates.predict(fast, graph).forces))


@needs_compiler
def test_it_can_be_neither_trained_nor_saved(tmp_path):
    plain = network()
    fast, graph = plain.for_inference(), to_device(eukrates.graph(droplet(atoms=5), plain.cutoff))
    with pytest.raises(NotImplementedError, match="train the one that it was made from"):
        jax.grad(lambda p: jnp.sum(p(graph).energy), allow_int=True)(fast)
    with pytest.raises(ValueError, match="save the one that it was made from"):
        eukrates.save(fast, tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match="ByKernels is not in"):
        eukrates.save(so3lr().for_inference(), tmp_path / "model.safetensors")
    assert not list(tmp_path.iterdir())


@needs_compiler
def test_sums_hand_the_wish_on_and_it_can_be_repeated():
    both = (network() + network(zbl=False)).for_inference()
    assert all(isinstance(block, FusedLayer) for part in both.parts for block in part.blocks)
    once = network().for_inference()
    assert jax.tree.structure(once.for_inference()) == jax.tree.structure(once)


def test_double_precision_and_what_the_kernel_is_not_made_for_stay_as_they_are():
    for plain in (cast(network(), "float64"), network(degrees=()), network(degrees=(1, 2, 3, 4, 5, 6, 7, 8), heads=1)):
        assert plain.for_inference() is plain
    assert isinstance(cast(so3lr(), "float64").for_inference(), SO3LR)


def test_without_a_compiler_it_is_the_potential_itself(monkeypatch):
    compiled.compiler.cache_clear()
    compiled.kernels.cache_clear()
    monkeypatch.setenv("CXX", "no-such-compiler")
    try:
        plain = network()
        assert plain.for_inference() is plain
        assert isinstance(so3lr().for_inference(), SO3LR)
    finally:
        monkeypatch.undo()
        compiled.compiler.cache_clear()
        compiled.kernels.cache_clear()


@needs_compiler
def test_a_compiler_that_fails_is_told_of(tmp_path, monkeypatch):
    monkeypatch.setenv("EUKRATES_CACHE", str(tmp_path))
    source = tmp_path / "broken.cpp"
    source.write_text("this is not C++;")
    with pytest.warns(UserWarning, match=r"could not compile broken\.cpp.*going on without it"):
        assert not compiled.kernels(source, "anything")
    assert list(tmp_path.iterdir()) == [source]


@needs_compiler
def test_a_kernel_is_compiled_once_and_anew_when_its_text_changes(tmp_path, monkeypatch):
    monkeypatch.setenv("EUKRATES_CACHE", str(tmp_path / "cache"))
    source = tmp_path / "kernel.cpp"
    text = '#include "xla/ffi/api/ffi.h"\nnamespace ffi = xla::ffi;\n'
    text += "static ffi::Error f() { return ffi::Error::Success(); }\n"
    source.write_text(text + "XLA_FFI_DEFINE_HANDLER_SYMBOL(once, f, ffi::Ffi::Bind());\n")
    assert compiled.kernels(source, "once")
    (library,) = Path(tmp_path / "cache").iterdir()
    born = library.stat().st_mtime_ns
    compiled.kernels.cache_clear()
    assert compiled.kernels(source, "once")
    assert library.stat().st_mtime_ns == born
    source.write_text(text + "XLA_FFI_DEFINE_HANDLER_SYMBOL(twice, f, ffi::Ffi::Bind());\n")
    assert compiled.kernels(source, "twice")
    assert len(list(Path(tmp_path / "cache").iterdir())) == 2


def test_ready_asks_as_predict_does_and_shares_compilations():
    one, other = network(), shaken(network(), seed=9)
    graph = eukrates.graph(droplet(atoms=6), one.cutoff)
    with jax.enable_x64(True):
        for plain in (one, other):
            found = Ready(to_device(plain))(to_device(graph), ("energy", "forces"))
            np.testing.assert_allclose(found.forces, eukrates.predict(plain, graph).forces, rtol=0, atol=1e-5)
    assert ready._evaluate._cache_size() == 1
