"""D4 against the dftd4 program, and what must hold for parameters, precision and cutoffs."""

import json
from functools import partial
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ase.build import molecule

import eukrates
from eukrates.matter import batch, pad
from eukrates.numerics import cast, to_device
from eukrates.physics.d4 import D4, KNOWN, d4
from eukrates.physics.d4_tables import HARTREE_FOCK, D4Parameters, standard_tables
from eukrates.units import BOHR, HARTREE

PROGRAM = json.loads(
    (Path(__file__).parent / "dftd4.json").read_text()
)  # dftd4 4.3.1, by `said`; H to Rn, and rare ligands


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


@pytest.fixture(scope="module")
def exact():
    with np.load(str(Path(eukrates.__file__).parent / "physics" / "d4_reference.npz")) as file:
        return type(standard_tables())(**dict(file))


compiled = jax.jit(d4, static_argnums=4)


def graph_of(*structures, far=np.inf):
    return to_device(cast(pad(batch([eukrates.graph(s, 1.0, far) for s in structures])), "float64"))


def spread(values, graph):
    return jnp.asarray(np.pad(np.concatenate(values), (0, graph.system.atoms - sum(map(len, values)))))


def said(numbers, positions):
    """What dftd4 says of a neutral molecule: EEQ charges, energy in eV, gradient in eV/Å, polarisabilities in Å³."""
    dftd4 = pytest.importorskip("dftd4.interface")
    model = dftd4.DispersionModel(np.asarray(numbers), np.asarray(positions) / BOHR)
    properties = model.get_properties()
    found = model.get_dispersion(dftd4.DampingParam(s6=1.0, s9=0.0, **HARTREE_FOCK), grad=False)
    alpha = properties["polarizabilities"] * BOHR**3
    return {"charges": properties["partial charges"], "energy": found["energy"] * HARTREE, "polarizabilities": alpha}


def compare(names, answers, exact, energy, polarizability):
    worlds = [eukrates.system(a["numbers"], a["positions"]) for a in answers]
    graph = graph_of(*worlds)
    charges = spread([np.asarray(a["charges"]) for a in answers], graph)
    found = compiled(charges, graph, exact, cast(D4Parameters(), "float64"), np.inf)
    energies = np.bincount(graph.system.owner, np.asarray(found.energies))
    for n, (name, answer) in enumerate(zip(names, answers, strict=True)):
        assert energies[n] == pytest.approx(answer["energy"], rel=energy), name
        ours = np.asarray(found.polarizabilities)[np.asarray(graph.system.owner) == n]
        np.testing.assert_allclose(ours, answer["polarizabilities"], rtol=polarizability, err_msg=name)


def test_stored_energies_of_the_program(exact):
    compare(PROGRAM, list(PROGRAM.values()), exact, 1e-6, 1e-6)


def test_energies_of_the_program(exact):
    names = ("C6H6", "SiCl4", "PH3", "AlF3", "C4H4S")
    atoms = [molecule(name) for name in names]
    answers = [{"numbers": a.numbers, "positions": a.positions} | said(a.numbers, a.positions) for a in atoms]
    compare(names, answers, exact, 1e-6, 1e-6)


def crowd(seed=0, atoms=12):
    """Atoms of any elements, none closer than 2 Å, and charges."""
    rng = np.random.default_rng(seed)
    places = np.stack(np.unravel_index(rng.permutation(27)[:atoms], (3, 3, 3)), axis=1) * 2.4
    positions = places + rng.uniform(-0.2, 0.2, (atoms, 3))
    return eukrates.system(rng.integers(1, 87, atoms), positions), rng.uniform(-0.6, 0.9, atoms)


@pytest.mark.parametrize("far", [np.inf, 6.0])
def test_slopes_by_charges_and_parameters(exact, far):
    structure, charges = crowd()
    graph = graph_of(structure, far=far)
    charges = spread([charges], graph)
    parameters = cast(D4Parameters(s8=1.1, a1=0.5, a2=4.0, scaleq=0.9), "float64")
    total = jax.jit(lambda q, p: jnp.sum(d4(q, graph, exact, p, far).energies))
    by_charge, by_parameter = jax.jit(jax.grad(total, argnums=(0, 1)))(charges, parameters)
    assert np.all(np.isfinite(by_charge))
    assert float(by_parameter.s6) == 0.0
    h = 1e-5
    for n in range(12):
        step = h * jnp.zeros_like(charges).at[n].set(1)
        slope = (total(charges + step, parameters) - total(charges - step, parameters)) / (2 * h)
        assert float(by_charge[n]) == pytest.approx(float(slope), rel=1e-6, abs=1e-9)
    for name in ("s8", "a1", "a2", "scaleq"):
        pick = lambda p, name=name: getattr(p, name)
        at = lambda x, pick=pick: total(charges, eqx.tree_at(pick, parameters, pick(parameters) + x))
        assert float(pick(by_parameter)) == pytest.approx(float(at(h) - at(-h)) / (2 * h), rel=1e-6), name


def test_no_gradient_reaches_the_tables(exact):
    structure, charges = crowd()
    graph = graph_of(structure)
    total = lambda tables: jnp.sum(d4(spread([charges], graph), graph, tables, D4Parameters()).energies)
    assert not any(np.any(leaf) for leaf in jax.tree.leaves(jax.grad(total)(exact)))


def test_a_far_cutoff_is_no_cutoff(exact):
    structure, charges = crowd()
    graph = graph_of(structure)
    found = partial(compiled, spread([charges], graph), graph, exact, cast(D4Parameters(), "float64"))
    np.testing.assert_allclose(found(2000.0).energies, found(np.inf).energies, rtol=1e-7, atol=1e-12)


def test_single_precision_is_close():
    tables, parameters = standard_tables(), D4Parameters()
    for seed in range(3):
        structure, charges = crowd(seed)
        graph = graph_of(structure)
        wide = compiled(spread([charges], graph), graph, *cast((tables, parameters), "float64"), np.inf)
        narrow = compiled(jnp.float32(spread([charges], graph)), cast(graph, "float32"), tables, parameters, np.inf)
        assert {x.dtype for x in narrow} == {np.dtype("float32")}
        for ours, exact in zip(narrow, wide, strict=True):
            np.testing.assert_allclose(ours, exact, rtol=2e-5, atol=1e-7)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_finite_on_one_spot_far_apart_and_for_any_charge(precision):
    parts = [
        eukrates.system([6, 1, 79], [[0, 0, 0], [0, 0, 0], [0, 0, 1e-5]]),
        eukrates.system([55, 9], [[0, 0, 0], [0, 0, 900.0]]),
        eukrates.system([1, 8, 11], [[0, 0, 0], [0, 0, 1.0], [0, 2.0, 0]]),
    ]
    charges = [np.array([-6.0, 0.0, -80.0]), np.array([9.0, -9.0]), np.array([-1.0, 40.0, -10.999999])]
    for far in (np.inf, 6.0):
        graph = cast(graph_of(*parts, far=far), precision)
        tables, parameters = cast((standard_tables(), D4Parameters()), precision)

        def total(q, r, p, graph=graph, tables=tables, far=far):
            moved = eqx.tree_at(lambda g: g.system.positions, graph, r)
            return jnp.sum(d4(q, moved, tables, p, far).energies)

        q = jnp.asarray(spread(charges, graph), precision)
        found = jax.jit(jax.value_and_grad(total, argnums=(0, 1, 2)))(q, graph.system.positions, parameters)
        assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(found))
        assert float(found[0]) < 0


def test_errors_teach():
    assert len(KNOWN) == 86
    with pytest.raises(ValueError, match=r"H to Rn .* \['U'\]"):
        D4({"U": 1.0})
    with pytest.raises(ValueError, match="positive parameters"):
        D4(a1=-0.1)
    structure, charges = crowd()
    with pytest.raises(ValueError, match="give a far cutoff"):
        d4(jnp.asarray(charges), eukrates.graph(structure, 4.0), standard_tables(), D4Parameters())
