"""DFT and Hartree-Fock labels: consistent forces, ground states of free atoms, failures that are said."""

import numpy as np
import pytest
from ase import Atoms
from engines import largest_force_error, waters

from eukrates.reference import LabelError, PySCF, label
from eukrates.units import BOHR, DEBYE, HARTREE

pyscf = pytest.importorskip("pyscf", reason="PySCF is not installed (pip install 'eukrates[reference]')")


def test_hartree_fock_water_agrees_with_pyscf_itself():
    water = waters(1)[0]
    geometry = list(zip(water.get_chemical_symbols(), water.positions / BOHR, strict=True))
    direct = pyscf.gto.M(atom=geometry, unit="Bohr", basis="sto-3g", verbose=0).RHF().run(conv_tol=1e-11)
    labels = PySCF("hf", "sto-3g", density_fitting=False)(water)
    assert labels.energy == pytest.approx(direct.e_tot * HARTREE, abs=1e-6)
    np.testing.assert_allclose(labels.dipole, direct.dip_moment(verbose=0) * DEBYE, atol=1e-4)


def test_forces_are_the_slope_of_the_energy_and_add_up_to_zero():
    labeller = PySCF("pbe0", "sto-3g", grid=1, tolerance_hartree=1e-11)
    water = waters(1)[0]
    assert largest_force_error(labeller, water) < 1e-4
    assert np.abs(labeller(water).forces.sum(axis=0)).max() < 1e-8


def test_a_radical_cation_has_consistent_forces_and_spin():
    cation = waters(1)[0]
    cation.info.update(charge=1, spin=1)
    labeller = PySCF("hf", "sto-3g", tolerance_hartree=1e-11)
    assert largest_force_error(labeller, cation) < 1e-4
    assert 0.74 < labeller(cation).details["spin_square"] < 0.80


def test_free_atoms_are_in_their_ground_states():
    labeller = PySCF("hf", "def2-SVP", density_fitting=False)
    energies = {}
    for symbol, spin in (("H", 1), ("O", 0), ("O", 2), ("O", 4)):
        atom = Atoms(symbol, info={"charge": 0, "spin": spin})
        energies[symbol, spin] = labeller(atom).energy / HARTREE
    assert -0.5 < energies["H", 1] < -0.499  # exact: -1/2 Hartree
    assert energies["O", 2] == min(energies["O", spin] for spin in (0, 2, 4))


def test_points_of_the_grid_can_be_chosen_by_element():
    water = waters(1)[0]
    coarse, fine, chosen = (
        PySCF("pbe", "sto-3g", grid=grid)(water).energy for grid in (0, 5, {"H": (40, 194), "O": (60, 590)})
    )
    assert abs(chosen - fine) < min(1e-3, abs(coarse - fine))
    with pytest.raises(ValueError, match="names no points for H"):
        PySCF("pbe", "sto-3g", grid={"O": (60, 590)}).check(water)


def test_effective_core_potentials_come_with_the_def2_bases():
    silver = Atoms("Ag", info={"charge": 0, "spin": 1})
    assert PySCF("hf", "def2-SVP")._mean_field(silver).mol.nelectron == 19  # 28 of 47 are in the core


def test_failures_are_recorded_with_their_reason(tmp_path):
    campaign = label(waters(2), PySCF("hf", "sto-3g", max_cycles=1), tmp_path / "set.extxyz")
    assert campaign.labelled == 0
    assert all("did not converge" in reason for reason in campaign.failures.values())
    assert not campaign.out.exists()
    with pytest.raises(LabelError, match="max_cycles"):
        PySCF("hf", "sto-3g", max_cycles=1)(waters(1)[0])


@pytest.mark.filterwarnings("ignore:Basis may be available")
def test_what_cannot_be_computed_is_refused_before():
    water = waters(1)[0]
    with pytest.raises(ValueError, match="functional 'pbeh0'"):
        PySCF("pbeh0", "sto-3g").check(water)
    with pytest.raises(ValueError, match="basis 'def3-SVP'"):
        PySCF("pbe0", "def3-SVP").check(water)
    water.pbc, water.cell = True, np.eye(3) * 9
    with pytest.raises(ValueError, match="periodic"):
        PySCF("pbe0", "sto-3g").check(water)


def test_a_missing_dispersion_package_is_named():
    from pyscf.scf import dispersion

    if dispersion.dftd3 is not None:
        pytest.skip("the dispersion package is installed")
    with pytest.raises(ImportError, match="pyscf-dispersion"):
        PySCF("pbe0-d3bj", "sto-3g").check(waters(1)[0])
