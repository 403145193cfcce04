"""A campaign over a Dask cluster: workers are lost in mid-campaign, structures kill theirs, and no label is lost."""

import os
import signal

import ase.io
import numpy as np
import pytest
from engines import Springs, waters

from eukrates.app.cli import run
from eukrates.reference import TBLite, label
from eukrates.reference import cluster as cluster_module
from eukrates.reference.journal import Entry

distributed = pytest.importorskip("distributed", reason="Dask is not installed (pip install 'eukrates[cluster]')")

COUNT = 200


@pytest.fixture(scope="module")
def cluster():
    """Two processes, which Dask starts again when they die; a structure may kill two of them."""
    import dask

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as two,
    ):
        yield two


@pytest.fixture
def client(cluster):
    with distributed.Client(cluster, set_as_default=False) as one:
        one.wait_for_workers(2, timeout=60)
        yield one


def indices(journal) -> list[int]:
    """Of the structures in a journal, in the order in which they were finished."""
    return [Entry.read(line).index for line in journal.read_text().splitlines()[1:]]


def test_a_killed_worker_costs_no_label(client, tmp_path):
    pytest.importorskip("tblite", reason="tblite is not installed (pip install 'eukrates[reference]')")
    frames, labeller, killed = waters(COUNT), TBLite(accuracy=0.01), []

    def kill_one(entry: Entry, done: int, total: int) -> None:
        if done == COUNT // 4 and not killed:
            killed.append(min(client.run(os.getpid).values()))
            os.kill(killed[0], signal.SIGKILL)

    campaign = label(frames, labeller, tmp_path / "set.extxyz", client=client, progress=kill_one)
    assert killed[0] not in client.run(os.getpid).values()
    assert campaign.failures == {}
    assert sorted(indices(campaign.journal)) == list(range(COUNT))  # all, none twice
    found = ase.io.read(campaign.out, ":")
    assert [frame.info["number"] for frame in found] == list(range(COUNT))
    for frame, wanted in zip(found, frames, strict=True):
        here = labeller(wanted)
        assert frame.get_potential_energy() == pytest.approx(here.energy, abs=1e-9)
        np.testing.assert_allclose(frame.get_forces(), here.forces, atol=1e-7)


def test_a_structure_that_kills_its_workers_is_recorded_and_its_neighbours_are_not_blamed(client, tmp_path):
    campaign = label(waters(6), Springs(dies_on=(2,)), tmp_path / "set.extxyz", client=client)
    assert list(campaign.failures) == [2]
    assert "died" in campaign.failures[2]
    assert campaign.labelled == 5


def test_failures_are_recorded_mistakes_are_raised_and_the_campaign_is_resumed(client, tmp_path):
    out, frames = tmp_path / "set.extxyz", waters(8)
    campaign = label(frames, Springs(fails_on=(1,)), out, client=client)
    assert campaign.failures == {1: "structure 1 was told to fail"}
    out.unlink()
    lines = campaign.journal.read_text().splitlines(keepends=True)
    campaign.journal.write_text("".join(lines[:5]))  # the header and four structures
    done = []
    again = label(
        frames, Springs(fails_on=(1,)), out, client=client, progress=lambda entry, *_: done.append(entry.index)
    )
    assert len(done) == 4
    assert again.labelled == campaign.labelled
    with pytest.raises(TypeError, match="mistake"):
        label(frames, Springs(breaks_on=(1,)), tmp_path / "other.extxyz", client=client)
    with pytest.raises(ValueError, match="not both"):
        label(frames, Springs(), tmp_path / "third.extxyz", client=client, processes=2)


def test_workers_of_several_threads_are_refused(tmp_path):
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=":0") as threads,
        distributed.Client(threads, set_as_default=False) as client,
        pytest.raises(ValueError, match="nthreads 1"),
    ):
        label(waters(2), Springs(), tmp_path / "set.extxyz", client=client)


def test_a_cluster_without_workers_is_not_waited_for_for_ever(monkeypatch, tmp_path):
    monkeypatch.setattr(cluster_module, "LOOK_AGAIN_SECONDS", 0.1)
    monkeypatch.setattr(cluster_module, "PATIENCE_SECONDS", 0.05)
    out = tmp_path / "set.extxyz"
    with (
        distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as empty,
        distributed.Client(empty, set_as_default=False) as client,
        pytest.raises(RuntimeError, match="no worker"),
    ):
        label(waters(2), Springs(), out, client=client)
    assert label(waters(2), Springs(), out).labelled == 2


def test_the_door_finds_a_scheduler_by_its_address_or_says_that_nobody_answers(cluster, tmp_path, capsys):
    pytest.importorskip("tblite", reason="tblite is not installed (pip install 'eukrates[reference]')")
    source, out = tmp_path / "waters.extxyz", tmp_path / "set.extxyz"
    ase.io.write(source, waters(3))
    command = ["label", str(source), "--with", "gfn2", "--out", str(out), "--cluster"]
    assert run([*command, cluster.scheduler_address]) == 0
    assert [frame.info["number"] for frame in ase.io.read(out, ":")] == [0, 1, 2]
    assert run([*command, "nowhere"]) == 1
    assert "No Dask scheduler answers at 'nowhere'" in capsys.readouterr().err
    assert run([*command, cluster.scheduler_address, "--processes", "2"]) == 1
