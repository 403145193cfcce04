"""Analysis against series and structures whose answer is known."""

import numpy as np
import pytest
from ase.build import bulk, molecule

from eukrates.analysis import bond_lengths, drift, find_bonds, histogram, mean_and_error, temperature_statistics
from eukrates.data.atoms import to_system
from eukrates.matter import system


def correlated(length, memory, seed):
    """x_n = a x_{n-1} + noise: variance 1, correlation a^k, error of the mean √((1 + a) / (1 - a) / n)."""
    rng = np.random.default_rng(seed)
    a = np.exp(-1 / memory)
    noise = rng.normal(size=length) * np.sqrt(1 - a * a)
    out = np.empty(length)
    out[0] = rng.normal()
    for n in range(1, length):
        out[n] = a * out[n - 1] + noise[n]
    return out, np.sqrt((1 + a) / (1 - a) / length)


def test_the_error_of_a_mean_knows_of_correlation():
    for memory in (0.01, 10.0, 50.0):
        estimates = [mean_and_error(correlated(8192, memory, seed)[0])[1] for seed in range(8)]
        exact = correlated(8192, memory, 0)[1]
        assert 0.75 * exact < np.mean(estimates) < 1.6 * exact


def test_a_mean_needs_numbers():
    for bad in (np.array([1.0]), np.array([1.0, np.nan, 2.0])):
        with pytest.raises(ValueError, match="at least two values, all finite"):
            mean_and_error(bad)


def test_drift_is_found_with_its_error():
    time = np.arange(0, 10_000, 5.0)  # fs
    noise, _ = correlated(time.size, 5.0, 1)
    slope, error = drift(time, -100 + 9 * 2e-3 * time / 1000 + 1e-3 * noise, atoms=9)
    assert abs(slope - 2.0) < 4 * error  # meV/atom/ps
    assert 0 < error < 0.1
    slope, error = drift(time, 1e-3 * noise, atoms=9)
    assert abs(slope) < 4 * error
    with pytest.raises(ValueError, match="three frames"):
        drift(time[:2], time[:2], 9)


def test_temperature_statistics_of_canonical_kinetic_energies():
    freedom = 27
    temperatures = 300 * np.random.default_rng(0).chisquare(freedom, 20_000) / freedom
    found = temperature_statistics(temperatures, freedom)
    assert abs(found.mean - 300) < 4 * found.error
    assert found.deviation == pytest.approx(found.canonical_deviation, rel=0.03)
    assert found.canonical_deviation == pytest.approx(300 * np.sqrt(2 / 27), rel=0.01)


def test_bonds_of_ethanol():
    ethanol = to_system(molecule("CH3CH2OH"))
    bonds = find_bonds(ethanol)
    assert bonds.shape == (8, 2)
    rng = np.random.default_rng(0)
    positions = ethanol.positions + rng.normal(0, 0.02, (50, 9, 3))
    lengths = bond_lengths(ethanol, positions, bonds)
    assert {kind: rows.shape for kind, rows in lengths.items()} == {
        "C-C": (50, 1),
        "C-H": (50, 5),
        "C-O": (50, 1),
        "O-H": (50, 1),
    }
    assert np.all(np.abs(lengths["C-H"] - 1.10) < 0.15)
    ((o, h),) = [pair for pair in bonds if sorted(ethanol.numbers[pair]) == [1, 8]]
    np.testing.assert_allclose(lengths["O-H"][:, 0], np.linalg.norm(positions[:, o] - positions[:, h], axis=1))


def test_bonds_across_the_boundary():
    crystal = to_system(bulk("C", "diamond", 3.567, cubic=True))
    bonds = find_bonds(crystal)
    assert len(bonds) == 16  # four bonds per atom
    lengths = bond_lengths(crystal, crystal.positions[None], bonds)["C-C"]
    np.testing.assert_allclose(lengths, 3.567 * np.sqrt(3) / 4, rtol=1e-10)
    skewed = np.array([[5.0, 0, 0], [4.0, 3.0, 0], [0, 0, 0]])  # nearest image is not the rounded one
    slab = system([6, 6], [[0.1, 0.1, 0], [8.7, 2.8, 0]], skewed)
    apart = bond_lengths(slab, slab.positions[None], np.array([[0, 1]]))["C-C"]
    images = [
        np.linalg.norm(slab.positions[1] - slab.positions[0] + a * skewed[0] + b * skewed[1])
        for a in range(-3, 4)
        for b in range(-3, 4)
    ]
    assert apart[0, 0] == pytest.approx(min(images))


def test_a_histogram_is_a_density():
    values = np.random.default_rng(0).normal(1.1, 0.03, (500, 5))
    centres, density = histogram(values, bins=60, within=(0.9, 1.3))
    assert np.sum(density) * (centres[1] - centres[0]) == pytest.approx(1.0)
    assert centres[np.argmax(density)] == pytest.approx(1.1, abs=0.03)
