"""`eukrates label`: structures in, labels of a stated level out."""

import ase.io
import pytest
from ase import Atoms
from ase.build import molecule

from eukrates.app.cli import run
from eukrates.app.labelling import labeller
from eukrates.data import read
from eukrates.reference import MP2, CoupledCluster, FocalPoint, PySCF, TBLite


@pytest.fixture
def water(tmp_path):
    path = tmp_path / "water.xyz"
    ase.io.write(path, [molecule("H2O"), molecule("H2O")])
    return path


def test_names_of_labellers():
    assert labeller("GFN2") == TBLite("GFN2-xTB")
    assert labeller("pyscf:PBE0/def2-svp") == PySCF("pbe0", "def2-svp")
    assert labeller("pyscf:MP2/cc-pVTZ") == MP2("cc-pVTZ")
    assert labeller("pyscf:ccsd(t)/cc-pVDZ") == CoupledCluster("cc-pVDZ")
    assert labeller("pyscf:CCSD/6-31+g*") == CoupledCluster("6-31+g*", triples=False)
    assert labeller("pyscf:mp2/cc-pVTZ+CCSD(T)/cc-pVDZ") == FocalPoint("cc-pVTZ", "cc-pVDZ")
    assert labeller("pyscf:mp2/6-311+g**") == MP2("6-311+g**")
    assert labeller("pyscf:mp2/cc-pVTZ,cc-pVQZ+ccsd(t)/cc-pVDZ") == FocalPoint(("cc-pVTZ", "cc-pVQZ"), "cc-pVDZ")


@pytest.mark.parametrize("name", ["gfn3", "pyscf:", "pyscf:pbe0", "pyscf:/cc-pvdz", "psi4:pbe0/cc-pvdz"])
def test_an_unknown_labeller_is_told_what_there_is(name):
    with pytest.raises(ValueError, match=r"Known: gfn2.*pyscf:FUNCTIONAL/BASIS"):
        labeller(name)


@pytest.mark.parametrize(
    "name", ["pyscf:mp2/cc-pvtz+ccsd(t)/", "pyscf:mp2/+ccsd(t)/cc-pvdz", "pyscf:mp2/a,b,c+ccsd(t)/d"]
)
def test_a_composite_that_is_not_whole_is_refused(name):
    with pytest.raises(ValueError, match="one or two large bases"):
        labeller(name)


def test_energies_alone_are_written_without_forces(water, tmp_path):
    pytest.importorskip("pyscf", reason="labelling with MP2 needs PySCF")
    assert run(["label", str(water), "--with", "pyscf:mp2/sto-3g", "--charge", "0", "--spin", "0"]) == 0
    found = read(tmp_path / "water.labelled.extxyz")
    assert [sample.labels for sample in found] == [("energy",)] * 2


def test_labels_are_written_once(water, tmp_path, capsys):
    pytest.importorskip("tblite", reason="labelling with xTB needs tblite")
    command = ["label", str(water), "--with", "gfn2", "--charge", "0", "--spin", "0"]
    assert run(command) == 0
    found = read(tmp_path / "water.labelled.extxyz")
    assert [s.labels[:2] for s in found] == [("energy", "forces")] * 2
    assert run(command) == 0, "a finished campaign is resumed and has nothing to do"
    (tmp_path / "water.labelled.extxyz.journal.jsonl").unlink()
    assert run(command) == 1
    assert "Nothing was overwritten" in capsys.readouterr().err


def test_charge_and_spin_must_be_stated(water, tmp_path, failing):
    pytest.importorskip("tblite", reason="labelling with xTB needs tblite")
    assert "charge" in failing("label", water, "--with", "gfn2")
    assert not (tmp_path / "water.labelled.extxyz").exists()


def test_charge_and_spin_of_the_command_line_replace_those_of_the_file(water, tmp_path, capsys):
    pytest.importorskip("tblite", reason="labelling with xTB needs tblite")
    frames = ase.io.read(water, ":")
    for frame in frames:
        frame.info |= {"charge": 0, "spin": 0}
    ase.io.write(water, frames, format="extxyz")
    assert run(["label", str(water), "--with", "gfn2", "--charge", "1", "--spin", "1"]) == 0
    assert "The spin is 1, as asked, for 2 of 2 structures" in capsys.readouterr().out
    for sample in read(tmp_path / "water.labelled.extxyz"):
        assert float(sample.system.charge[0]) == 1.0
        assert float(sample.system.spin[0]) == 1.0


def test_a_file_that_cannot_be_read(tmp_path, failing):
    (tmp_path / "x.xyz").write_text("nonsense\n")
    assert "cannot be read" in failing("label", tmp_path / "x.xyz", "--with", "gfn2")


def test_a_structure_that_fails_is_named(tmp_path, failing):
    pytest.importorskip("pyscf", reason="labelling with DFT needs PySCF")
    ase.io.write(tmp_path / "h.xyz", Atoms("H", [[0.0, 0.0, 0.0]]))
    said = failing("label", tmp_path / "h.xyz", "--with", "pyscf:HF/sto-3g", "--charge", "0", "--spin", "0")
    assert "spin" in said
