"""A run whose neighbour lists are renewed many times, to be interrupted."""

import ase
import numpy as np
from dynamics_toys import Morse, Springs, grid

from eukrates.dynamics import Langevin, Record, Watch, run

BATH = Langevin(600.0, friction_per_ps=5.0)
TIED = Morse(np.array(0.1)) + Springs(grid((3, 3, 2), 2.2), 0.2)  # soft: atoms wander by more than the skin


def lattice():
    """Eighteen carbon atoms, more than get all pairs at once."""
    return ase.Atoms("C18", grid((3, 3, 2), 2.2))


def wander(folder, progress=None):
    """The run, 400 steps."""
    watch = Watch(contact=None, bonds=None)
    record = Record(folder, every=10, precision="float64", watch=watch)
    return run(TIED, lattice(), BATH, 400, 1.0, 1, record, progress)


def same(one, other):
    for name in ("trajectory.extxyz", "settings.json"):
        assert (one.directory / name).read_bytes() == (other.directory / name).read_bytes()
    np.testing.assert_array_equal(one.final.positions, other.final.positions)
    np.testing.assert_array_equal(one.final.get_momenta(), other.final.get_momenta())
    a, b = one.trajectory.frames, other.trajectory.frames
    for name in ("step", "positions", "velocities", "forces"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    for name, column in one.log.items():
        np.testing.assert_array_equal(column, other.log[name])
