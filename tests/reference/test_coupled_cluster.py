"""MP2 and CCSD(T): published energies, exact limits, consistent forces, limits that are said."""

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.calculators.calculator import PropertyNotImplementedError
from engines import largest_force_error, waters

from eukrates.data import read
from eukrates.reference import (
    MP2,
    AsCalculator,
    CoupledCluster,
    FocalPoint,
    LabelError,
    Labels,
    PySCF,
    correlation,
    label,
)
from eukrates.reference.correlation import space
from eukrates.reference.mean_field import hartree_fock, molecule
from eukrates.units import BOHR, HARTREE

pyscf = pytest.importorskip("pyscf", reason="PySCF is not installed (pip install 'eukrates[reference]')")

WATER = np.array([[0, -0.143225816552, 0], [1.638036840407, 1.136548822547, 0], [-1.638036840407, 1.136548822547, 0]])


def water() -> Atoms:
    """The water of Crawford's programming projects, whose energies are computed by hand-written codes."""
    return Atoms("OHH", WATER * BOHR, info={"charge": 0, "spin": 0})


def hydrogen(*distances: float) -> Atoms:
    """H₂ molecules of these lengths (Å), 60 Å apart."""
    places = [(60.0 * n, 0, z) for n, length in enumerate(distances) for z in (0, length)]
    return Atoms("HH" * len(distances), places, info={"charge": 0, "spin": 0})


def exact(mol, core: int = 0) -> float:
    """Full configuration interaction outside the core, Hartree."""
    field = mol.ROHF().run(conv_tol=1e-12)
    return field.CASCI(mol.nao - core, tuple(n - core for n in mol.nelec)).run().e_tot


def test_water_has_the_published_energies():
    field, second, beyond, triples = -74.942079928192, -0.049149636120, -0.070680088376, -0.000099877272  # Hartree
    plain = {"density_fitting": False, "frozen_core": False}
    assert MP2("sto-3g", **plain)(water()).energy / HARTREE == pytest.approx(field + second, abs=1e-7)
    singles_doubles = CoupledCluster("sto-3g", triples=False, frozen_core=False)(water())
    assert singles_doubles.energy / HARTREE == pytest.approx(field + beyond, abs=1e-7)
    everything = CoupledCluster("sto-3g", frozen_core=False)(water())
    assert everything.energy / HARTREE == pytest.approx(field + beyond + triples, abs=1e-7)
    assert 0 < everything.details["t1_diagnostic"] < 0.02


def test_two_electrons_are_solved_exactly_and_the_core_is_left_out():
    stretched = hydrogen(1.4)
    found = CoupledCluster("cc-pvdz")(stretched).energy / HARTREE
    assert found == pytest.approx(exact(molecule(stretched, "cc-pvdz")), abs=1e-6)
    cation = Atoms("B", info={"charge": 1, "spin": 0})  # 1s² frozen, 2s² correlated
    found = CoupledCluster("cc-pvdz")(cation)
    assert found.energy / HARTREE == pytest.approx(exact(molecule(cation, "cc-pvdz"), core=1), abs=1e-6)
    assert found.details["frozen_orbitals"] == 1


@pytest.mark.parametrize("density_fitting", [False, True])
def test_the_unrestricted_path_gives_a_singlet_the_same_energy(density_fitting):
    mol = molecule(water(), "sto-3g")
    orbitals, found = space(mol, True), []
    for field in (pyscf.scf.RHF(mol), pyscf.scf.UHF(mol)):
        field = field.density_fit() if density_fitting else field
        field.run(conv_tol=1e-11)
        mol.spin = 0 if field.istype("RHF") else 2  # what chooses the path; the orbitals are there already
        second = correlation.mp2(field, orbitals, density_fitting)
        beyond = correlation.ccsd(field, orbitals, density_fitting, 1e-11, 100)
        diagnostic = correlation.t1_diagnostic(beyond, orbitals)
        mol.spin = 0
        found.append((float(second.e_corr), float(beyond.e_corr), float(beyond.ccsd_t()), diagnostic))
    assert found[0] == pytest.approx(found[1], abs=1e-7)


@pytest.mark.parametrize("labeller", [MP2("cc-pvdz"), CoupledCluster("sto-3g"), FocalPoint("cc-pvdz", "sto-3g")])
def test_far_molecules_add_up(labeller):
    together = labeller(hydrogen(0.74, 0.9)).energy
    apart = labeller(hydrogen(0.74)).energy + labeller(hydrogen(0.9)).energy
    assert together == pytest.approx(apart, abs=2e-5)


def test_free_atoms_have_their_energies_and_one_electron_has_no_correlation():
    single = Atoms("H", info={"charge": 0, "spin": 1})
    alone = PySCF("hf", "cc-pvdz", density_fitting=False)(single).energy
    for labeller in (
        MP2("cc-pvdz", density_fitting=False),
        CoupledCluster("cc-pvdz"),
        CoupledCluster("cc-pvdz", forces=True),
    ):
        assert labeller(single).energy == pytest.approx(alone, abs=1e-9)
    nitrogen = Atoms("N", info={"charge": 0, "spin": 3})
    found = CoupledCluster("cc-pvdz")(nitrogen)
    limit = exact(molecule(nitrogen, "cc-pvdz"), core=1)
    assert limit < found.energy / HARTREE < limit + 1e-3
    assert found.details["spin_square"] == pytest.approx(3.75, abs=0.02)


@pytest.mark.parametrize(
    ("labeller", "charge", "spin"),
    [
        (MP2("sto-3g", density_fitting=False, forces=True, tolerance_hartree=1e-11), 0, 0),
        (MP2("sto-3g", density_fitting=False, forces=True, tolerance_hartree=1e-11), 1, 1),
        (CoupledCluster("sto-3g", forces=True, tolerance_hartree=1e-11), 0, 0),
        (CoupledCluster("sto-3g", forces=True, triples=False, tolerance_hartree=1e-11), 1, 1),
    ],
)
def test_forces_are_the_slope_of_the_energy(labeller, charge, spin):
    structure = waters(1)[0]
    structure.info.update(charge=charge, spin=spin)
    assert largest_force_error(labeller, structure) < 5e-5


def test_the_composite_is_the_sum_it_says():
    mol, tight = water(), {"tolerance_hartree": 1e-10}
    small = CoupledCluster("sto-3g", **tight)(mol).energy - MP2("sto-3g", density_fitting=False, **tight)(mol).energy
    found = FocalPoint("cc-pvdz", "sto-3g", **tight)(mol)
    assert found.energy == pytest.approx(MP2("cc-pvdz", **tight)(mol).energy + small, abs=1e-5)
    assert found.details["beyond_mp2"] == pytest.approx(small, abs=1e-5)
    assert found.forces is None


def test_extrapolation_goes_beyond_the_larger_basis_by_the_formula():
    mol = hydrogen(0.74)
    d, t = (PySCF("hf", f"cc-pv{x}z")(mol).energy for x in "dt")
    md, mt = (MP2(f"cc-pv{x}z")(mol).energy for x in "dt")
    small = FocalPoint("cc-pvtz", "sto-3g")(mol).energy - mt
    mean_field = t + (t - d) / (np.exp(1.63) - 1)
    second_order = (mt - t) + ((mt - t) - (md - d)) * 8 / 19
    found = FocalPoint(("cc-pvdz", "cc-pvtz"), "sto-3g")(mol).energy
    assert found == pytest.approx(mean_field + second_order + small, abs=1e-5)
    for wrong in (("cc-pvtz", "cc-pvdz"), ("cc-pvdz", "aug-cc-pvtz"), ("sto-3g", "cc-pvdz"), ("cc-pvdz", "cc-pvqz")):
        with pytest.raises(ValueError, match="neighbouring"):
            FocalPoint(wrong, "sto-3g")


def test_energies_alone_go_through_campaign_journal_and_file(tmp_path):
    frames, out = waters(2), tmp_path / "set.extxyz"
    campaign = label(frames, MP2("sto-3g"), out)
    again = label(frames, MP2("sto-3g"), out)  # from the journal
    assert again == campaign
    assert campaign.labelled == 2
    assert set(ase.io.read(out, "0").calc.results) == {"energy"}
    samples = list(read(out))
    assert all(sample.forces is None and sample.energy is not None for sample in samples)


def test_ase_is_told_that_there_are_no_forces_before_anything_is_computed():
    mol = waters(1)[0]
    mol.calc = AsCalculator(MP2("sto-3g"))
    with pytest.raises(PropertyNotImplementedError, match="energy alone"):
        mol.get_forces()
    assert mol.calc.results == {}
    assert mol.get_potential_energy() == pytest.approx(MP2("sto-3g")(mol).energy, abs=1e-9)
    with_forces = MP2("sto-3g", density_fitting=False, forces=True)
    mol.calc = AsCalculator(with_forces)
    np.testing.assert_allclose(mol.get_forces(), with_forces(mol).forces, atol=1e-9)


def test_what_takes_more_memory_than_allowed_is_refused_with_the_number():
    mol = waters(1)[0]
    for labeller in (CoupledCluster("cc-pvtz", memory_mb=5), FocalPoint("cc-pvdz", "cc-pvtz", memory_mb=5)):
        with pytest.raises(ValueError, match=r"need at least \d+ MB"):
            labeller.check(mol)


def test_what_does_not_converge_or_cannot_be_is_said():
    with pytest.raises(LabelError, match="max_cycles"):
        CoupledCluster("sto-3g", max_cycles=2)(waters(1)[0])
    with pytest.raises(ValueError, match="no forces"):
        MP2("cc-pvdz", forces=True)
    cation = waters(1)[0]
    cation.info.update(charge=1, spin=1)
    with pytest.raises(ValueError, match="slope of its energy"):
        CoupledCluster("sto-3g", forces=True).check(cation)
    helium = Atoms("He", info={"charge": 0, "spin": 0})
    with pytest.raises(ValueError, match="density_fitting=False"):
        MP2("cc-pvtz").check(helium)
    assert MP2("cc-pvtz", density_fitting=False)(helium).forces is None


def test_levels_are_one_line_each():
    assert MP2("cc-pVTZ").level == "MP2/cc-pVTZ, frozen core, density fitting"
    assert CoupledCluster("cc-pVTZ", frozen_core=False).level == "CCSD(T)/cc-pVTZ, all electrons, exact integrals"
    assert FocalPoint(("cc-pVTZ", "cc-pVQZ"), "cc-pVDZ").level.startswith(
        "MP2/CBS(cc-pVTZ, cc-pVQZ) + [CCSD(T) - MP2]/"
    )
    assert hartree_fock(molecule(waters(1)[0], "sto-3g")).mol.nelectron == 10
    assert Labels(1.0).results() == {"energy": 1.0}
