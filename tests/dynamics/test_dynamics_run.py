"""A run on disk: neighbours in time, stopped where it goes wrong, resumed as if never interrupted."""

import json

import ase
import ase.io
import numpy as np
import pytest
from ase.build import bulk
from ase.constraints import FixCom
from dynamics_toys import MORSE, Springs, grid
from wandering import BATH, TIED, lattice, same

from eukrates.data.atoms import to_system
from eukrates.dynamics import NVE, Langevin, Record, resume, run
from eukrates.matter import graph
from eukrates.potential import predict


class Killed(Exception):
    pass


def dying_at(step):
    def progress(report):
        if report.step >= step:
            raise Killed

    return progress


def test_energies_are_those_of_all_pairs_though_atoms_wander(whole):
    read = whole.trajectory
    assert read.frames.step.tolist() == list(range(0, 401, 10))  # no frame is lost
    home = lattice().positions
    assert np.abs(read.frames.positions - home).max() > 0.5  # farther than the skin: lists were renewed
    for n in (1, 20, -1):
        fresh = predict(TIED, graph(to_system(read.atoms(n)), TIED.cutoff))
        assert fresh.energy[0] == pytest.approx(read.frames.observables["potential_energy"][n], abs=1e-10)
        np.testing.assert_allclose(read.atoms(n).get_forces(), fresh.forces, atol=1e-10)


def test_what_is_on_disk_is_complete(whole):
    folder = whole.directory
    told = json.loads((folder / "settings.json").read_text())
    assert told["ensemble"] == {
        "kind": "langevin",
        "temperature_kelvin": 600,
        "friction_per_ps": 5,
        "hottest_kelvin": None,
    }
    assert told["seed"] == 1
    assert told["degrees_of_freedom"] == 54
    images = ase.io.read(folder / "trajectory.extxyz", ":")
    assert len(images) == 41
    np.testing.assert_allclose(images[-1].positions, whole.final.positions, atol=1e-8)
    np.testing.assert_allclose(images[-1].get_momenta(), whole.final.get_momenta(), atol=1e-7)
    temperatures = [image.get_kinetic_energy() * 2 / (54 * ase.units.kB) for image in images]
    np.testing.assert_allclose(temperatures, whole.log["temperature_kelvin"], rtol=1e-5)  # ASE has another CODATA year
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "time_fs" in line] == list(range(0, 401, 10))
    assert not list(folder.glob(".*"))  # no temporary files stay


def test_an_interrupted_run_goes_on_bit_for_bit(whole, tmp_path, hasty):
    folder = tmp_path / "md"
    with pytest.raises(Killed):
        run(TIED, lattice(), BATH, 400, 1.0, 1, Record(folder, every=10, precision="float64"), dying_at(117))
    with pytest.raises(Killed):
        resume(TIED, folder, progress=dying_at(261))
    same(resume(TIED, folder), whole)


def test_a_run_can_be_made_longer(whole, tmp_path):
    first = run(TIED, lattice(), BATH, 150, 1.0, 1, Record(tmp_path / "md", every=10, precision="float64"))
    assert first.steps_done == 150
    longer = resume(TIED, tmp_path / "md", steps=400)
    np.testing.assert_array_equal(longer.final.positions, whole.final.positions)
    with pytest.raises(ValueError, match="has done 400 steps already"):
        resume(TIED, tmp_path / "md", steps=350)
    assert resume(TIED, tmp_path / "md", steps=400).steps_done == 400
    assert resume(TIED, tmp_path / "md").settings.steps == 400  # the new total is what a later resume goes on to


def test_files_of_something_else_are_left_alone(tmp_path):
    (tmp_path / "trajectory.extxyz").write_text("mine")
    with pytest.raises(ValueError, match=r"holds trajectory\.extxyz of something else"):
        run(TIED, lattice(), BATH, 10, 1.0, record=Record(tmp_path))
    assert [p.name for p in tmp_path.iterdir()] == ["trajectory.extxyz"]
    assert (tmp_path / "trajectory.extxyz").read_text() == "mine"


def test_nothing_is_overwritten_and_nothing_is_confused(whole, tmp_path):
    with pytest.raises(ValueError, match="holds a run"):
        run(TIED, lattice(), BATH, 400, record=Record(whole.directory))
    with pytest.raises(ValueError, match="They differ"):
        resume(MORSE, whole.directory)
    with pytest.raises(ValueError, match="holds no run"):
        resume(TIED, tmp_path)


def test_frames_in_memory_equal_those_on_disk(whole):
    done = run(TIED, lattice(), BATH, 400, 1.0, seed=1, record=Record(every=10))
    assert done.directory is None
    np.testing.assert_array_equal(done.trajectory.frames.positions, whole.trajectory.frames.positions)


def test_room_grows_when_a_gas_condenses():
    """Atoms far apart are pulled to one spot: many more pairs than at first."""
    start = ase.Atoms("Ar18", grid((3, 3, 2), 5.0))
    pull = Springs(np.full((18, 3), 4.0), 0.5) + MORSE
    done = run(pull, start, NVE(0.0, hottest_kelvin=1e6), 400, 1.0, record=Record(every=20, precision="float64"))
    assert done.stopped is None
    assert any("grew from 1 to" in note for note in done.notes)
    frames = done.trajectory.frames
    assert frames.step.tolist() == list(range(0, 401, 20))
    fresh = [predict(pull, graph(to_system(done.trajectory.atoms(n)), pull.cutoff)).energy[0] for n in range(0, 21, 4)]
    np.testing.assert_allclose(fresh, frames.observables["potential_energy"][::4], atol=1e-9)


def test_a_periodic_run():
    crystal = bulk("C", "diamond", 3.46, cubic=True)
    done = run(MORSE, crystal, NVE(500.0), 300, 1.0, seed=2, record=Record(every=50, precision="float64"))
    np.testing.assert_allclose(done.final.get_momenta().sum(axis=0), 0, atol=1e-11)
    assert done.settings.freedom == 21
    last = done.trajectory.atoms(-1)
    fresh = predict(MORSE, graph(to_system(last), MORSE.cutoff))
    assert fresh.energy[0] == pytest.approx(last.get_potential_energy(), abs=1e-10)
    assert last.pbc.all()


def test_a_hole_in_the_potential_stops_the_run_and_keeps_what_was_good(tmp_path):
    hole = Springs(np.zeros((2, 3)), 1e-3, hole=1.0)
    start = ase.Atoms("HO", [[0, 0, 0], [0, 0, 3.0]])
    start.set_momenta([[0, 0, 0], [16 * 0.5, 0, 0]])  # flies along x
    folder = tmp_path / "md"
    done = run(hole, start, Langevin(0.0, 1e-6, hottest_kelvin=1e9), 1000, 1.0, record=Record(folder, every=1))
    assert done.stopped in done.notes
    assert "something about atom" in done.stopped
    assert "(O) is NaN" in done.stopped
    assert 15 <= done.steps_done < 25
    assert f"in step {done.steps_done + 1} " in done.stopped
    assert done.log["step"][-1] == done.steps_done
    assert all(np.isfinite(column).all() for column in done.log.values())
    assert np.isfinite(done.trajectory.frames.positions).all()
    assert np.isfinite(done.final.positions).all()
    again = resume(hole, folder)  # it stops at the same place and says the same
    assert again.stopped == done.stopped


def test_a_time_step_that_is_too_long_stops_the_run():
    done = run(Springs(np.zeros((2, 3)), 10.0), ase.Atoms("H2", np.eye(3)[:2]), NVE(300.0), 1000, 9.0)
    assert "the temperature is above 5000 K" in done.stopped
    assert done.steps_done < 100


def test_a_start_without_finite_forces_is_refused_at_once(tmp_path):
    folder = tmp_path / "md"
    done = run(
        Springs(np.full((1, 3), -5.0), 1.0, hole=1.0), ase.Atoms("H"), Langevin(300.0), 10, record=Record(folder)
    )
    assert "before the first step" in done.stopped
    assert done.steps_done == 0
    assert done.stopped in (folder / "log.jsonl").read_text()
    assert len(done.trajectory) == 0
    with pytest.raises(ValueError, match="nothing was run there"):
        resume(Springs(np.full((1, 3), -5.0), 1.0, hole=1.0), folder)
    mended = run(Springs(np.full((1, 3), -5.0), 1e-3), ase.Atoms("H"), Langevin(300.0), 10, record=Record(folder))
    assert mended.stopped is None  # the directory of a run that never began may be used again


def test_what_is_not_obeyed_is_refused():
    fixed = lattice()
    fixed.set_constraint(FixCom())
    with pytest.raises(ValueError, match="FixCom"):
        run(TIED, fixed, BATH, 10)
    with pytest.raises(ValueError, match="timestep_fs"):
        run(TIED, lattice(), BATH, 10, timestep_fs=0.0)
    with pytest.raises(ValueError, match="steps to be a whole number"):
        run(TIED, lattice(), BATH, -1)
    with pytest.raises(ValueError, match="every to be a whole number"):
        Record(every=0)
    with pytest.raises(ValueError, match="Known: velocities, forces, charges"):
        Record(what=("dipoles",))
    with pytest.raises(ValueError, match="this potential knows none"):
        run(TIED, lattice(), BATH, 10, record=Record(what=("charges",)))
    with pytest.raises(ValueError, match="Use NVE"):
        Langevin(300.0, friction_per_ps=0.0)
    with pytest.raises(ValueError, match="≥ 0 K"):
        NVE(-1.0)


def test_progress_is_reported(hasty):
    reports = []
    run(TIED, lattice(), BATH, 200, 1.0, progress=reports.append)
    assert reports[-1].step == reports[-1].steps == 200
    assert reports[-1].eta_seconds == 0
    assert reports[-1].ns_per_day > 0
    assert abs(reports[-1].conserved_change) < 0.05
    assert "Maxwell-Boltzmann" in reports[0].notes[0]
    assert not any("Maxwell" in note for report in reports[1:] for note in report.notes)
