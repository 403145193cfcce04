"""Laws that an engine obeys: reversal, order, the canonical distribution, reproducibility."""

import ase
import numpy as np
import pytest
from dynamics_toys import MORSE, Springs, grid

from eukrates.analysis.statistics import mean_and_error
from eukrates.dynamics import NVE, Langevin, Record, run
from eukrates.units import FS, KELVIN


@pytest.fixture(scope="module")
def moving():
    """A cluster near its minimum, in motion, without drift."""
    atoms = ase.Atoms("C8", grid((2, 2, 2), 1.5))
    atoms.rattle(0.05, seed=1)
    momenta = np.random.default_rng(2).normal(0, 0.8, (8, 3))
    atoms.set_momenta(momenta - momenta.mean(axis=0))
    return run(MORSE, atoms, NVE(), 2, 0.5).final  # its angular momentum is taken off


def test_time_can_be_reversed(moving):
    there = run(MORSE, moving, NVE(), 400, 0.5, record=Record(every=100))
    assert np.abs(there.final.positions - moving.positions).max() > 0.1  # something happened
    there.final.set_momenta(-there.final.get_momenta())
    back = run(MORSE, there.final, NVE(), 400, 0.5, record=Record(every=100))
    np.testing.assert_allclose(back.final.positions, moving.positions, atol=1e-9)
    np.testing.assert_allclose(-back.final.get_momenta(), moving.get_momenta(), atol=1e-9)


def test_the_error_of_the_energy_falls_with_the_square_of_the_step(moving):
    def deviation(timestep):
        done = run(MORSE, moving, NVE(), round(200 / timestep), timestep, record=Record(every=round(4 / timestep)))
        assert done.log["time_fs"].tolist() == list(np.arange(0, 201, 4))
        return np.std(done.log["conserved_energy"])

    errors = [deviation(dt) for dt in (1.0, 0.5, 0.25)]
    assert 3.8 < errors[0] / errors[1] < 4.2
    assert 3.8 < errors[1] / errors[2] < 4.2


def test_momentum_and_angular_momentum_are_conserved(moving):
    final = run(MORSE, moving, NVE(), 2000, 0.5, record=Record(every=100)).final
    np.testing.assert_allclose(final.get_momenta().sum(axis=0), 0, atol=1e-11)
    np.testing.assert_allclose(np.cross(final.positions, final.get_momenta()).sum(axis=0), 0, atol=1e-10)


def test_langevin_samples_the_canonical_distribution_of_oscillators():
    """BAOAB on harmonic oscillators: ⟨x²⟩ = k_B T / k exactly, ⟨p²⟩ = m k_B T (1 - (ω dt)²/4) exactly."""
    home, stiffness, mass, temperature = grid((10, 1, 1), 20.0), 10.0, 12.0, 300.0
    atoms = ase.Atoms("C10", home)
    atoms.set_masses([mass] * 10)
    timestep = 0.7 / np.sqrt(stiffness / mass) / FS  # ω dt = 0.7: coarse on purpose
    bath = Langevin(temperature, friction_per_ps=20.0)
    done = run(Springs(home, stiffness), atoms, bath, 60_000, timestep, seed=5, record=Record(every=4))
    frames = done.trajectory.frames[1000:]
    variance, error = mean_and_error(np.mean((frames.positions - home) ** 2, axis=(1, 2)))
    exact = KELVIN * temperature / stiffness
    assert abs(variance - exact) < 4 * error
    assert error < 0.02 * exact
    measured, error = mean_and_error(done.log["temperature_kelvin"][1000:])
    exact = temperature * (1 - 0.7**2 / 4)
    assert abs(measured - exact) < 4 * error
    assert error < 0.02 * exact


def test_langevin_accounts_for_the_heat(moving):
    """Potential + kinetic energy - heat stays within the error of the step, while the total energy wanders."""
    done = run(MORSE, moving, Langevin(300.0, 10.0), 4000, 0.5, record=Record(every=10))
    total = done.log["potential_energy"] + done.log["kinetic_energy"]
    assert np.std(done.log["conserved_energy"]) < 0.02 * np.std(total)


def test_seeds_decide(moving):
    same = [run(MORSE, moving, Langevin(300.0), 100, seed=seed).final.positions for seed in (3, 3, 4)]
    np.testing.assert_array_equal(same[0], same[1])
    assert np.abs(same[0] - same[2]).max() > 1e-3
