"""A killed training, resumed, ends with the very same weights as one that was never interrupted."""

import os
import signal
import subprocess
import sys
import time

import safetensors.numpy

from eukrates.app.cli import run

COMMAND = "import sys; from eukrates.app.cli import main; main()"
EPOCHS, BATCHES = 30, 20


def weights(path):
    return safetensors.numpy.load_file(path)


def start(config) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, "train", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def killed_after(config, folder, lines: int) -> None:
    """Start the training and kill it without warning once it has done so many epochs."""
    process, metrics = start(config), folder / "metrics.jsonl"
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and process.poll() is None:
        if (
            metrics.exists()
            and metrics.read_text().count("\n") >= lines
            and (folder / "checkpoint.safetensors").exists()
        ):
            break
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "the training ended before it was killed"


def test_kill_and_resume_changes_no_bit(tmp_path, write_config):
    settings = {"epochs": EPOCHS, "batch_size": 2, "checkpoint_minutes": 0.0002}
    config = write_config(training=settings)
    broken, whole = tmp_path / "run", tmp_path / "whole"
    killed_after(config, broken, 3)
    killed_after(config, broken, 8)
    assert not (broken / "last.safetensors").exists()
    assert run(["train", str(config), "--resume"]) == 0
    assert run(["train", str(config), "--folder", str(whole)]) == 0
    for name in ("best.safetensors", "last.safetensors", "checkpoint.safetensors"):
        mine, theirs = weights(broken / name), weights(whole / name)
        assert set(mine) == set(theirs)
        for key in mine:
            assert mine[key].tobytes() == theirs[key].tobytes(), (name, key)
    assert (broken / "metrics.jsonl").read_bytes() == (whole / "metrics.jsonl").read_bytes()
    assert (broken / "metrics.jsonl").read_text().count("\n") == EPOCHS
