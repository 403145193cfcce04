"""Dynamics with a potential that reads triples: they are listed in the loop, and there may come to be more of them."""

import ase
import jax
import numpy as np
from dynamics_toys import MORSE, Springs, grid

from eukrates.data.atoms import to_system
from eukrates.dynamics import NVE, Record, run
from eukrates.dynamics.lists import lists_for
from eukrates.models import ANI
from eukrates.numerics import cast
from eukrates.potential import predict
from eukrates.testing import shaken

PARTS = {
    "radial": {"cutoff": 3.0, "eta": 4.0, "shifts": [0.7, 1.5, 2.3]},
    "angular": {"cutoff": 2.6, "eta": 3.0, "zeta": 4.1, "shifts": [0.8, 1.6], "sections": [0.4, 1.6, 2.7]},
}


def test_energies_are_those_of_new_lists_though_a_gas_condenses(monkeypatch):
    monkeypatch.setattr(ANI, "for_inference", lambda self: self)  # kernels would read pairs alone
    angles = shaken(ANI(("C",), **PARTS, hidden=[6, 5], scale=0.02, key=jax.random.key(0)), seed=1)
    potential = cast(angles, "float64") + Springs(np.full((18, 3), 4.0), 0.5) + MORSE
    start = ase.Atoms("C18", grid((3, 3, 2), 5.0))
    room = lists_for(potential, [to_system(start)], 0.5).plan.triples.room
    record = Record(every=20, precision="float64")
    read = run(potential, start, NVE(0.0, hottest_kelvin=1e6), 400, 1.0, record=record).trajectory
    graphs = [potential.graph(to_system(read.atoms(n))) for n in range(0, 21, 5)]
    assert max(graph.triples.first.size for graph in graphs) > 4 * room  # it had to grow
    energies = read.frames.observables["potential_energy"][::5]
    fresh = [predict(potential, graph, ("energy",)).energy[0] for graph in graphs]
    np.testing.assert_allclose(fresh, energies, atol=1e-9)
