"""Labellers that the tests can rely on without any quantum chemistry; importable by worker processes."""

import dataclasses
import os
import time

import numpy as np
from ase import Atoms
from ase.build import molecule
from ase.calculators.lj import LennardJones

from eukrates.reference import LabelError, Labeller, Labels, charge_and_spin


@dataclasses.dataclass(frozen=True)
class Springs(Labeller):
    """Every atom is tied to the origin, E = ½ k Σ r²; slow on demand; fails, breaks or dies on the structures told."""

    seconds: float = 0.0
    fails_on: tuple[int, ...] = ()
    breaks_on: tuple[int, ...] = ()
    dies_on: tuple[int, ...] = ()
    stiffness: float = 2.0

    @property
    def level(self) -> str:
        return f"springs of {self.stiffness} eV/Å²"

    def check(self, atoms: Atoms) -> None:
        charge_and_spin(atoms)

    def __call__(self, atoms: Atoms) -> Labels:
        time.sleep(self.seconds)
        number = atoms.info["number"]
        if number in self.fails_on:
            raise LabelError(f"structure {number} was told to fail")
        if number in self.breaks_on:
            raise TypeError("a mistake in the labeller")
        if number in self.dies_on:
            os._exit(9)
        r = atoms.positions
        return Labels(0.5 * self.stiffness * float((r**2).sum()), -self.stiffness * r, dipole=r.sum(axis=0))


def waters(count: int, size: float = 0.05) -> list[Atoms]:
    """Distorted water molecules, numbered, with charge and spin."""
    frames = []
    for number in range(count):
        water = molecule("H2O")
        water.info.update(charge=0, spin=0, number=number)
        water.rattle(size, seed=number)
        frames.append(water)
    return frames


def lennard_jones(atoms: Atoms) -> LennardJones:
    """A calculator that ASE brings along."""
    return LennardJones(epsilon=0.01, sigma=2.5, rc=12.0)


def largest_force_error(labeller: Labeller, atoms: Atoms, step: float = 0.01) -> float:
    """Largest error, eV/Å, of the force along two random directions, against five-point differences of the energy."""
    forces, rng = labeller(atoms).forces, np.random.default_rng(0)

    def energy(displacement: np.ndarray) -> float:
        moved = atoms.copy()
        moved.positions += displacement
        return labeller(moved).energy

    def error(direction: np.ndarray) -> float:
        near, far = (energy(k * step * direction) - energy(-k * step * direction) for k in (1, 2))
        return abs(float((forces * direction).sum()) + (8 * near - far) / (12 * step))

    directions = rng.normal(size=(2, *forces.shape))
    return max(error(direction / np.linalg.norm(direction)) for direction in directions)
