"""Trajectory files: what went in comes out, any HDF5 reader understands them, and a killed writer loses nothing."""

import os
import signal
import subprocess
import sys
from dataclasses import replace

import ase.io
import h5py
import numpy as np
import pytest

from eukrates.data.trajectory import Frames, append_extxyz, append_h5md, create_h5md, keep_h5md, read_h5md
from eukrates.matter import system
from eukrates.units import FS, KJ_PER_MOL

MASSES = np.array([15.999, 1.008, 2.014])
OBSERVABLES = ("potential_energy", "temperature_kelvin")


def water(cell=None):
    return system([8, 1, 1], [[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]], cell, charge=-1.0)


def frames(start, count, seed=0):
    rng = np.random.default_rng(seed)
    step = np.arange(start, start + count)
    rows = lambda: rng.normal(size=(count, 3, 3))
    observables = {name: rng.normal(size=count) for name in OBSERVABLES}
    return Frames(step, 0.5 * step, rows(), observables, rows(), rows())


def written(path, count=5, cell=None, precision="float64"):
    create_h5md(path, water(cell), MASSES, ("velocity", "force"), OBSERVABLES, precision, {"seed": 3})
    recorded = frames(0, count)
    append_h5md(path, recorded[:2])
    append_h5md(path, recorded[2:])
    return recorded


@pytest.mark.parametrize(("precision", "close"), [("float64", 1e-15), ("float32", 1e-6)])
def test_what_was_appended_is_read(tmp_path, precision, close):
    path = tmp_path / "t.h5"
    recorded = written(path, precision=precision, cell=np.diag([5.0, 6.0, 7.0]))
    read = read_h5md(path)
    assert read.frames.positions.dtype == precision
    for name in ("step", "time_fs", "positions", "velocities", "forces"):
        np.testing.assert_allclose(getattr(read.frames, name), getattr(recorded, name), rtol=10 * close, atol=close)
    for name in OBSERVABLES:
        np.testing.assert_array_equal(read.frames.observables[name], recorded.observables[name])
    np.testing.assert_array_equal(read.structure.cell[0], np.diag([5.0, 6.0, 7.0]))
    assert read.structure.charge[0] == -1
    assert read.structure.spin is None
    np.testing.assert_array_equal(read.masses, MASSES)
    assert len(read_h5md(path, slice(1, 3))) == 2


def test_a_generic_reader_finds_h5md(tmp_path):
    path = tmp_path / "t.h5"
    recorded = written(path, cell=np.diag([5.0, 6.0, 0.0]))
    with h5py.File(path) as file:
        assert list(file["h5md"].attrs["version"]) == [1, 1]
        assert file["h5md/creator"].attrs["name"] == "eukrates"
        everything = file["particles/all"]
        assert list(everything["box"].attrs["boundary"]) == ["periodic", "periodic", "none"]
        assert everything["box/edges/value"].shape == (5, 3, 3)
        assert list(everything["species"]) == [8, 1, 1]
        for name, unit in (("position", "Angstrom"), ("velocity", "Angstrom fs-1"), ("force", "kJ mol-1 Angstrom-1")):
            assert everything[name]["value"].attrs["unit"] == unit
            assert everything[name]["value"].shape == (5, 3, 3)
            assert everything[name]["step"][:].tolist() == [0, 1, 2, 3, 4]
            assert everything[name]["time"].attrs["unit"] == "fs"
        np.testing.assert_allclose(everything["force/value"][:] * KJ_PER_MOL, recorded.forces)
        assert file["observables/temperature_kelvin/value"].attrs["unit"] == "K"


def test_frames_after_a_checkpoint_are_dropped(tmp_path):
    path = tmp_path / "t.h5"
    recorded = written(path)
    keep_h5md(path, 3)
    assert len(read_h5md(path)) == 3
    append_h5md(path, frames(3, 4, seed=1))
    read = read_h5md(path)
    assert read.frames.step.tolist() == list(range(7))
    np.testing.assert_array_equal(read.frames.positions[:3], recorded.positions[:3])
    np.testing.assert_array_equal(read.frames.positions[3:], frames(3, 4, seed=1).positions)
    with h5py.File(path) as file:  # one clock, under several names
        clocks = [file[f"{place}/step"].id for place in ("particles/all/force", "observables/potential_energy")]
        assert clocks[0] == clocks[1]
    before = path.stat().st_ino
    keep_h5md(path, 7)  # nothing to do, nothing done
    assert path.stat().st_ino == before
    with pytest.raises(ValueError, match="holds 7 frames and 8 are needed"):
        keep_h5md(path, 8)


KILLED = """
import sys, os, signal, h5py
sys.path.insert(0, {here!r})
from test_trajectory import *
path, moment = {path!r}, {moment}
written(path)
resize, calls = h5py.Dataset.resize, []
def dying(self, *args, **kwargs):
    calls.append(self.name)
    resize(self, *args, **kwargs)
    if len(calls) == moment:
        self.file.flush()
        os.kill(os.getpid(), signal.SIGKILL)
h5py.Dataset.resize = dying
append_h5md(path, frames(5, 400))
"""


@pytest.mark.parametrize("moment", [1, 4, 7])
def test_a_writer_killed_in_the_middle_leaves_all_earlier_frames(tmp_path, moment):
    path = tmp_path / "t.h5"
    code = KILLED.format(here=os.path.dirname(__file__), path=str(path), moment=moment)
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    recorded = frames(0, 5)
    assert len(read_h5md(path)) >= 5
    keep_h5md(path, 5)
    np.testing.assert_array_equal(read_h5md(path).frames.positions, recorded.positions)
    assert append_h5md(path, frames(5, 2)) == 7
    assert read_h5md(path).frames.step.tolist() == list(range(7))


def test_something_else_is_not_a_trajectory(tmp_path):
    (tmp_path / "text.h5").write_text("no")
    with pytest.raises(ValueError, match="cannot be read as HDF5"):
        read_h5md(tmp_path / "text.h5")
    h5py.File(tmp_path / "empty.h5", "w").close()
    with pytest.raises(ValueError, match="not a trajectory"):
        read_h5md(tmp_path / "empty.h5")


@pytest.mark.parametrize("cell", [None, np.array([[5.0, 0, 0], [1.0, 6.0, 0], [0, 0, 0]])])
def test_ase_reads_the_extended_xyz(tmp_path, cell):
    path, recorded = tmp_path / "t.extxyz", frames(0, 3)
    append_extxyz(path, water(cell), MASSES, recorded[:1])
    size = append_extxyz(path, water(cell), MASSES, recorded[1:])
    assert size == path.stat().st_size
    images = ase.io.read(path, ":")
    assert len(images) == 3
    for n, atoms in enumerate(images):
        np.testing.assert_allclose(atoms.positions, recorded.positions[n], atol=1e-8)
        np.testing.assert_allclose(atoms.get_forces(), recorded.forces[n], atol=1e-8)
        momenta = MASSES[:, None] * recorded.velocities[n] / FS
        np.testing.assert_allclose(atoms.get_momenta(), momenta, atol=1e-8)
        assert atoms.get_potential_energy() == recorded.observables["potential_energy"][n]
        assert atoms.info["time_fs"] == recorded.time_fs[n]
        assert atoms.info["charge"] == -1
        assert atoms.pbc.tolist() == ([False] * 3 if cell is None else [True, True, False])
        if cell is not None:
            np.testing.assert_array_equal(atoms.cell[:2], cell[:2])


def test_frames_become_atoms_and_samples(tmp_path):
    recorded = written(tmp_path / "t.h5")
    read = read_h5md(tmp_path / "t.h5")
    last = read.atoms(-1)
    np.testing.assert_allclose(last.get_velocities() * FS, recorded.velocities[-1])
    np.testing.assert_allclose(last.get_masses(), MASSES)
    assert last.info["step"] == 4
    samples = list(read.samples())
    assert len(samples) == 5
    assert samples[2].energy == recorded.observables["potential_energy"][2]
    np.testing.assert_allclose(samples[2].forces, recorded.forces[2])
    np.testing.assert_array_equal(samples[2].system.positions, recorded.positions[2])


@pytest.mark.parametrize(("missing", "place"), [("velocities", "velocity"), ("forces", "force")])
def test_frames_without_what_the_file_records_are_refused(tmp_path, missing, place):
    written(tmp_path / "a.h5md", 2)
    with pytest.raises(ValueError, match=f"lack particles/all/{place}"):
        append_h5md(tmp_path / "a.h5md", replace(frames(2, 2), **{missing: None}))
    assert append_h5md(tmp_path / "a.h5md", frames(2, 2)) == 4
