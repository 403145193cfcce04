"""SO3LR and SpookyNet with electrostatics summed over all images of a cell."""

import jax
import numpy as np
import pytest

import eukrates
from eukrates.models import SpookyNet
from eukrates.models.so3krates import SO3LR, SO3krates
from eukrates.numerics import cast
from eukrates.testing import shaken

HEADS = {"charge": True, "spin": True, "partial_charges": True, "hirshfeld_ratios": True}
SMALL = {"features": 8, "layers": 1, "heads": 2, "degrees": (1, 2), "cutoff": 2.5, "basis_size": 4}
EXACT = {"ewald": 1e-8, "p3m": 3e-5}  # eV: the mesh of a larger cell is another mesh
EACH = pytest.mark.parametrize("electrostatics", ["ewald", "p3m"])


def so3lr(electrostatics) -> SO3LR:
    network = shaken(SO3krates(("H", "C", "O"), **SMALL, **HEADS, key=jax.random.key(3)), seed=1)
    model = SO3LR(network, far_cutoff=3.5, width=1.5, fade=1.0, electrostatics=electrostatics)
    return cast(model, "float64")


def spookynet(electrostatics) -> SpookyNet:
    """With D4."""
    small = {"features": 4, "layers": 1, "basis_size": 4, "cutoff": 2.5, "far_cutoff": 3.5, "residuals": 0}
    model = SpookyNet(("H", "C", "O"), electrostatics=electrostatics, zbl=False, **small, key=jax.random.key(3))
    return cast(shaken(model, seed=1), "float64")


MODELS = pytest.mark.parametrize("make", [so3lr, spookynet])
LAWS = pytest.mark.parametrize(("make", "electrostatics"), [(so3lr, "ewald"), (so3lr, "p3m"), (spookynet, "ewald")])


def crystal(seed=0, side=9.0, copies=1, strain=None, charge=0.0):
    """Atoms near the points of a triclinic lattice, no two closer than 1.4 Å."""
    rng = np.random.default_rng(seed)
    cell = side * np.array([[1.0, 0, 0], [0.2, 0.9, 0], [-0.1, 0.3, 1.1]])
    steps = np.stack(np.meshgrid(*[np.arange(3) / 3] * 3), -1).reshape(-1, 3)
    positions = steps @ cell + rng.uniform(-0.4, 0.4, steps.shape)
    numbers = rng.choice([1, 6, 8], len(steps))
    if copies > 1:
        positions = np.concatenate([positions + n * cell[0] for n in range(copies)])
        numbers, cell = np.tile(numbers, copies), cell * np.array([[copies], [1], [1]])
    if strain is not None:
        positions, cell = positions @ strain, cell @ strain
    return eukrates.system(numbers, positions, cell, charge=copies * charge, spin=0.0)


def ask(model, structure, want=("energy", "forces")):
    return eukrates.predict(model, model.graph(structure), want)


@MODELS
@pytest.mark.parametrize("charge", [0.0, 1.0])
def test_the_mesh_agrees_with_the_sum_over_waves(charge, make):
    one, other = (ask(make(name), crystal(charge=charge), ("forces", "stress")) for name in ("ewald", "p3m"))
    assert one.terms["electrostatics"] == pytest.approx(other.terms["electrostatics"], rel=1e-5)
    np.testing.assert_allclose(one.forces, other.forces, atol=1e-4)
    np.testing.assert_allclose(one.stress, other.stress, atol=1e-6)
    assert float(one.terms["electrostatics"][0]) != pytest.approx(float(one.energy[0]), rel=1e-3)


@LAWS
def test_forces_and_stress_are_derivatives(make, electrostatics):
    model, h = make(electrostatics), 1e-4
    found = ask(model, crystal(), ("forces", "stress"))
    rng = np.random.default_rng(1)
    direction, shear = rng.normal(size=(27, 3)), rng.normal(size=(3, 3))
    shear = shear + shear.T
    volume = abs(np.linalg.det(crystal().cell[0]))

    def energy(x, y):
        s = crystal(strain=np.eye(3) + y * shear)
        moved = eukrates.system(s.numbers, s.positions + x * direction, s.cell[0], charge=0.0, spin=0.0)
        waves = model.waves(crystal().cell)  # the same sum for all
        return float(eukrates.predict(model, eukrates.graph(moved, model.cutoff, model.far_cutoff, waves)).energy[0])

    slope = lambda f: (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h)
    assert -np.sum(found.forces * direction) == pytest.approx(slope(lambda x: energy(x, 0.0)), rel=1e-7)
    assert volume * np.sum(found.stress[0] * shear) == pytest.approx(slope(lambda y: energy(0.0, y)), rel=1e-7)


@LAWS
def test_twice_the_cell_has_twice_the_energy_and_the_same_forces(make, electrostatics):
    model = make(electrostatics)
    one, two = ask(model, crystal()), ask(model, crystal(copies=2))
    assert 2 * float(one.energy[0]) == pytest.approx(float(two.energy[0]), abs=EXACT[electrostatics])
    np.testing.assert_allclose(np.tile(one.forces, (2, 1)), two.forces, atol=1e-4)
    np.testing.assert_allclose(np.tile(one.energies, 2), two.energies, atol=1e-4)


@LAWS
def test_a_batch_is_its_structures_and_shares_add_up(make, electrostatics):
    model = make(electrostatics)
    structures = [crystal(), crystal(seed=1, side=10.0, charge=1.0)]
    together = eukrates.predict(model, eukrates.matter.batch([model.graph(s) for s in structures]))
    alone = [ask(model, s) for s in structures]
    np.testing.assert_allclose(together.energy, [p.energy[0] for p in alone], atol=EXACT[electrostatics])
    np.testing.assert_allclose(together.forces, np.concatenate([p.forces for p in alone]), atol=1e-4)
    assert together.energies.reshape(2, 27).sum(axis=1) == pytest.approx(together.energy, rel=1e-9)


@MODELS
@EACH
def test_an_open_structure_is_refused_and_so_is_a_graph_without_waves(electrostatics, make):
    model = make(electrostatics)
    molecule = eukrates.system([8, 1], [[0, 0, 0], [0, 0, 1.0]], charge=0.0, spin=1.0)
    with pytest.raises(ValueError, match="periodic along three axes"):
        model.waves(molecule.cell)
    with pytest.raises(ValueError, match="waves"):
        eukrates.predict(model, eukrates.graph(crystal(), model.cutoff, model.far_cutoff))
