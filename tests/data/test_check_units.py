"""Files in other units than they are read in: one error, one fix, and following the fix mends everything."""

import itertools
import os
from importlib.resources import files
from pathlib import Path

import ase.io
import made
import numpy as np
import pytest
import spoil

from eukrates.data import Dataset, Sample, Units, read
from eukrates.data.advice import say_units
from eukrates.data.check import check
from eukrates.data.check.declaration import judge_units
from eukrates.data.check.evidence import Evidence
from eukrates.data.check.lengths import Lengths, lengths
from eukrates.data.check.subject import Subject
from eukrates.data.check.totals import all_electrons
from eukrates.matter import system
from eukrates.units import BOHR, HARTREE, KCAL_PER_MOL, KJ_PER_MOL

SHARED = Path(os.environ.get("EUKRATES_SHARED", Path(__file__).parents[3] / "shared")) / "data"

# eV in one unit of energy of the file, eV/Å in one of force, Å in one of length; the declaration; the right one
FILES = {
    "Hartree, Hartree/Å": (HARTREE, HARTREE, 1, {}, {"energy": "Hartree"}),
    "Hartree, Hartree/Bohr, Å": (HARTREE, HARTREE / BOHR, 1, {}, {"energy": "Hartree", "forces": "Hartree/Bohr"}),
    "atomic units": (HARTREE, HARTREE / BOHR, BOHR, {}, {"energy": "Hartree", "length": "Bohr"}),
    "kcal/mol, eV/Å": (KCAL_PER_MOL, 1, 1, {}, {"energy": "kcal/mol", "forces": "eV/Angstrom"}),
    "eV declared as kcal/mol": (1, 1, 1, {"energy": "kcal/mol"}, {"energy": "eV"}),
    "Bohr": (1, 1, BOHR, {}, {"length": "Bohr", "forces": "eV/Angstrom"}),
    "eV/Bohr": (1, 1 / BOHR, 1, {}, {"forces": "eV/Bohr"}),
    "Rydberg units": (HARTREE / 2, HARTREE / 2 / BOHR, BOHR, {}, {"energy": "Rydberg", "length": "Bohr"}),
    "eV, Å declared as atomic units": (
        *(1, 1, 1, {"energy": "Hartree", "length": "Bohr"}),
        {"energy": "eV", "length": "Angstrom"},
    ),
    "kcal/mol declared as kJ/mol": (KCAL_PER_MOL, KCAL_PER_MOL, 1, {"energy": "kJ/mol"}, {"energy": "kcal/mol"}),
    "GROMACS": (KJ_PER_MOL, KJ_PER_MOL / 10, 10, {}, {"energy": "kJ/mol", "length": "nm"}),
}
FIVE = list(FILES)[:5]


def ethanol(count=60):
    return ase.io.read(str(files("eukrates.data") / "sets" / "ethanol.extxyz"), index=f"3:{3 + count}")


def good(name):
    if name == "ethanol":
        return ethanol()
    if name == "Cu":
        return made.crystals("Cu", 40, 3)
    if name == "MD17":
        path = SHARED / "md17_ethanol" / "train.extxyz"
        if not path.exists():
            pytest.skip("the MD17 reference data are not here (set EUKRATES_SHARED)")
        return ase.io.read(str(path), index=":80")
    return made.molecules(name, 60, 2)


def in_units(frames, energy, force, length):
    """The same data in other units (eV, eV/Å, Å in one of them); stress stays in eV/Å³."""
    frames = spoil.changed(
        frames,
        range(len(frames)),
        lambda results, _: results.update(energy=results["energy"] / energy, forces=results["forces"] / force),
    )
    for frame in frames:
        frame.set_cell(frame.cell / length)
        frame.positions /= length
    return frames


def of_units(report):
    return [f for f in report.findings if f.check == "units" and f.severity != "note"]


def mended(path, frames, right, declared=None):
    """The one finding about units; following its fix reads the right numbers, and nothing more is found."""
    (finding,) = of_units(check(read(path, units=declared or None, on_error="collect")))
    assert finding.severity == "error"
    assert finding.declare == right
    assert say_units(dict(finding.declare)) in finding.fix
    data = read(path, units=finding.declare)
    for sample, frame in zip(data, frames, strict=True):
        assert sample.energy == pytest.approx(frame.get_potential_energy(), rel=1e-6, abs=1e-5)
        np.testing.assert_allclose(sample.forces, frame.get_forces(), atol=1e-5)
        np.testing.assert_allclose(sample.system.positions, frame.positions, atol=1e-6)
    after = check(data)
    assert after.ok, after.text()
    assert not of_units(after)
    return finding


@pytest.mark.parametrize(
    ("name", "unit"), [*itertools.product(["ethanol"], FILES), *itertools.product(["CH3CONH2", "MD17"], FIVE)]
)
def test_the_fix_mends_a_file_in_other_units(tmp_path, name, unit):
    energy, force, length, declared, right = FILES[unit]
    frames = good(name)
    made.write(tmp_path / "a.extxyz", in_units(frames, energy, force, length))
    mended(tmp_path / "a.extxyz", frames, right, declared)


@pytest.mark.parametrize("unit", ["Hartree, Hartree/Å", "Hartree, Hartree/Bohr, Å", "kcal/mol, eV/Å"])
def test_energies_of_formation_need_no_total_energies(tmp_path, unit):
    energy, force, length, declared, right = FILES[unit]
    frames = good("ethanol")
    zero = frames[0].get_potential_energy() + 0.3
    frames = spoil.changed(
        frames, range(len(frames)), lambda results, _: results.update(energy=results["energy"] - zero)
    )
    made.write(tmp_path / "a.extxyz", in_units(frames, energy, force, length))
    mended(tmp_path / "a.extxyz", frames, right, declared)


@pytest.mark.parametrize(
    ("energy", "force", "length", "right"),
    [
        (KCAL_PER_MOL, 1, 1, {"energy": "kcal/mol", "forces": "eV/Angstrom", "stress": "eV/Angstrom^3"}),
        (1, KCAL_PER_MOL, 1, {"forces": "kcal/mol/Angstrom"}),
        (KCAL_PER_MOL, KCAL_PER_MOL, 1, {"energy": "kcal/mol", "stress": "eV/Angstrom^3"}),
        (1, 1, BOHR, {"length": "Bohr", "forces": "eV/Angstrom", "stress": "eV/Angstrom^3"}),
    ],
)
def test_crystals_with_stress(tmp_path, energy, force, length, right):
    frames = good("Cu")
    made.write(tmp_path / "a.extxyz", in_units(frames, energy, force, length))
    mended(tmp_path / "a.extxyz", frames, right)
    stress = read(tmp_path / "a.extxyz", units=right)[0].stress
    np.testing.assert_allclose(np.diag(stress), frames[0].get_stress()[:3], atol=1e-7)


def test_stress_alone_in_another_unit(tmp_path):
    frames = spoil.changed(
        good("Cu"), range(40), lambda results, _: results.update(stress=results["stress"] * 160.2177)
    )
    made.write(tmp_path / "a.extxyz", frames)
    (finding,) = of_units(check(read(tmp_path / "a.extxyz")))
    assert finding.declare == {"stress": "GPa"}
    assert check(read(tmp_path / "a.extxyz", units=finding.declare)).ok


@pytest.mark.parametrize("declared", ["tension", "compression"])
def test_the_sign_of_stress_is_mended_from_either_side(tmp_path, declared):
    sign = 1 if declared == "compression" else -1  # both times the declaration is wrong
    frames = spoil.changed(good("Cu"), range(40), lambda results, _: results.update(stress=results["stress"] * sign))
    made.write(tmp_path / "a.extxyz", frames)
    (finding,) = [
        f for f in check(read(tmp_path / "a.extxyz", units={"stress_positive": declared})).findings if f.declare
    ]
    assert check(read(tmp_path / "a.extxyz", units=finding.declare)).ok


def test_total_energies_alone_are_a_warning(tmp_path):
    """Without forces nobody can confirm it: core electrons may be missing."""
    frames = spoil.missing(in_units(ethanol(), HARTREE, 1, 1), range(60), None)
    made.write(tmp_path / "a.extxyz", frames)
    report = check(read(tmp_path / "a.extxyz"), want=("energy",))
    (finding,) = of_units(report)
    assert finding.severity == "warning"
    assert finding.declare == {"energy": "Hartree"}
    assert finding.fix.startswith("If these are total energies of all electrons")


def test_forces_alone(tmp_path):
    frames = spoil.missing(in_units(ethanol(), 1, HARTREE / BOHR, BOHR), range(60), None, "energy")
    made.write(tmp_path / "a.extxyz", frames)
    (finding,) = of_units(check(read(tmp_path / "a.extxyz"), want=("forces",)))
    assert finding.declare == {"energy": "Hartree", "length": "Bohr"}


def test_energies_without_core_electrons_are_no_alarm_where_forces_are_right(tmp_path):
    frames = ethanol()
    shift = (1 / HARTREE - 1) * 1.009 * all_electrons(frames[0].numbers)  # by chance as large as Hartree read as eV
    frames = spoil.changed(frames, range(60), lambda results, _: results.update(energy=results["energy"] + shift))
    made.write(tmp_path / "a.extxyz", frames)
    report = check(read(tmp_path / "a.extxyz"))
    assert not [f for f in report.findings if f.severity != "note"], report.text()


def test_gradients_in_hartree_are_two_faults(tmp_path):
    frames = in_units(ethanol(), HARTREE, -HARTREE, 1)
    made.write(tmp_path / "a.extxyz", frames)
    found = {f.check: f for f in check(read(tmp_path / "a.extxyz")).findings if f.severity == "error"}
    assert set(found) == {"force sign", "units"}
    assert found["units"].declare == {"energy": "Hartree"}


def test_an_archive_that_states_its_units_is_to_be_repaired(tmp_path):
    frames = ethanol()
    np.savez(
        tmp_path / "a.npz",
        R=np.array([f.positions for f in frames]),
        z=frames[0].numbers,
        E=np.array([f.get_potential_energy() for f in frames]),
        F=np.array([f.get_forces() for f in frames]),
        e_unit="kcal/mol",
        r_unit="Angstrom",
    )
    (finding,) = of_units(check(read(tmp_path / "a.npz")))
    assert finding.declare is None
    assert "states its units itself, and wrongly: repair it (energy eV)" in finding.fix


ENERGIES = {"eV": 1.0, "kcal/mol": KCAL_PER_MOL, "kJ/mol": KJ_PER_MOL, "Hartree": HARTREE, "Rydberg": HARTREE / 2}
DECLARED = ({}, {"energy": "kcal/mol"}, {"energy": "Hartree", "length": "Bohr"}, {"forces": "Hartree/Bohr"})


@pytest.mark.parametrize("declared", DECLARED)
@pytest.mark.parametrize("total", [True, False])
def test_the_declaration_follows_from_exact_evidence(declared, total):
    """Every unit of energy with forces in it per Å or Bohr, or in eV/Å, and lengths in Å or Bohr; force constants that
    are 20 % off the rule and slopes that are 4 % off."""
    d = Units(**declared)
    for (name, energy), length, kind in itertools.product(ENERGIES.items(), (1.0, BOHR), ("natural", "Bohr", "eV/Å")):
        if kind == "Bohr" and name not in ("Hartree", "Rydberg"):
            continue
        if kind == "eV/Å" and length == BOHR and not total:
            continue  # with a unit of its own for each quantity a factor of two stays open
        force = {"natural": energy / length, "Bohr": energy / BOHR, "eV/Å": 1.0}[kind]
        a_energy, a_force, a_length = energy / d.energy_factor, force / d.forces_factor, length / d.length_factor
        evidence = Evidence(
            declared=d,
            lengths=None
            if a_length == pytest.approx(1)
            else Lengths("Bohr" if length == BOHR else "Angstrom", 1 / a_length),
            total=1.008 / a_energy if total else 0.001 / a_energy,
            slope=0.96 * a_force / a_energy,
            correlation=0.995,
            stiffness=1.2 / a_force,
            hydrogen=True,
        )
        findings = judge_units(evidence)
        near = 1 / 8 < 1.2 / a_force < 8 and 0.65 < evidence.slope < 1.5 and evidence.lengths is None
        if near and not findings:  # nothing amiss, or too little to tell without total energies
            assert not total or a_energy == pytest.approx(1)
            continue
        (finding,) = findings
        assert finding.severity == "error"
        proposed = Units(**finding.declare)
        factors = proposed.energy_factor, proposed.forces_factor, proposed.length_factor
        assert factors == pytest.approx((energy, force, length)), (name, kind, length, finding)


def test_lengths_that_nothing_can_be_said_about():
    def unit(structures):
        return lengths(Subject([Sample(s) for s in structures], {}))

    rng = np.random.default_rng(0)
    tetrahedron = 3.8 * np.array([[0, 0, 0], [1, 0, 0], [0.5, 0.87, 0], [0.5, 0.29, 0.82]])
    assert unit(system([18] * 4, tetrahedron + 0.1 * rng.normal(size=(4, 3))) for _ in range(20)) is None
    assert unit(system([1, 1], [[0, 0, 0], [0, 0, r]]) for r in np.linspace(0.9, 3, 30)) is None
    assert unit([]) is None
    metal = made.crystals("Cu", 5, 1)
    assert unit(system(a.numbers, a.positions, a.cell.array) for a in metal) is None
    assert unit(system(a.numbers, a.positions / BOHR, a.cell.array / BOHR) for a in metal).unit == "Bohr"


def test_a_label_that_no_structure_can_have_is_an_error(tmp_path):
    made.write(tmp_path / "a.extxyz", ethanol(20))
    data = read(tmp_path / "a.extxyz")
    (finding,) = [f for f in check(data, want=("energy", "stress")).findings if f.severity == "error"]
    assert finding.fault == "stress is wanted and in no structure"
    assert "periodic along all three axes" in finding.evidence
    assert not check(Dataset(()), want=("forces",)).ok
