"""The ruler itself: exact gradients, right energies from forces, robust against a minority, right temperature."""

import made
import numpy as np
import pytest
from test_check import examined

from eukrates.data import Sample, read
from eukrates.data.check.descriptors import basis_for, expand
from eukrates.data.check.linear import LinearModel
from eukrates.data.check.stress import measure_stress, stress_faults
from eukrates.data.check.subject import Subject
from eukrates.data.check.surrogate import rulers
from eukrates.data.check.temperature import stiffness_and_temperature
from eukrates.matter import system


@pytest.fixture
def crystal():
    rng = np.random.default_rng(0)
    cell = 4 * np.eye(3) + 0.3 * rng.normal(size=(3, 3))
    return Sample(system([1, 6, 8, 1, 6, 1], 1.3 * rng.normal(size=(6, 3)), cell))


def moved(sample, step, strain=None):
    s = sample.system
    deform = np.eye(3) if strain is None else np.eye(3) + strain
    return Sample(system(s.numbers, (s.positions + step) @ deform, s.cell[0] @ deform))


def test_gradients_and_strain_derivatives_are_exact(crystal):
    rng, basis, h = np.random.default_rng(1), basis_for((1, 6, 8), 1.5), 1e-5
    at = expand(crystal, basis)
    step, strain = rng.normal(size=(6, 3)), rng.normal(size=(3, 3))
    strain += strain.T
    slope = (expand(moved(crystal, h * step), basis).values - expand(moved(crystal, -h * step), basis).values) / (2 * h)
    np.testing.assert_allclose(np.einsum("fax,ax->f", at.gradients, step), slope, atol=1e-6)
    ahead, behind = (expand(moved(crystal, 0, sign * h * strain), basis).values for sign in (1, -1))
    np.testing.assert_allclose(np.einsum("fxy,xy->f", at.strain, strain), (ahead - behind) / (2 * h), atol=1e-5)


def test_the_contracted_model_is_the_expansion(crystal):
    basis = basis_for((1, 6, 8), 1.5)
    c, at = np.random.default_rng(2).normal(size=basis.size), expand(crystal, basis)
    energy, forces, strain = LinearModel(basis, c)(crystal)
    assert energy == pytest.approx(at.values @ c)
    np.testing.assert_allclose(forces, -np.einsum("fax,f->ax", at.gradients, c), atol=1e-10)
    np.testing.assert_allclose(strain, np.einsum("fxy,f->xy", at.strain, c), atol=1e-10)


def test_energies_follow_from_forces_and_the_temperature_is_right(tmp_path):
    made.write(tmp_path / "a.extxyz", made.molecules("CH3CONH2", 100, 3, kelvin=400.0))
    data = read(tmp_path / "a.extxyz")
    subject = Subject(data, {"all": range(len(data))})
    (ruler,) = rulers(subject)
    assert ruler.quality > 0.98
    for half in (0, 1):
        mine = ruler.half == half
        truth = np.array([data[int(n)].energy for n in ruler.frames[mine]])
        assert np.std(truth - ruler.energy[mine]) < 0.25 * np.std(truth)
    assert 250 < stiffness_and_temperature(subject, ruler)[1] < 550


@pytest.mark.parametrize("sign", [1, -1])
def test_stress_from_strained_cells_alone(sign):
    """Perfect crystals have no forces: only energies and cells tell."""
    samples = []
    for atoms in made.crystals("Cu", 25, 5, strain=0.01, rattle=0.0):
        energy, voigt = atoms.get_potential_energy(), sign * atoms.get_stress()
        matrix = voigt[[[0, 5, 4], [5, 1, 3], [4, 3, 2]]]
        structure = system(atoms.numbers, atoms.positions, atoms.cell.array)
        samples.append(Sample(structure, energy=energy, stress=matrix))
    from eukrates.data.check.fingerprint import fingerprint

    subject = Subject(samples, {})
    measured = measure_stress(subject, [], {n: fingerprint(s) for n, s in enumerate(samples)})
    found = stress_faults(subject, measured)
    assert [f.fault for f in found] == ([] if sign > 0 else ["stress with the wrong sign"])


def test_hartree_labelled_as_ev(tmp_path):
    frames = made.molecules("CH3CH2OH", 60, 21)
    for frame in frames:
        results = frame.calc.results
        results.update(energy=results["energy"] / 27.2114, forces=results["forces"] / 51.4221)
    report = examined(tmp_path, frames)
    assert not report.ok
    assert "Hartree" in report.text()
