"""A run that is killed goes on as if it had not been, whatever the moment."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from wandering import TIED, same, wander

from eukrates.data.trajectory import read_h5md
from eukrates.dynamics import journal, journals, resume
from eukrates.dynamics.journal import CHECKPOINT

SCRIPT = """
import sys
sys.path.insert(0, {here!r})
from wandering import *
from eukrates.dynamics import engine, resume
engine.SECONDS, engine.COMMIT_SECONDS, engine.COMMIT_SHARE, engine.REPORT_SECONDS = 0.0005, 0.0, 0.0, 0.0
tell = lambda report: print(report.step)
{begin} if {first} else resume(TIED, {folder!r}, progress=tell)
"""


class Died(Exception):
    pass


def test_a_killed_run_goes_on_bit_for_bit(whole, tmp_path):
    """SIGKILL at moments drawn at random, three times in one run."""
    rng, folder = np.random.default_rng(), tmp_path / "md"
    for life in range(3):
        begin = f"wander({str(folder)!r}, tell)"
        script = SCRIPT.format(here=os.path.dirname(__file__), begin=begin, first=life == 0, folder=str(folder))
        with subprocess.Popen([sys.executable, "-u", "-c", script], stdout=subprocess.PIPE) as process:
            for _ in range(int(rng.integers(1, 8))):  # chunks
                process.stdout.readline()
            time.sleep(rng.uniform(0, 0.01))
            process.send_signal(signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL
        written = len(read_h5md(folder / "trajectory.h5"))
        assert 1 <= written < 41  # it may be less than before: what no checkpoint knew of is cut off and done again
    with (folder / "trajectory.extxyz").open("a") as stream:
        stream.write("18\nhalf a fra")  # as if killed in mid-write
    same(resume(TIED, folder), whole)


WRITES = [(journal, "create_h5md"), (journal, "append_h5md"), (journal, "append_extxyz"), (journals, "save_standing")]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("where", range(4), ids=[name for _, name in WRITES])
def test_death_beside_each_write_loses_nothing(where, after, whole, tmp_path, hasty, monkeypatch):
    module, name = WRITES[where]
    real, left = getattr(module, name), np.random.default_rng().integers(1, 8) if where else 1

    def dying(*given):
        nonlocal left
        left -= 1
        if left == 0 and not after:
            raise Died
        found = real(*given)
        if left == 0:
            raise Died
        return found

    with monkeypatch.context() as patch:
        patch.setattr(module, name, dying)
        with pytest.raises(Died):
            wander(tmp_path / "md")
    begun = (tmp_path / "md" / CHECKPOINT).exists()
    same(resume(TIED, tmp_path / "md") if begun else wander(tmp_path / "md"), whole)
