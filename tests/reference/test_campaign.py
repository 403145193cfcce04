"""A campaign survives failures, dying workers and kill -9, and never mixes or overwrites."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import ase.io
import numpy as np
import pytest
from engines import Springs, waters

from eukrates.reference import label

SLOW_CAMPAIGN = """
import sys
from engines import Springs, waters
from eukrates.reference import label

if __name__ == "__main__":
    label(waters(12), Springs(seconds=0.15), sys.argv[1], processes=2)
"""


def journal_lines(out: Path) -> list[str]:
    path = out.with_name(out.name + ".journal.jsonl")
    return path.read_text().splitlines() if path.exists() else []


def environment() -> dict[str, str]:
    """For a script outside the tests that imports from them."""
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])}


def test_labels_arrive_in_order_in_a_file_that_ase_reads(tmp_path):
    frames = waters(5)
    campaign = label(frames, Springs(), tmp_path / "set.extxyz")
    read = ase.io.read(campaign.out, ":")
    assert campaign.labelled == len(read) == 5
    for frame, wanted in zip(read, frames, strict=True):
        assert frame.info["number"] == wanted.info["number"]
        assert frame.get_potential_energy() == pytest.approx((wanted.positions**2).sum(), abs=1e-12)
        np.testing.assert_allclose(frame.get_forces(), -2 * wanted.positions, atol=1e-7)
        np.testing.assert_allclose(frame.get_dipole_moment(), wanted.positions.sum(axis=0), atol=1e-12)
        assert (frame.info["charge"], frame.info["spin"]) == (0, 0)


def test_failures_are_recorded_with_their_reason_and_not_tried_again(tmp_path):
    frames, out = waters(4), tmp_path / "set.extxyz"
    campaign = label(frames, Springs(fails_on=(1, 3)), out)
    assert campaign.failures == {1: "structure 1 was told to fail", 3: "structure 3 was told to fail"}
    assert [frame.info["number"] for frame in ase.io.read(out, ":")] == [0, 2]
    tried = []
    again = label(frames, Springs(fails_on=(1, 3)), out, progress=lambda entry, done, total: tried.append(entry))
    assert tried == []
    assert again == campaign


def test_processes_give_the_same_file_and_leave_the_environment_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    frames = waters(6)
    alone = label(frames, Springs(), tmp_path / "alone.extxyz")
    together = label(frames, Springs(), tmp_path / "together.extxyz", processes=2)
    assert alone.out.read_bytes() == together.out.read_bytes()
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ


def test_a_dying_process_costs_only_the_structure_it_had(tmp_path):
    campaign = label(waters(4), Springs(dies_on=(1,)), tmp_path / "set.extxyz", processes=2)
    assert list(campaign.failures) == [1]
    assert "exit code 9" in campaign.failures[1]
    assert campaign.labelled == 3


@pytest.mark.parametrize("processes", [1, 2])
def test_mistakes_are_raised_not_recorded(tmp_path, processes):
    out = tmp_path / "set.extxyz"
    with pytest.raises(TypeError, match="mistake"):
        label(waters(3), Springs(breaks_on=(1,)), out, processes=processes)
    assert not out.exists()


def test_kill_9_loses_only_what_was_in_work_and_the_rest_is_resumed(tmp_path):
    out, script = tmp_path / "set.extxyz", tmp_path / "slow.py"
    script.write_text(SLOW_CAMPAIGN)
    process = subprocess.Popen([sys.executable, script, out], env=environment())
    deadline = time.monotonic() + 60
    while len(journal_lines(out)) < 5 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = len(journal_lines(out)) - 1  # the first line is the header
    assert 4 <= kept < 12
    assert not out.exists()
    with open(f"{out}.journal.jsonl", "a") as journal:
        journal.write('{"index": 11, "seco')  # a line that the kill cut short
    done = []
    campaign = label(waters(12), Springs(seconds=0.15), out, progress=lambda entry, *_: done.append(entry.index))
    assert len(done) == 12 - kept
    whole = label(waters(12), Springs(), tmp_path / "whole.extxyz")
    assert campaign.out.read_bytes() == whole.out.read_bytes()


def test_a_script_without_guard_is_told_so_and_no_structure_is_blamed(tmp_path):
    out, script = tmp_path / "set.extxyz", tmp_path / "unguarded.py"
    script.write_text(SLOW_CAMPAIGN.replace('if __name__ == "__main__":', "if True:"))
    told = subprocess.run([sys.executable, script, out], env=environment(), capture_output=True, text=True, timeout=120)
    assert told.returncode != 0
    assert "guard its entry point" in told.stderr
    assert len(journal_lines(out)) == 1  # the header


def test_another_campaign_is_not_mixed_in_and_nothing_is_overwritten(tmp_path):
    out = tmp_path / "set.extxyz"
    label(waters(3), Springs(), out)
    before = out.read_bytes()
    with pytest.raises(ValueError, match="another campaign"):
        label(waters(3), Springs(stiffness=3.0), out)
    with pytest.raises(ValueError, match="another campaign"):
        label(waters(3, size=0.1), Springs(), out)
    (tmp_path / "set.extxyz.journal.jsonl").unlink()
    with pytest.raises(ValueError, match="no journal"):
        label(waters(3), Springs(), out)
    assert out.read_bytes() == before


def test_bad_requests_stop_before_any_work(tmp_path):
    frames = waters(3)
    del frames[2].info["spin"]
    with pytest.raises(ValueError, match=r"Structure 2 .*spin"):
        label(frames, Springs(), tmp_path / "set.extxyz")
    with pytest.raises(ValueError, match="extxyz"):
        label(waters(1), Springs(), tmp_path / "set.npz")
    with pytest.raises(ValueError, match="folder"):
        label(waters(1), Springs(), tmp_path / "nowhere" / "set.extxyz")
    with pytest.raises(ValueError, match="processes"):
        label(waters(1), Springs(), tmp_path / "set.extxyz", processes=0)
    assert list(tmp_path.iterdir()) == []
