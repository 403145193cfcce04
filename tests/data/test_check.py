"""`check` on good files, and on ten spoilt copies of each: every fault is named with its fix, nothing else is."""

import os
import re
from pathlib import Path

import ase.io
import made
import numpy as np
import pytest
import spoil

from eukrates.data import Dataset, read, split
from eukrates.data.check import check

SHARED = Path(os.environ.get("EUKRATES_SHARED", Path(__file__).parents[3] / "shared")) / "data"


def good(name: str, seed: int) -> list[ase.Atoms]:
    """Frames of a good file by name."""
    if name == "MD17":
        path = SHARED / "md17_ethanol" / "train.extxyz"
        if not path.exists():
            pytest.skip("the MD17 reference data are not here (set EUKRATES_SHARED)")
        frames = ase.io.read(str(path), index=slice(seed, 120 + seed))
        for frame in frames:
            frame.info["charge"] = 0
        return frames
    if name in ("Cu", "Al"):
        return made.crystals(name, 60, seed)
    return made.molecules(name, 80, seed)


def examined(tmp_path, frames):
    """The report on frames that went through a file."""
    made.write(tmp_path / "data.extxyz", frames)
    return check(read(tmp_path / "data.extxyz", on_error="collect"))


def graves(report):
    return [finding for finding in report.rows if finding.severity == "error"]


FILES = [("CH3CH2OH", 1), ("CH3CONH2", 2), ("Cu", 3), ("MD17", 4)]


@pytest.mark.parametrize(("name", "seed"), [*FILES, ("C6H6", 5), ("H2O", 6), ("Al", 7)])
def test_a_good_file_is_ok(tmp_path, name, seed):
    report = examined(tmp_path, good(name, seed))
    assert report.ok, report.text()
    assert not [f for f in report.rows if f.severity == "warning"], report.text()
    assert report.verdict.startswith("OK")


# how to spoil, which labels it needs, how many frames (None: all), a word of the fault, a word of the fix
SPOILT = {
    "kcal everywhere": (spoil.kcal, None, "kcal/mol", "units="),
    "kcal energies": (lambda f, c, r: spoil.kcal(f, c, r, ("energy",)), None, "kcal/mol", "units="),
    "kcal forces": (lambda f, c, r: spoil.kcal(f, c, r, ("forces",)), None, "kcal/mol", "units="),
    "kcal forces on some": (lambda f, c, r: spoil.kcal(f, c, r, ("forces",)), 4, "kcal/mol", "Convert"),
    "kcal on some": (spoil.kcal, 3, "energies", " unit|Convert"),
    "forces flipped": (spoil.flipped, None, "forces with the wrong sign", "-1"),
    "forces of some flipped": (spoil.flipped, 3, "forces with the wrong sign", "-1"),
    "forces missing": (spoil.missing, 3, "forces are missing on some", "Compute"),
    "energy missing": (lambda f, c, r: spoil.missing(f, c, r, "energy"), 2, "energy is missing on some", "Compute"),
    "duplicates": (spoil.duplicated, 4, "duplicated frames", "Keep one"),
    "close atoms": (spoil.close, 1, "atoms too close", "Remove"),
    "not a number": (spoil.nan, 2, "NaN", "Compute"),
    "wrong element": (spoil.wrong_element, 1, "wrong element", "Correct the element"),
    "wrong elements": (spoil.wrong_element, 3, "wrong element", "Correct the element"),
    "renamed": (spoil.renamed, None, "energy is missing everywhere", "keys={.energy.: .dft_energy.}"),
    "renamed on some": (spoil.renamed, 4, "energy is missing on some", "'dft_energy'"),
    "renamed forces": (
        lambda f, c, r: spoil.renamed(f, c, r, "forces", "dft_forces"),
        None,
        "forces are missing everywhere",
        "keys={.forces.: .dft_forces.}",
    ),
}


@pytest.mark.parametrize("fault", SPOILT)
@pytest.mark.parametrize(("name", "seed"), FILES)
def test_a_spoilt_copy_is_named_with_its_fix(tmp_path, name, seed, fault):
    frames, rng = good(name, seed), np.random.default_rng(1000 * seed + sorted(SPOILT).index(fault))
    how, count, said, fix = SPOILT[fault]
    chosen = np.arange(len(frames)) if count is None else rng.choice(len(frames), count, replace=False)
    report = examined(tmp_path, how(frames, chosen, rng))
    assert not report.ok
    assert [f for f in graves(report) if said in f.fault and re.search(fix, f.fix)], report.text()
    if count is not None and how is not spoil.duplicated:
        named = {name for f in graves(report) for name in f.where}
        assert {f"data.extxyz#{n}" for n in chosen} == named, report.text()


@pytest.mark.parametrize(("name", "seed"), [("Cu", 11), ("Al", 12)])
@pytest.mark.parametrize("count", [None, 3])
def test_the_sign_of_stress(tmp_path, name, seed, count):
    frames, rng = good(name, seed), np.random.default_rng(seed)
    chosen = np.arange(len(frames)) if count is None else rng.choice(len(frames), count, replace=False)
    report = examined(tmp_path, spoil.stress_sign(frames, chosen, rng))
    (finding,) = graves(report)
    assert "stress with the wrong sign" in finding.fault
    assert "-1" in finding.fix
    if count is not None:
        assert set(finding.where) <= {f"data.extxyz#{n}" for n in chosen}


@pytest.mark.parametrize("name", ["CH3CH2OH", "MD17"])
def test_missing_charge(tmp_path, name):
    frames, rng = good(name, 8), np.random.default_rng(8)
    (finding,) = graves(examined(tmp_path, spoil.no_charge(frames, [5, 17, 40], rng)))
    assert "charge is missing on some" in finding.fault
    assert finding.where == ("data.extxyz#5", "data.extxyz#17", "data.extxyz#40")
    assert "State the total charge" in finding.fix


def test_charge_missing_everywhere_beside_a_stated_spin(tmp_path):
    frames = good("CH3CH2OH", 9)
    report = examined(tmp_path, spoil.no_charge(frames, range(len(frames)), None))
    assert any("charge is missing" in f.fault for f in graves(report))


@pytest.mark.parametrize("share", [0.3, 0.5])
@pytest.mark.parametrize("name", ["CH3CH2OH", "Cu"])
def test_signs_mixed_half_and_half(tmp_path, name, share):
    frames, rng = good(name, 10), np.random.default_rng(10)
    chosen = rng.choice(len(frames), int(share * len(frames)), replace=False)
    report = examined(tmp_path, spoil.flipped(frames, chosen, rng))
    assert any(f.fault == "forces with the wrong sign" for f in graves(report)), report.text()


def test_two_states_of_one_molecule_need_charge_or_spin(tmp_path):
    frames, rng = good("CH3CH2OH", 13), np.random.default_rng(13)
    other = spoil.changed(
        frames, range(len(frames)), lambda r, _: r.update(energy=r["energy"] + 7.0, forces=0.5 * r["forces"])
    )
    mixed = spoil.copies([*frames, *other])
    for frame in mixed:
        frame.info.clear()
    report = examined(tmp_path, [mixed[n] for n in rng.permutation(len(mixed))])
    assert any("charge or spin is missing" in f.fault for f in graves(report)), report.text()


def test_impossible_spins_and_broken_charges(tmp_path):
    frames = good("H2O", 14)
    frames[3].info["spin"] = 1
    frames[7].info["charge"] = 0.5
    found = {f.fault: f.where for f in graves(examined(tmp_path, frames))}
    assert found["impossible spin for the charge"] == ("data.extxyz#3",)
    assert found["charge or spin is not whole"] == ("data.extxyz#7",)


def test_copies_across_a_split_are_a_leak(tmp_path):
    frames = good("H2O", 15)
    made.write(tmp_path / "data.extxyz", [*frames, *spoil.copies(frames[:40])])
    data = read(tmp_path / "data.extxyz")
    report = check(data, split=split(data, 0.5, 0.5, seed=0))
    assert any("two parts of the split" in f.fault for f in graves(report))


def test_counts_are_given_for_each_part_of_a_split(tmp_path):
    frames = good("H2O", 16)
    made.write(tmp_path / "data.extxyz", spoil.missing(frames, [0, 1, 2], None))
    data = read(tmp_path / "data.extxyz")
    report = check(data, split=split(data, 40, 40, seed=0))
    assert any("train:" in f.evidence and "valid:" in f.evidence for f in graves(report))


def test_want_says_what_must_be_there(tmp_path):
    frames = good("H2O", 17)
    made.write(tmp_path / "data.extxyz", spoil.missing(frames, range(len(frames)), None))
    data = read(tmp_path / "data.extxyz")
    assert check(data, want=("energy",)).ok
    assert not check(data).ok
    with pytest.raises(ValueError, match="Unknown label energies"):
        check(data, want=("energies",))


def test_single_atoms_and_tiny_data_do_not_crash(tmp_path):
    atom = spoil.with_results(ase.Atoms("H"), energy=-13.6)
    report = examined(tmp_path, [atom])
    assert report.ok, report.text()
    assert examined(tmp_path, [atom, *good("H2O", 18)[:2]]).ok
    assert check(Dataset(())).findings == ()


def test_the_text_names_everything(tmp_path):
    report = examined(tmp_path, spoil.flipped(good("H2O", 19), [4], None))
    text = report.text()
    for word in ("data.extxyz#4", "where:", "evidence:", "fix:", "NOT OK", "read from", "eV"):
        assert word in text
    assert max(len(line) for line in text.splitlines()) < 250
