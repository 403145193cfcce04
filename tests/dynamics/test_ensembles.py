"""Baths and pistons: the distributions they must give, on systems with known answers, and what they conserve."""

import ase
import ase.io
import numpy as np
import pytest
from dynamics_toys import MORSE, grid

import eukrates
from eukrates.analysis import mean_and_error
from eukrates.data import to_system
from eukrates.dynamics import MTK, NPT, FlexibleNPT, Langevin, NoseHoover, Ramp, Record, VelocityRescaling, resume, run
from eukrates.elements import MASSES
from eukrates.units import KELVIN

HOT = 3000.0  # K: far from harmonic
EDGE = 2.4  # Å, of the crystal under the pistons
BATHS = {
    "bussi": VelocityRescaling(HOT, time_fs=20.0, hottest_kelvin=1e6),
    "nose-hoover": NoseHoover(HOT, time_fs=20.0, hottest_kelvin=1e6),
    "npt": NPT(HOT, pressure_gpa=2.0, time_fs=20.0, piston_fs=200.0, compressibility_per_gpa=0.02, hottest_kelvin=1e6),
    "npt-flexible": FlexibleNPT(HOT, Ramp(1.0, 3.0, 0.3), 20.0, 200.0, 0.005, hottest_kelvin=1e6),
    "npt-mtk": MTK(Ramp(HOT / 2, HOT, 0.3), pressure_gpa=2.0, time_fs=20.0, piston_fs=500.0, hottest_kelvin=1e6),
}


def crystal(edge=3.2):
    """Eight atoms in a periodic cube, so hot that they wander."""
    return ase.Atoms("C8", grid((2, 2, 2), edge / 2), cell=edge * np.eye(3), pbc=True)


def matter(bath):
    """The crystal; for a piston about as dense as it will be, so that its lists seldom have to grow."""
    return crystal(EDGE if bath.startswith("npt") else 3.2)


@pytest.fixture(scope="module")
def configurations():
    """Mean and error of the potential energy under Langevin's bath, the same for every canonical one."""
    bath = Langevin(HOT, friction_per_ps=20.0, hottest_kelvin=1e6)
    done = run(MORSE, crystal(), bath, 30_000, 1.0, seed=3, record=Record(every=5, what=()))
    return mean_and_error(done.log["potential_energy"][400:])


@pytest.mark.parametrize("bath", ["bussi", "nose-hoover"])
def test_a_bath_gives_the_canonical_distribution_of_velocities_and_configurations(bath, configurations):
    done = run(MORSE, crystal(), BATHS[bath], 30_000, 1.0, seed=4, record=Record(every=5, what=()))
    kinetic, freedom = done.log["kinetic_energy"][400:], 21
    assert done.settings.freedom == freedom
    thermal = KELVIN * HOT
    for moment, exact in ((kinetic, freedom / 2 * thermal), (kinetic**2, freedom / 2 * (freedom / 2 + 1) * thermal**2)):
        mean, error = mean_and_error(moment)
        assert abs(mean - exact) < 4 * error
        assert error < 0.04 * exact
    mean, error = mean_and_error(done.log["potential_energy"][400:])
    other, its = configurations
    assert abs(mean - other) < 4 * np.hypot(error, its)
    assert np.hypot(error, its) < 0.5


@pytest.mark.parametrize("bath", [bath for bath in BATHS if bath != "npt-mtk"])
def test_potential_and_kinetic_energy_less_the_heat_are_conserved(bath):
    ensemble = BATHS[bath]
    if isinstance(
        ensemble, NPT | FlexibleNPT
    ):  # a piston that moves as slowly as those of real runs: its work is known to first order
        ensemble = type(ensemble)(HOT, 2.0, 20.0, 1000.0, compressibility_per_gpa=0.005, hottest_kelvin=1e6)
    log = run(MORSE, matter(bath), ensemble, 4000, 0.25, seed=1, record=Record(every=10, what=())).log
    total = log["potential_energy"] + log["kinetic_energy"]
    assert np.std(log["conserved_energy"]) < 0.03 * np.std(total)


def test_the_conserved_energy_of_a_chain_errs_with_the_square_of_the_step():
    start = run(MORSE, crystal(), BATHS["nose-hoover"], 500, 0.5, seed=2).final
    chain = NoseHoover(HOT, time_fs=20.0, hottest_kelvin=1e6)

    def deviation(timestep):
        log = run(MORSE, start, chain, round(100 / timestep), timestep, record=Record(every=round(2 / timestep))).log
        return np.std(log["conserved_energy"])

    errors = [deviation(dt) for dt in (1.0, 0.5, 0.25)]
    assert 3.5 < errors[0] / errors[1] < 4.5
    assert 3.5 < errors[1] / errors[2] < 4.5


@pytest.mark.parametrize("bath", ["bussi", "nose-hoover"])
def test_momentum_stays_zero(bath):
    final = run(MORSE, crystal(), BATHS[bath], 1000, 1.0, record=Record(every=100)).final
    np.testing.assert_allclose(final.get_momenta().sum(axis=0), 0, atol=1e-10)


def test_matter_under_a_piston_has_its_pressure_on_average():
    done = run(MORSE, matter("npt"), BATHS["npt"], 20_000, 1.0, seed=5, record=Record(every=5, what=()))
    pressure = done.log["pressure_gpa"][400:]
    mean, error = mean_and_error(pressure)
    assert abs(mean - 2.0) < 4 * error
    assert error < 0.1 * np.std(pressure)
    assert np.std(done.log["volume_angstrom3"]) > 0.5
    grams = done.log["density_g_per_cm3"] * done.log["volume_angstrom3"]
    np.testing.assert_allclose(grams, 8 * MASSES[6] * 1.66053907, rtol=1e-5)


def test_a_box_that_shrinks_by_half_has_the_energies_of_brute_force(tmp_path):
    gas = ase.Atoms("Ar27", grid((3, 3, 3), 1.75), cell=5.25 * np.eye(3), pbc=True)
    gas.rattle(0.2, seed=1)
    piston = NPT(1500.0, 5.0, 50.0, 200.0, compressibility_per_gpa=0.1, hottest_kelvin=1e6)
    done = run(MORSE, gas, piston, 1000, 1.0, seed=1, record=Record(tmp_path / "run", every=50, precision="float64"))
    assert done.stopped is None
    path = done.trajectory
    assert path.frames.cell.shape == (21, 3, 3)
    assert np.linalg.det(path.frames.cell[-1]) < 0.5 * np.linalg.det(path.frames.cell[0])
    graphs = [eukrates.graph(to_system(path.atoms(n)), MORSE.cutoff) for n in range(21)]
    found = eukrates.predict(MORSE, eukrates.matter.batch(graphs), ("energy",)).energy
    np.testing.assert_allclose(found, done.log["potential_energy"], rtol=0, atol=1e-9)
    written = ase.io.read(tmp_path / "run/trajectory.extxyz", ":")
    np.testing.assert_allclose([atoms.cell.array for atoms in written], path.frames.cell, atol=1e-8)
    np.testing.assert_allclose(done.final.cell.array, path.frames.cell[-1], atol=1e-12)


@pytest.mark.parametrize("bath", ["nose-hoover", "npt-flexible", "npt-mtk"])
def test_a_run_that_is_resumed_equals_one_that_never_stopped(bath, tmp_path):
    whole = run(MORSE, matter(bath), BATHS[bath], 400, 1.0, 3, Record(tmp_path / "whole", every=10))
    run(MORSE, matter(bath), BATHS[bath], 170, 1.0, 3, Record(tmp_path / "parts", every=10))
    parts = resume(MORSE, tmp_path / "parts", 400)
    for name, column in whole.log.items():
        np.testing.assert_array_equal(parts.log[name], column)
    np.testing.assert_array_equal(parts.final.positions, whole.final.positions)
    np.testing.assert_array_equal(parts.final.cell.array, whole.final.cell.array)


def test_a_checkpoint_of_an_earlier_version_is_named(tmp_path):
    run(MORSE, crystal(), BATHS["bussi"], 10, 1.0, 3, Record(tmp_path / "run", every=10))
    path = tmp_path / "run/checkpoint.npz"
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files if name not in ("cell", "virial")}
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match="lacks cell, virial: it was written by an earlier version"):
        resume(MORSE, tmp_path / "run", 20)


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="no volume"):
        run(MORSE, ase.Atoms("C2", [[0, 0, 0], [0, 0, 1.5]]), BATHS["npt"], 1)
    for make in (VelocityRescaling, NoseHoover, NPT):
        with pytest.raises(ValueError, match="temperature_kelvin"):
            make(0.0)
        with pytest.raises(ValueError, match="time_fs"):
            make(300.0, time_fs=0.0)
    with pytest.raises(ValueError, match="finite pressure"):
        NPT(300.0, np.inf)
