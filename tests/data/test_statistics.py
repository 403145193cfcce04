"""E0 and scales: every source, rank deficiency, single atoms."""

import numpy as np
import pytest

from eukrates.data import AtomicEnergies, Sample, atomic_energies, mean_neighbours, separate, statistics
from eukrates.matter import system

TRUE = {1: -13.6, 6: -1030.0, 8: -2040.0}


def molecule(rng, numbers, energy=None, **more):
    positions = 1.5 * np.arange(len(numbers))[:, None] * np.ones(3) + rng.normal(size=(len(numbers), 3)) * 0.1
    total = sum(TRUE[int(z)] for z in numbers) if energy is None else energy
    return Sample(system(numbers, positions), energy=total, **more)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_least_squares_finds_the_truth(rng):
    data = [molecule(rng, rng.choice([1, 6, 8], size=6)) for _ in range(20)]
    found = atomic_energies(data)
    assert found.energies == pytest.approx({"H": -13.6, "C": -1030.0, "O": -2040.0})
    assert "least squares over 20 structures" in found.source
    assert "rank" not in found.source


def test_one_composition_is_shared_evenly_and_said(rng):
    ethanol = [6, 6, 8, 1, 1, 1, 1, 1, 1]
    data = [molecule(rng, ethanol, -4210.0 + 0.1 * rng.normal()) for _ in range(10)]
    found = atomic_energies(data)
    mean = np.mean([s.energy for s in data])
    assert found.total(np.array(ethanol)) == pytest.approx(mean)
    assert found.energies["C"] == pytest.approx(mean / 9)
    assert "rank 1 of 3" in found.source


def test_two_compositions_of_three_elements_still_give_the_sums(rng):
    data = [molecule(rng, z) for z in ([8, 1, 1], [6, 1, 1, 1, 1]) for _ in range(3)]
    found = atomic_energies(data)
    for sample in data:
        assert found.total(sample.numbers) == pytest.approx(sample.energy)
    assert "rank 2 of 3" in found.source


def test_free_atoms_first_given_before_them_the_rest_fitted(rng):
    free = [molecule(rng, [1], -13.0), molecule(rng, [8], -2000.0, group="IsolatedAtom")]
    data = [molecule(rng, [8, 1, 1], -2030.0), molecule(rng, [6, 8, 1, 1], -3060.0)]
    found = atomic_energies([*free, *data], given={"H": -13.5})
    assert found.energies["H"] == -13.5
    assert found.energies["O"] == -2000.0
    assert found.energies["C"] == pytest.approx(-3060 + 2000 + 27)
    assert "given" in found.source
    assert "free atoms" in found.source
    assert "least squares" in found.source
    assert separate([*free, *data]) == (free, data)


def test_an_ion_is_not_a_free_atom_and_disagreement_is_refused(rng):
    ion = Sample(system([1], np.zeros((1, 3)), charge=1.0), energy=0.0)
    assert atomic_energies([ion, molecule(rng, [1], -13.6)]).energies == {"H": -13.6}
    with pytest.raises(ValueError, match="Free atoms of H disagree"):
        atomic_energies([molecule(rng, [1], -13.6), molecule(rng, [1], -12.0)])


def test_single_atoms_alone_do_not_crash(rng):
    data = [molecule(rng, [1]), molecule(rng, [6])]
    assert atomic_energies(data).energies == pytest.approx({"H": -13.6, "C": -1030.0})
    numbers = statistics(data)
    assert numbers.structures == 0
    assert numbers.force_rms is None
    assert numbers.energy_per_atom is None
    assert mean_neighbours(data, 5.0) == 0.0


def test_nothing_to_determine_an_element_from(rng):
    with pytest.raises(ValueError, match="E0 of O"):
        atomic_energies([Sample(system([8], np.zeros((1, 3))))])
    with pytest.raises(ValueError, match="No E0 for C"):
        AtomicEnergies({"H": -13.6}, "given").total(np.array([6, 1]))


def test_scales(rng):
    forces = [rng.normal(size=(3, 3)) for _ in range(4)]
    data = [molecule(rng, [8, 1, 1], -2067.2 + n, forces=f) for n, f in enumerate(forces)]
    found = statistics(data, AtomicEnergies({"H": -13.6, "O": -2040.0}, "given"))
    assert found.force_rms == pytest.approx(np.sqrt(np.mean(np.square(forces))))
    assert found.force_rms_by_element["O"] == pytest.approx(np.sqrt(np.mean(np.square([f[0] for f in forces]))))
    assert found.energy_per_atom == pytest.approx((0.5, np.std([0, 1, 2, 3]) / 3))
    assert mean_neighbours(data, 100.0) == 2.0
