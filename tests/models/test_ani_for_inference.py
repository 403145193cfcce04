"""ANI for inference says what ANI says: in double precision to its rounding, in single precision to that."""

import ase
import jax
import numpy as np
import pytest

import eukrates
from eukrates.data.atoms import to_system
from eukrates.dynamics import NVE, Record, run
from eukrates.interfaces.ase import Calculator
from eukrates.matter import Size, batch, pad
from eukrates.models import ANI, save
from eukrates.models.ani.inference import FusedANI
from eukrates.native import compiler
from eukrates.numerics import cast, to_device
from eukrates.potential import Ensemble, evaluate
from eukrates.testing import shaken

pytestmark = pytest.mark.skipif(compiler() is None, reason="there is no C++ compiler for kernels")
PARTS = {  # numbers of functions that fill no vector of a processor
    "radial": {"cutoff": 3.0, "eta": 4.0, "shifts": [0.7, 1.5, 2.3]},
    "angular": {"cutoff": 2.6, "eta": 3.0, "zeta": 4.1, "shifts": [0.8, 1.6], "sections": [0.4, 1.6, 2.7, 4.0, 5.0]},
}
ODD = {**PARTS, "hidden": {"H": [20, 7], "O": [33], "C": []}, "scale": 0.7, "e0": {"H": -1.0, "O": -2.0, "C": 3.0}}
FOUR = {**ODD, "angular": {**PARTS["angular"], "sections": [0.4, 1.6, 2.7, 4.0]}}  # as many as ANI-2x has
WANT = ("energy", "forces", "forces_by_member")


def network(members=3, elements=("O", "H", "C"), **options) -> ANI:
    return shaken(ANI(elements, members=members, key=jax.random.key(0), **options), seed=1)


def droplet(atoms=40, seed=0):
    """Atoms strewn in a ball, none closer than 0.7 Å, and one out of sight."""
    rng, places = np.random.default_rng(seed), [np.zeros(3)]
    while len(places) < atoms - 1:
        new = rng.normal(size=3) * 2.5
        if min(np.linalg.norm(new - old) for old in places) > 0.7:
            places.append(new)
    return eukrates.system(rng.choice([1, 1, 6, 8], atoms), np.array([*places, [30.0, 0.0, 0.0]]))


def crystal():
    """A sheared cell so small that atoms see images of themselves."""
    cell = np.array([[2.9, 0, 0], [0.8, 3.1, 0], [-0.5, 0.7, 3.3]])
    return eukrates.system([6, 8], [[0.1, 0.2, 0.3], [1.6, 1.4, 1.7]], cell)


def differences(one, other, names):
    return {name: np.abs(getattr(one, name) - getattr(other, name)).max() for name in names}


@pytest.mark.parametrize(("options", "members"), [({}, 2), (ODD, 3), (FOUR, 1)])
def test_in_double_precision_it_is_ani(options, members):
    plain = cast(network(members, **options), "float64")
    fast = plain.for_inference()
    assert isinstance(fast, FusedANI)
    assert fast.triple_cutoff is None
    want = WANT if members > 1 else WANT[:2]
    structures = [droplet(), eukrates.system([8], np.zeros((1, 3))), eukrates.system([1, 1], [[0, 0, 0], [0, 0, 0.6]])]
    found = [eukrates.predict(p, batch([p.graph(s) for s in structures]), want) for p in (plain, fast)]
    assert np.abs(found[0].forces).max() > 0.01
    names = (*want, "energies", *(["energy_by_member"] if members > 1 else []))
    assert max(differences(*found, names).values()) < 1e-11
    found = [eukrates.predict(p, p.graph(crystal()), (*want, "stress")) for p in (plain, fast)]
    assert np.abs(found[0].stress).max() > 1e-4
    assert max(differences(*found, (*want, "stress")).values()) < 1e-11


@pytest.mark.parametrize("options", [{}, ODD])
def test_in_single_precision_it_is_hardly_less_exact(options):
    plain = network(**options)
    fast = plain.for_inference()
    exact, *found = (
        eukrates.predict(p, batch([p.graph(droplet(30, seed)) for seed in range(2)]), WANT)
        for p in (cast(plain, "float64"), plain, fast)
    )
    for what in WANT:
        true = getattr(exact, what)
        errors = [np.abs(getattr(one, what) - true).max() for one in found]
        assert errors[1] < 2 * errors[0] + 2e-6 * max(1, np.abs(true).max()), what
    assert np.abs(found[0].forces - found[1].forces).max() > 0  # not the same program


def test_padding_changes_nothing_and_straight_and_folded_angles_do_not_matter():
    plain = cast(network(2, **ODD), "float64")
    fast = plain.for_inference()
    line = eukrates.system([6, 8, 1, 1], [[0, 0, 0], [1.2, 0, 0], [-1.1, 0, 0], [2.4, 0, 0]])
    for structure in (line, eukrates.system([1, 6, 8], [[0, 0, 0], [0, 0, 0], [1.0, 0, 0]])):  # two in one place
        with jax.enable_x64(True):
            graphs = [pad(fast.graph(structure), room) for room in (Size(9, 40, 2), Size(50, 334, 5))]
            found = [evaluate(fast, to_device(graph), ("forces",)) for graph in graphs]
        one, other = found
        np.testing.assert_array_equal(one.forces[:3], other.forces[:3])
        np.testing.assert_array_equal(one.energy_by_member[0], other.energy_by_member[0])
        assert np.isfinite(one.forces).all()
        expected = eukrates.predict(plain, plain.graph(structure))
        np.testing.assert_allclose(one.forces[: structure.atoms], expected.forces, atol=1e-11, rtol=1e-12)


def test_what_is_no_number_stays_none():
    fast = network(2, **ODD).for_inference()
    graph = fast.graph(droplet(8))
    graph.system.positions[0, 0] = np.nan
    assert np.isnan(eukrates.predict(fast, graph, ("energy",)).energy).all()


def test_positions_in_single_precision():
    fast = network(2, **ODD).for_inference()
    graph = pad(fast.graph(droplet(12)))
    with jax.enable_x64(True):
        exact = evaluate(to_device(fast), to_device(graph))
    with jax.enable_x64(False):
        coarse = evaluate(to_device(fast), to_device(graph))
    assert coarse.forces.dtype == np.float32
    np.testing.assert_allclose(coarse.forces, exact.forces, atol=1e-4)


def test_it_is_not_trained_or_saved(tmp_path):
    fast = network(2, **ODD).for_inference()
    assert fast.for_inference() is fast
    with pytest.raises(ValueError):
        save(fast, tmp_path / "m.safetensors")
    graph = to_device(pad(fast.graph(droplet(8))))
    with pytest.raises(NotImplementedError, match="cannot be trained"):
        jax.grad(lambda p: evaluate(p, graph, ("energy",)).energy.sum())(to_device(fast))


def test_the_calculator_keeps_and_renews_its_pairs():
    plain = cast(network(2, **ODD), "float64")
    atoms = ase.Atoms(
        "COH2", [[0.1, 0.2, 0.3], [1.6, 1.4, 1.7], [0.9, 2.2, 0.4], [2.1, 0.4, 2.6]], cell=[3.1] * 3, pbc=True
    )
    atoms.calc = Calculator(plain, precision="float64")
    for moved in (0.0, 0.03, 0.5):  # a new list, the same, another
        atoms.positions[0] += moved
        expected = eukrates.predict(plain, plain.graph(to_system(atoms)), ("forces", "stress"))
        np.testing.assert_allclose(atoms.get_forces(), expected.forces, atol=1e-11)
        np.testing.assert_allclose(atoms.get_stress(voigt=False), expected.stress[0], atol=1e-11)
        np.testing.assert_allclose(atoms.calc.results["energy_by_member"], expected.energy_by_member[0], atol=1e-11)


def test_dynamics_and_ensembles_read_pairs_alone():
    parts = [cast(network(1, **(ODD | {"scale": 0.02 + n})), "float64") for n in range(2)]
    ensemble = Ensemble((parts[0], parts[1]))
    assert ensemble.for_inference().triple_cutoff is None
    structure = crystal()
    atoms = ase.Atoms(structure.numbers, structure.positions, cell=structure.cell[0], pbc=True).repeat((2, 1, 1))
    record = Record(every=10, precision="float64")
    read = run(ensemble, atoms, NVE(300.0), 40, 0.5, seed=1, record=record).trajectory
    fresh = [
        eukrates.predict(ensemble, ensemble.graph(to_system(read.atoms(n))), ("energy",)).energy[0] for n in range(5)
    ]
    np.testing.assert_allclose(read.frames.observables["potential_energy"], fresh, atol=1e-9)
