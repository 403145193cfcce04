"""A search that several tests make: Lennard-Jones clusters by basin hopping."""

import numpy as np
from ase import Atoms
from landscape_toys import CLUSTER

from eukrates.landscape.search import BasinHopping, Budget, HotDynamics, Rules, Search
from eukrates.units import KELVIN

EPSILON_KELVIN = 1 / KELVIN  # K, of the CLUSTER's ε = 1 eV
HOPPING = BasinHopping(walkers=12, temperature_kelvin=0.8 * EPSILON_KELVIN, step_angstrom=0.4)
HEAT = HotDynamics(4, (0.25 * EPSILON_KELVIN,), interval_fs=100.0, timestep_fs=1.0, friction_per_ps=20.0)
RULES = Rules(force=1e-4, window=1e-5, mirror="merged", gap=2.0, seed=3)


def start(atoms: int) -> Atoms:
    """A heap, of which the first layer has nine atoms."""
    places = np.stack(np.meshgrid(np.arange(3.0), np.arange(3.0), np.arange(3.0), indexing="ij"), -1).reshape(-1, 3)
    order = np.argsort(places[:, 2], kind="stable")
    return Atoms(f"Ar{atoms}", 1.1 * places[order[:atoms]] + np.random.default_rng(1).normal(0, 0.05, (atoms, 3)))


def search(atoms: int, folder=None, explorers=(HOPPING,), rules=RULES) -> Search:
    """Not yet begun."""
    return Search(CLUSTER, [start(atoms)], explorers, folder, rules)


def found(one: Search) -> list:
    """All that must be equal, bit for bit."""
    minima = [(m.energy, m.count, m.positions.tobytes()) for m in one.catalogue.minima]
    return [minima, [(s.quenches, s.minima, s.aside) for s in one.standings], [a.reason for a in one.aside]]


def go(folder, quenches: int, progress=lambda standing, done, of: None) -> Search:
    """A search that a process may be killed in."""
    one = search(7, folder, (HOPPING, HEAT))
    one(Budget(quenches=quenches), progress)
    return one
