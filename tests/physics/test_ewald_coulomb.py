"""The Ewald sum of damped point charges: crystals, molecules in large cells, what must not matter, derivatives."""

import dataclasses
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from lattices import MADELUNG, crystal, disordered

import eukrates
from eukrates.matter import batch, pad
from eukrates.numerics import cast, to_device
from eukrates.physics.damped_coulomb import damped_coulomb
from eukrates.physics.ewald_coulomb import EwaldCoulomb, ewald_coulomb, ewald_width, published_ewald_coulomb
from eukrates.physics.lattice_sums import lattice_waves
from eukrates.units import KE

ON, OFF, REACH = 0.6, 2.4, 7.0
POINTS = (1e-3, 2e-3)  # a damping that ends before any pair begins
WATER = np.array([[0.0, 0, 0.1173], [0, 0.7572, -0.4692], [0, -0.7572, -0.4692]])
SPLIT = np.array([-0.8, 0.4, 0.4])


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


def prepared(charges, positions, cell, reach=REACH, method="ewald"):
    """Charges and graph of one structure."""
    structure = eukrates.system(np.ones(len(charges), int), positions, cell)
    waves = lattice_waves(method, structure.cell, ewald_width(reach)) if np.any(cell) else None
    graph = to_device(cast(eukrates.graph(structure, 1.0, reach, waves), "float64"))
    return jnp.asarray(charges), graph


def energy(charges, positions, cell, damping=(ON, OFF), reach=REACH, method="ewald"):
    given = prepared(charges, positions, cell, reach, method)
    return float(jax.jit(lambda q, g: ewald_coulomb(q, g, *damping, reach, method)[0])(*given)[0])


@pytest.mark.parametrize("name", MADELUNG)
def test_madelung_constants(name):
    charges, positions, cell, nearest = crystal(name)
    found = -energy(charges, positions, cell, POINTS) * nearest / KE / (len(charges) / 2)
    assert found == pytest.approx(MADELUNG[name], abs=1e-7)


def test_a_molecule_in_a_large_cell_has_the_energy_it_has_alone():
    charges, graph = prepared(SPLIT, WATER, np.zeros((3, 3)))
    alone = float(jnp.sum(damped_coulomb(charges, graph, ON, OFF)))
    sizes = np.array([14.0, 20.0, 28.0])  # many thousand waves
    off = np.array([energy(SPLIT, WATER, size * np.eye(3)) for size in sizes]) - alone
    # what is left: a dipole and its images (Makov & Payne 1995, doi:10.1103/PhysRevB.51.4014), and then fifth powers
    dipole = SPLIT @ WATER
    rest = off + 2 * np.pi / 3 * KE * dipole @ dipole / sizes**3
    np.testing.assert_allclose(rest, 41.86 / sizes**5, rtol=2e-3, atol=1e-7)
    assert abs(rest[-1]) < 3e-6


def test_the_published_form_differs_from_it():
    charges, graph = prepared(SPLIT, WATER, 15 * np.eye(3), reach=7.0)
    waves = dataclasses.replace(graph, waves=(24, 24, 24))
    published = jax.jit(lambda q, g: published_ewald_coulomb(q, g, 1.323, 3.969, 7.0, 1.0088)[0])(charges, waves)
    sound = jax.jit(lambda q, g: ewald_coulomb(q, g, 1.323, 3.969, 7.0)[0])(charges, graph)
    assert float(published[0]) == pytest.approx(-7.64, abs=0.05)
    assert float(sound[0]) == pytest.approx(-5.40, abs=0.05)


@pytest.mark.parametrize("neutral", [True, False])
def test_neither_cutoff_nor_method_nor_choice_of_cell_matter(neutral):
    charges, positions, cell = disordered(0, neutral=neutral)
    first = energy(charges, positions, cell)
    assert energy(charges, positions, cell, reach=9.0) == pytest.approx(first, abs=2e-7)
    assert energy(charges, positions, cell, reach=4.0) == pytest.approx(first, abs=2e-7)
    assert energy(charges, positions, cell, method="p3m") == pytest.approx(first, abs=2e-4)
    sheared = np.array([[1, 0, 0], [1, 1, 0], [-1, 2, 1]]) @ cell
    assert energy(charges, positions, sheared) == pytest.approx(first, abs=2e-7)
    images = positions + np.random.default_rng(0).integers(-2, 3, positions.shape) @ cell
    assert energy(charges, images, cell) == pytest.approx(first, abs=2e-7)


def test_atoms_add_up_and_a_batch_equals_its_structures():
    parts = [disordered(1, atoms=5), disordered(2, atoms=9, neutral=False)]
    parts[1] = (parts[1][0], parts[1][1], parts[1][2] * 1.1)
    single = [energy(*part) for part in parts]
    worlds = [eukrates.system(np.ones(len(q), int), r, cell) for q, r, cell in parts]
    graphs = [eukrates.graph(w, 1.0, REACH, lattice_waves("ewald", w.cell, ewald_width(REACH))) for w in worlds]
    graph = to_device(cast(pad(batch(graphs)), "float64"))
    charges = np.concatenate([q for q, _, _ in parts])
    charges = jnp.asarray(np.pad(charges, (0, graph.system.atoms - len(charges))))

    def total(q, r):
        moved = dataclasses.replace(graph, system=dataclasses.replace(graph.system, positions=r))
        whole, atoms = ewald_coulomb(q, moved, ON, OFF, REACH)
        return jnp.sum(whole), (whole, atoms)

    found = jax.jit(jax.value_and_grad(total, argnums=(0, 1), has_aux=True))(charges, graph.system.positions)
    (_, (whole, atoms)), gradients = found
    np.testing.assert_allclose(whole[:2], single, atol=1e-9)
    np.testing.assert_allclose(np.bincount(graph.system.owner, np.asarray(atoms))[:2], single, atol=1e-9)
    assert all(np.all(np.isfinite(g)) for g in gradients)
    assert not np.any(gradients[1][14:])


def test_forces_and_stress_are_slopes_in_a_triclinic_cell_with_a_net_charge():
    _, positions, cell = disordered(3, atoms=6)
    numbers = np.array([1, 8, 6, 1, 1, 8])  # a net charge of -0.5
    model = EwaldCoulomb({"H": 0.4, "C": -0.3, "O": -0.7}, ON, OFF, REACH)

    def at(shift, strain, want):
        stretch = np.eye(3) + strain
        world = eukrates.system(numbers, (positions + shift) @ stretch, cell @ stretch)
        graph = eukrates.graph(world, 1.0, REACH, (9, 9, 9))
        return eukrates.predict(model, graph, want)

    nothing, h = np.zeros((3, 3)), 1e-4
    found = at(0, nothing, ("energy", "forces", "stress"))
    energies = lambda shift, strain: at(shift, strain, ("energy",)).energy[0]
    direction = np.random.default_rng(0).normal(size=positions.shape)
    slope = (energies(h * direction, nothing) - energies(-h * direction, nothing)) / (2 * h)
    assert -np.sum(found.forces * direction) == pytest.approx(slope, abs=2e-6)
    for a, b in ((0, 0), (1, 2), (0, 1)):
        strain = np.zeros((3, 3))
        strain[a, b] = strain[b, a] = h if a == b else h / 2
        slope = (energies(0, strain) - energies(0, -strain)) / (2 * h) / abs(np.linalg.det(cell))
        assert found.stress[0][a, b] == pytest.approx(slope, abs=1e-8), (a, b)


def test_errors_teach():
    with pytest.raises(ValueError, match="far_cutoff < inf"):
        EwaldCoulomb({"H": 0.1}, far_cutoff=np.inf)
    with pytest.raises(ValueError, match="Unknown method 'pme'"):
        EwaldCoulomb({"H": 0.1}, method="pme")
    with pytest.raises(ValueError, match="periodic along three axes"):
        EwaldCoulomb({"H": 0.1}).graph(eukrates.system([1], [[0, 0, 0]]))
    with pytest.raises(ValueError, match="accuracy between 0 and 1"):
        ewald_width(9.0, 2.0)
    charges, graph = prepared(SPLIT, WATER, np.zeros((3, 3)))
    with pytest.raises(ValueError, match="state how many along each axis"):
        published_ewald_coulomb(charges, graph, ON, OFF, REACH, 1.0)
    with pytest.raises(ValueError, match=r"potential\.graph\(structure\)"):
        ewald_coulomb(charges, graph, ON, OFF, REACH)
    near = dataclasses.replace(graph, far=None)
    for law in (ewald_coulomb, partial(published_ewald_coulomb, alpha=1.0)):
        with pytest.raises(ValueError, match="give a far cutoff"):
            law(charges, dataclasses.replace(near, waves=(3, 3, 3)), ON, OFF, REACH)
    with pytest.raises(ValueError, match="a finite cutoff > 0 Å"):
        ewald_coulomb(charges, graph, ON, OFF, np.inf)
