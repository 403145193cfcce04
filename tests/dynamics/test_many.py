"""Systems that run together: each as it would be alone."""

import dataclasses

import ase
import ase.io
import jax.numpy as jnp
import numpy as np
import pytest
from dynamics_toys import MORSE, Morse, Springs, grid

from eukrates.dynamics import NVE, Langevin, NoseHoover, Record, VelocityRescaling, resume, resume_many, run, run_many

SOFT = Morse(np.array(0.1))
STEPS = 300


def starts():
    """A dimer, a cluster whose atoms wander beyond the skin, and a periodic crystal."""
    cluster = ase.Atoms("Ar18", grid((3, 3, 2), 1.6))
    crystal = ase.Atoms("C8", grid((2, 2, 2), 1.6), cell=3.2 * np.eye(3), pbc=True)
    return [ase.Atoms("H2", grid((2, 1, 1), 1.4)), cluster, crystal]


BATHS = {
    "langevin": [Langevin(t, 5.0) for t in (100.0, 400.0, 900.0)],
    "bussi": [VelocityRescaling(t, time_fs) for t, time_fs in ((100.0, 30.0), (400.0, 50.0), (900.0, 40.0))],
    "nose-hoover": [NoseHoover(t, 40.0) for t in (100.0, 400.0, 900.0)],
}


@pytest.mark.parametrize("bath", BATHS)
def test_each_is_as_it_would_be_alone(bath, tmp_path):
    record = Record(tmp_path / "many", every=20, precision="float64")
    many = run_many(SOFT, starts(), BATHS[bath], STEPS, 1.0, [3, 5, 9], record)
    assert all(one.stopped is None for one in many)
    compared = list(zip(many, starts(), BATHS[bath], (3, 5, 9), strict=True))
    for one, start, ensemble, seed in compared if bath == "langevin" else compared[-1:]:
        alone = run(SOFT, start, ensemble, STEPS, 1.0, seed, Record(every=20))
        assert one.settings.freedom == alone.settings.freedom
        np.testing.assert_allclose(one.trajectory.frames.positions, alone.trajectory.frames.positions, atol=1e-8)
        for name, column in alone.log.items():
            np.testing.assert_allclose(one.log[name], column, atol=1e-7, rtol=1e-9)


def test_many_go_on_bit_for_bit(tmp_path):
    given = (SOFT, starts(), BATHS["langevin"])
    whole = run_many(*given, STEPS, 1.0, 1, Record(tmp_path / "whole", every=20))
    run_many(*given, 110, 1.0, 1, Record(tmp_path / "parts", every=20))
    with pytest.raises(ValueError, match="resume_many"):
        resume(SOFT, tmp_path / "parts")
    with pytest.raises(ValueError, match="holds a run"):
        run_many(*given, STEPS, 1.0, 1, Record(tmp_path / "parts", every=20))
    with pytest.raises(ValueError, match=r"members\.json of other runs"):
        run(SOFT, starts()[0], NVE(0.0), 10, record=Record(tmp_path / "parts"))
    parts = resume_many(SOFT, tmp_path / "parts", STEPS)
    for one, other in zip(parts, whole, strict=True):
        assert one.directory.name == other.directory.name
        for name in ("trajectory.extxyz", "log.jsonl"):
            assert (one.directory / name).read_bytes() == (other.directory / name).read_bytes()
        np.testing.assert_array_equal(one.final.get_momenta(), other.final.get_momenta())


def test_one_that_goes_wrong_is_halted_and_the_others_go_on(tmp_path):
    hole = Springs(np.zeros((4, 3)), 1e-3, hole=1.0) + MORSE
    pair = ase.Atoms("HO", [[0, 0, 0], [0, 0, 5.0]])
    flies = pair.copy()
    flies.set_momenta([[0, 0, 0], [16 * 0.5, 0, 0]])
    both = [pair, flies]
    ensemble = Langevin(0.0, 1e-6, hottest_kelvin=1e9)
    rest, gone = run_many(hole, both, ensemble, 60, 1.0, record=Record(tmp_path / "md", every=1))
    assert rest.stopped is None
    assert rest.steps_done == 60
    assert rest.log["step"].tolist() == list(range(61))
    assert "(O) is NaN" in gone.stopped
    assert 15 <= gone.steps_done < 25
    assert gone.log["step"][-1] == gone.steps_done
    assert np.isfinite(gone.final.positions).all()
    again = resume_many(hole, tmp_path / "md", 80)
    assert [one.steps_done for one in again] == [80, gone.steps_done]
    assert [one.stopped for one in again] == [None, gone.stopped]
    np.testing.assert_array_equal(again[1].final.positions, gone.final.positions)


def test_lists_that_do_not_fit_are_refused():
    pair = ase.Atoms("H2", np.eye(3)[:2])
    with pytest.raises(ValueError, match="got 2, 1 and 2"):
        run_many(MORSE, [pair, pair], [NVE(300.0)], 10)
    with pytest.raises(ValueError, match="of one kind with the same settings given, got Langevin, NVE"):
        run_many(MORSE, [pair, pair], [NVE(300.0), Langevin(300.0)], 10)
    with pytest.raises(ValueError, match="got 0, 0 and 0"):
        run_many(MORSE, [], NVE(300.0), 10)


class Charged(Springs):
    """Springs whose atoms have charges that depend on where they are."""

    def __call__(self, graph):
        s = graph.system
        return dataclasses.replace(super().__call__(graph), charges=jnp.where(s.real, s.positions[:, 0], 0.0))


def test_charges_are_recorded(tmp_path):
    potential = Charged(np.zeros((4, 3)), 1.0)
    record = Record(tmp_path / "md", every=5, what=("charges",), precision="float64")
    for one in run_many(potential, [ase.Atoms("H2", np.eye(3)[:2])] * 2, Langevin(300.0), 20, record=record):
        frames = one.trajectory.frames
        assert frames.velocities is None
        np.testing.assert_array_equal(frames.charges, frames.positions[:, :, 0])
        written = ase.io.read(one.directory / "trajectory.extxyz", ":")
        np.testing.assert_allclose([atoms.get_charges() for atoms in written], frames.charges, atol=1e-8)
        np.testing.assert_array_equal(one.trajectory.atoms(2).get_charges(), frames.charges[2])
