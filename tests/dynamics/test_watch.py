"""A run stops where atoms collide or bonds break, says which, and leaves both sides of that moment to look at."""

import json

import ase
import ase.io
import numpy as np
import pytest
from dynamics_toys import Morse, Springs

from eukrates.data import to_system
from eukrates.dynamics import NVE, Langevin, Record, Watch, resume, run, run_many
from eukrates.dynamics.watch import bounds_of
from eukrates.potential import Ensemble, deviation, predict

FREE = Morse(np.array(0.0))
ALONG = np.array([[0, 0, 0], [0, 0, 1.0]])


def methanol(**cell):
    """C, O and H in a row; in a cell the bond of O and H goes through the boundary."""
    atoms = ase.Atoms("COH", [[0, 0, 3.5], [0, 0, 4.9], [0, 0, 5.85]], **cell)
    atoms.wrap()
    return atoms


def flying(velocity, **cell):
    atoms = methanol(**cell)
    atoms.set_momenta([[0, 0, 0], [0, 0, 0], [0, 0, velocity * 1.008]])
    return atoms


@pytest.mark.parametrize("cell", [{}, {"cell": [6.0, 6.0, 5.5], "pbc": True}])
def test_a_broken_bond_is_named(cell, tmp_path):
    folder = tmp_path / "md"
    record = Record(folder, every=1, watch=Watch(contact=None, bonds=2.0))
    done = run(FREE, flying(0.5, **cell), NVE(hottest_kelvin=1e9), 200, 1.0, record=record)
    bounds = bounds_of(record.watch, [to_system(methanol(**cell))], 3)
    assert sorted(zip(bounds.i.tolist(), bounds.j.tolist(), strict=True)) == [(0, 1), (1, 2)]
    assert "the bond of atoms 1 (O) and 2 (H) is" in done.stopped
    limit = 2.0 * (0.66 + 0.31)
    z = done.trajectory.frames.positions[:, :, 2]
    lengths = z[:, 2] - z[:, 1] + (5.5 if cell else 0.0)
    assert lengths.max() < limit < lengths.max() + 1.1 * (lengths[-1] - lengths[-2])
    good, refused = ase.io.read(folder / "stopped.extxyz", ":")
    np.testing.assert_allclose(good.positions, done.final.positions, atol=1e-7)
    assert refused.get_distance(1, 2, mic=bool(cell)) > limit
    again = resume(FREE, folder)
    assert again.stopped == done.stopped
    assert again.steps_done == done.steps_done


def test_a_run_stops_where_the_members_of_an_ensemble_disagree(tmp_path):
    members = Ensemble((Morse(np.array(1.0)), Morse(np.array(1.3))))
    starts = [ase.Atoms("C2", [[0, 0, 0], [0, 0, length]]) for length in (2.2, 1.5)]  # the second is at rest
    spread = lambda atoms: float(deviation(predict(members, members.graph(to_system(atoms))))[0]) / 2**0.5
    limit, cold = 0.05, NVE(temperature_kelvin=0.0, hottest_kelvin=1e9)
    assert spread(starts[0]) < limit < spread(starts[1])
    record = Record(tmp_path / "md", every=1, watch=Watch(contact=None, bonds=None, rho=limit))
    done = run(members, starts[0], cold, 400, 0.5, record=record)
    assert "members of the ensemble disagree by more than 0.05 eV per √atom" in done.stopped
    good, refused = ase.io.read(tmp_path / "md" / "stopped.extxyz", ":")
    assert 0.8 * limit < spread(good) <= limit < spread(refused)
    assert resume(members, tmp_path / "md").stopped == done.stopped
    both = Record(watch=Watch(contact=None, bonds=None, rho=limit))
    again, unsure = run_many(members, starts, cold, 400, 0.5, record=both)
    assert again.steps_done == done.steps_done > 1
    assert "before the first step" in unsure.stopped
    with pytest.raises(ValueError, match="no ensemble"):
        run(FREE, starts[0], cold, 10, record=both)


def test_a_collision_is_named_through_a_boundary_too(tmp_path):
    start = ase.Atoms("CH", [[0, 0, 0.3], [0, 0, 5.0]], cell=[6.0, 6.0, 6.0], pbc=True)
    start.set_momenta([[0, 0, 0], [0, 0, 0.5 * 1.008]])
    watch = Watch(contact=0.5, bonds=None)
    done = run(FREE, start, NVE(hottest_kelvin=1e9), 200, 1.0, record=Record(every=1, watch=watch))
    assert "the distance of atoms 0 (C) and 1 (H) is 0.5" in done.stopped
    assert 0.535 < 6.0 - done.final.positions[1, 2] + done.final.positions[0, 2] < 0.63


def test_an_atom_may_collide_with_its_own_image():
    start = ase.Atoms("Ar", cell=[1.0, 9.0, 9.0], pbc=True)
    done = run(FREE, start, NVE(10.0), 5, record=Record(watch=Watch(contact=0.6, bonds=None)))
    assert "before the first step: the distance of atoms 0 (Ar) and 0 (Ar) is 1.00 Å" in done.stopped


def test_bonds_are_those_of_the_start_though_a_run_is_resumed(tmp_path):
    """Two that were never bonded meet, the run is interrupted there, and they part again."""
    home = np.array([[0, 0, 0], [0, 0, 3.0]])
    pull = Springs(np.zeros((2, 3)), 1.0)
    ensemble, watch = NVE(0.0, hottest_kelvin=1e9), Watch(contact=None, bonds=1.5)
    start = ase.Atoms("C2", home)
    start.set_momenta(np.zeros((2, 3)))
    whole = run(pull, start, ensemble, 400, 1.0, record=Record(tmp_path / "whole", every=10, watch=watch))
    r = whole.trajectory.frames.positions
    apart = np.linalg.norm(r[:, 1] - r[:, 0], axis=1)
    assert whole.stopped is None
    met = 10 * int(np.argmax(apart < 0.5))
    assert apart[met // 10 :].max() > 2.9
    run(pull, start, ensemble, met, 1.0, record=Record(tmp_path / "parts", every=10, watch=watch))
    parts = resume(pull, tmp_path / "parts", 400)
    assert parts.stopped is None
    np.testing.assert_array_equal(parts.final.positions, whole.final.positions)
    told = json.loads((tmp_path / "parts/settings.json").read_text())
    assert told["record"]["watch"] == {"contact": None, "bonds": 1.5, "rho": None}


def test_only_the_one_that_breaks_is_halted():
    both = [methanol(), flying(0.5)]
    record = Record(every=5, watch=Watch(contact=0.5, bonds=2.0))
    rest, broken = run_many(FREE, both, Langevin(0.0, 1e-6, hottest_kelvin=1e9), 150, 1.0, record=record)
    assert rest.stopped is None
    assert rest.steps_done == 150
    assert "the bond of atoms 1 (O) and 2 (H)" in broken.stopped
    assert broken.steps_done < 60


def test_metals_have_no_bonds_to_break():
    bounds = bounds_of(Watch(contact=None, bonds=2.0), [to_system(ase.Atoms("Cu2", 2.2 * ALONG))], 2)
    assert bounds.i.size == 0
    assert bounds_of(Watch(contact=None, bonds=2.0), [to_system(ase.Atoms("C2", 1.4 * ALONG))], 2).i.size == 1


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        Watch(contact=1.5)
    with pytest.raises(ValueError, match=r"above 1\.25"):
        Watch(bonds=1.0)
