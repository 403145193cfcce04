"""`check` on published data where they are present: no false alarm, and faults made on purpose are seen."""

import os
from pathlib import Path

import pytest

from eukrates.data import read
from eukrates.data.check import check

SHARED = Path(os.environ.get("EUKRATES_SHARED", Path(__file__).parents[3] / "shared")) / "data"
KBAR = {"stress": "kbar", "voigt": "xx yy zz xy yz xz"}


def data(name, **how):
    if not (SHARED / name).exists():
        pytest.skip("the reference data are not here (set EUKRATES_SHARED)")
    return read(SHARED / name, on_error="collect", **how)


@pytest.mark.parametrize(
    "name",
    ["acac/train_300K.extxyz", "md17_ethanol/valid.extxyz", "dipeptides/valid.extxyz", "acac/isolated_atoms.extxyz"],
)
def test_good_data_are_good(name):
    report = check(data(name)[:200])
    assert report.ok, report.text()
    assert not [f for f in report.rows if f.severity == "warning"], report.text()


@pytest.mark.parametrize("symbol", ["Si", "Li"])
@pytest.mark.parametrize("sign", ["compression", "tension"])
def test_the_sign_of_real_stress(symbol, sign):
    """These files hold stress as VASP prints it: positive under compression."""
    keys = {"stress": "virial_stress_kbar"}
    report = check(data(f"mlearn/{symbol}_train.extxyz", keys=keys, units={**KBAR, "stress_positive": sign}))
    faults = [f.fault for f in report.rows if f.severity == "error"]
    assert faults == ([] if sign == "compression" else ["stress with the wrong sign"])


def test_two_charges_need_to_be_told_apart():
    report = check(data("ag3/train.extxyz", keys={"charge": None}))
    assert any("charge or spin is missing" in f.fault for f in report.rows if f.severity == "error")
    assert any("total_charge" in f.fix for f in report.rows)


def test_frames_on_another_surface_are_found():
    report = check(data("ag3/train.extxyz")[1200:1800])
    (finding,) = (f for f in report.rows if f.severity == "error")
    assert finding.fault == "energies that do not belong to their forces"
    assert "train.extxyz#1487" in finding.where
