"""Dynamics and normal modes sample the ensembles that they claim."""

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.calculators.emt import EMT
from ase.optimize import BFGS
from engines import Springs, lennard_jones, waters

from eukrates.reference import (
    AsCalculator,
    FromCalculator,
    TBLite,
    label,
    langevin_snapshots,
    normal_modes,
    thermal_displacements,
)
from eukrates.units import KELVIN


def test_langevin_snapshots_of_a_spring_have_the_width_of_the_temperature():
    tied = Atoms("He32", np.zeros((32, 3)), info={"charge": 0, "spin": 0, "number": 0})
    options = {"temperature_kelvin": 300.0, "count": 60, "every_fs": 20.0, "timestep_fs": 1.0, "seed": 3}
    snapshots = list(langevin_snapshots(tied, AsCalculator(Springs(stiffness=20.0)), **options))
    width = np.mean([(frame.positions**2).mean() for frame in snapshots])
    assert width == pytest.approx(KELVIN * 300 / 20.0, rel=0.15)
    assert snapshots[4].info["time_fs"] == 100
    assert snapshots[0].info["spin"] == 0
    assert snapshots[0].calc is None


def test_the_same_seed_gives_the_same_snapshots():
    options = {"temperature_kelvin": 300.0, "count": 2, "every_fs": 10.0, "settle_fs": 5.0}
    runs = [
        [s.positions for s in langevin_snapshots(waters(1)[0], AsCalculator(Springs()), seed=seed, **options)]
        for seed in (1, 1, 2)
    ]
    assert np.array_equal(runs[0], runs[1])
    assert not np.allclose(runs[0], runs[2])


@pytest.mark.parametrize("wrong", [{"timestep_fs": 10.0}, {"temperature_kelvin": 0.0}, {"every_fs": 0.1}])
def test_dynamics_that_cannot_work_is_refused(wrong):
    options = {"temperature_kelvin": 300.0, "count": 1, "every_fs": 10.0, "seed": 0} | wrong
    with pytest.raises(ValueError, match=r"temperature_kelvin|timestep_fs"):
        next(langevin_snapshots(waters(1)[0], AsCalculator(Springs()), **options))


@pytest.fixture(scope="module")
def water_modes():
    pytest.importorskip("tblite", reason="tblite is not installed (pip install 'eukrates[reference]')")
    water = molecule("H2O")
    water.info.update(charge=0, spin=0)
    water.calc = AsCalculator(TBLite(accuracy=0.01))
    BFGS(water, logfile=None).run(fmax=1e-3)
    return normal_modes(water, water.calc)


def test_water_has_its_three_vibrations(water_modes):
    bend, symmetric, asymmetric = water_modes.wavenumbers
    assert 1400 < bend < 1700  # experiment, harmonic: 1648, 3832, 3943 1/cm
    assert 3500 < symmetric < asymmetric < 4000


def test_modes_agree_with_those_of_ase(water_modes, tmp_path):
    from ase.vibrations import Vibrations

    water = water_modes.minimum.copy()
    water.calc = AsCalculator(TBLite(accuracy=0.01))
    vibrations = Vibrations(water, name=str(tmp_path / "vib"), delta=0.005)
    vibrations.run()
    np.testing.assert_allclose(water_modes.wavenumbers, vibrations.get_frequencies()[6:].real, rtol=2e-3)


def test_displacements_have_half_kT_of_harmonic_energy_in_every_mode(water_modes):
    frames = list(thermal_displacements(water_modes, temperature_kelvin=400.0, count=3000, seed=5))
    moved = np.array([frame.positions for frame in frames]) - water_modes.minimum.positions
    mass_weighted = moved * np.sqrt(water_modes.minimum.get_masses())[:, None]
    amplitudes = np.einsum("fax,max->fm", mass_weighted, water_modes.vectors)
    energy = 0.5 * water_modes.angular_frequencies**2 * (amplitudes**2).mean(axis=0)
    np.testing.assert_allclose(energy, 0.5 * KELVIN * 400, rtol=0.1)
    total = np.einsum("a,fax->fx", water_modes.minimum.get_masses(), moved)
    assert np.abs(total).max() < 1e-10  # the centre of mass stays
    assert frames[0].info["temperature_kelvin"] == 400


def test_a_linear_molecule_has_one_mode_more():
    nitrogen = molecule("N2")
    nitrogen.calc = EMT()
    BFGS(nitrogen, logfile=None).run(fmax=1e-3)
    assert normal_modes(nitrogen, EMT()).wavenumbers.shape == (1,)


def test_unrelaxed_structures_and_saddle_points_are_refused():
    with pytest.raises(ValueError, match="not relaxed"):
        normal_modes(molecule("N2", positions=[[0, 0, 0], [0, 0, 1.3]]), EMT())
    flat = Atoms("Ar4", np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0.0]]) * 2.7)
    flat.calc = lennard_jones(flat)
    BFGS(flat, logfile=None).run(fmax=1e-4)
    with pytest.raises(ValueError, match="saddle point"):
        normal_modes(flat, lennard_jones(flat))


def test_any_ase_calculator_labels(tmp_path):
    dimers = [Atoms("Ar2", [[0, 0, 0], [0, 0, d]]) for d in (2.6, 2.9, 3.4)]
    labeller = FromCalculator(lennard_jones, "Lennard-Jones, 0.01 eV, 2.5 Å")
    campaign = label(dimers, labeller, tmp_path / "set.extxyz")
    assert campaign.labelled == 3
    direct = [lennard_jones(d).get_potential_energy(d) for d in dimers]
    read = ase.io.read(campaign.out, ":")
    np.testing.assert_allclose([frame.get_potential_energy() for frame in read], direct, atol=1e-10)
    assert read[0].info["level"] == labeller.level
