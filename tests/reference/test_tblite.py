"""GFN2-xTB labels agree with tblite's own interface, with energy differences, and resume."""

import numpy as np
import pytest
from ase import Atoms
from engines import largest_force_error, waters

from eukrates.reference import AsCalculator, LabelError, TBLite, label
from eukrates.units import BOHR, DEBYE, HARTREE

pytest.importorskip("tblite", reason="tblite is not installed (pip install 'eukrates[reference]')")


def test_water_agrees_with_tblite_itself():
    from tblite.interface import Calculator

    water = waters(1)[0]
    direct = Calculator("GFN2-xTB", water.numbers, water.positions / BOHR)
    direct.set("verbosity", 0)
    direct.set("accuracy", 0.1)
    result, labels = direct.singlepoint(), TBLite()(water)
    assert labels.energy == pytest.approx(result.get("energy") * HARTREE, abs=1e-6)
    np.testing.assert_allclose(labels.forces, -result.get("gradient") * HARTREE / BOHR, atol=1e-5)
    np.testing.assert_allclose(labels.dipole, result.get("dipole") * BOHR, atol=1e-5)
    assert 2.0 < np.linalg.norm(labels.dipole) / DEBYE < 2.6
    assert labels.charges[0] < -0.3
    assert labels.charges.sum() == pytest.approx(0, abs=1e-6)


def test_forces_are_the_slope_of_the_energy():
    assert largest_force_error(TBLite(accuracy=0.01), waters(1)[0]) < 1e-4


def test_the_stress_of_a_crystal_is_the_slope_of_the_energy_with_strain():
    crystal = Atoms("N2", [[0, 0, 0], [0.1, 0.2, 1.1]], cell=[4.0, 4.2, 4.5], pbc=True, info={"charge": 0, "spin": 0})
    labeller, h = TBLite("GFN1-xTB", accuracy=0.01), 1e-3
    labels = labeller(crystal)
    assert labels.dipole is None
    for voigt, (a, b) in enumerate([(0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)]):
        energies = []
        for sign in (1, -1):
            strain = np.eye(3)
            strain[a, b] += sign * h / 2
            strain[b, a] += sign * h / 2
            strained = crystal.copy()
            strained.set_cell(crystal.cell @ strain, scale_atoms=True)
            energies.append(labeller(strained).energy)
        slope = (energies[0] - energies[1]) / (2 * h) / crystal.get_volume()
        assert labels.stress[voigt] == pytest.approx(slope, rel=1e-3, abs=1e-5)


def test_charge_and_spin_change_the_answer():
    neutral, cation = waters(1)[0], waters(1)[0]
    cation.info.update(charge=1, spin=1)
    calculator = AsCalculator(TBLite())
    neutral.calc = cation.calc = calculator
    assert cation.get_potential_energy() - neutral.get_potential_energy() > 5
    assert cation.get_charges().sum() == pytest.approx(1, abs=1e-6)


def test_a_calculation_that_does_not_converge_is_a_failure():
    with pytest.raises(LabelError, match="GFN2-xTB"):
        TBLite(max_iterations=2)(waters(1)[0])


def test_unknown_methods_are_refused():
    with pytest.raises(ValueError, match="GFN2-xTB"):
        TBLite("GFN3-xTB")


def test_an_interrupted_campaign_ends_as_the_uninterrupted_one(tmp_path):
    class Interrupted(Exception):
        pass

    def stop_at_three(entry, done, total):
        if done == 3:
            raise Interrupted

    frames, out = waters(6), tmp_path / "set.extxyz"
    with pytest.raises(Interrupted):
        label(frames, TBLite(), out, progress=stop_at_three)
    resumed = label(frames, TBLite(), out)
    whole = label(frames, TBLite(), tmp_path / "whole.extxyz")
    assert resumed.out.read_bytes() == whole.out.read_bytes()
