"""Good data for tests: energies, forces and stress that belong together because they come from one simple potential."""

import ase
import ase.build
import ase.io
import numpy as np
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from ase.data import covalent_radii
from scipy.optimize import minimize

from eukrates.data.check.totals import all_electrons
from eukrates.units import KELVIN


class Springs:
    """Morse bonds, harmonic cosines of angles, soft repulsion between the rest; minimum at the given geometry, nearly.

    Energies are shifted to the size of total energies of all electrons, as a quantum-chemistry program gives them.
    """

    def __init__(self, atoms: ase.Atoms):
        r, z = atoms.positions, atoms.numbers
        d = np.linalg.norm(r[:, None] - r[None], axis=-1)
        radii = covalent_radii[z]
        bonded = (d < 1.25 * (radii[:, None] + radii[None])) & (d > 0)
        self.bonds = np.argwhere(np.triu(bonded))
        self.angles = np.array(
            [
                (i, c, k)
                for c in range(len(z))
                for i in np.flatnonzero(bonded[c])
                for k in np.flatnonzero(bonded[c])
                if i < k
            ]
        ).reshape(-1, 3)
        near = bonded | (bonded.astype(int) @ bonded.astype(int) > 0)
        self.rest = np.argwhere(np.triu(~near, 1))
        self.length = d[tuple(self.bonds.T)]
        light = (z[self.bonds] == 1).any(axis=1)
        self.depth, self.steep = 4.5, np.sqrt(np.where(light, 32.0, 38.0) / 9.0)  # k = 2 D a² in eV/Å²
        self.cosine = self._cosines(r)[0]
        self.shift = 1.008 * all_electrons(z)

    def __call__(self, r: np.ndarray) -> tuple[float, np.ndarray]:
        """Energy (eV) and forces (eV/Å)."""
        gradient = np.zeros_like(r)
        v = r[self.bonds[:, 1]] - r[self.bonds[:, 0]]
        d = np.linalg.norm(v, axis=1)
        x = np.exp(-self.steep * (d - self.length))
        energy = self.shift + np.sum(self.depth * (1 - x) ** 2)
        pull = (2 * self.depth * self.steep * (1 - x) * x / d)[:, None] * v
        np.add.at(gradient, self.bonds[:, 1], pull)
        np.add.at(gradient, self.bonds[:, 0], -pull)
        if len(self.angles):
            cosine, (di, dk) = self._cosines(r)
            energy += np.sum(2.0 * (cosine - self.cosine) ** 2)
            push = 4.0 * (cosine - self.cosine)[:, None]
            np.add.at(gradient, self.angles[:, 0], push * di)
            np.add.at(gradient, self.angles[:, 2], push * dk)
            np.add.at(gradient, self.angles[:, 1], -push * (di + dk))
        v = r[self.rest[:, 1]] - r[self.rest[:, 0]]
        d = np.linalg.norm(v, axis=1)
        energy += np.sum(20 * np.exp(-d / 0.4))
        push = (-50 * np.exp(-d / 0.4) / d)[:, None] * v
        np.add.at(gradient, self.rest[:, 1], push)
        np.add.at(gradient, self.rest[:, 0], -push)
        return float(energy), -gradient

    def _cosines(self, r):
        if not len(self.angles):
            return np.zeros(0), (np.zeros((0, 3)), np.zeros((0, 3)))
        a, b = r[self.angles[:, 0]] - r[self.angles[:, 1]], r[self.angles[:, 2]] - r[self.angles[:, 1]]
        la, lb = np.linalg.norm(a, axis=1)[:, None], np.linalg.norm(b, axis=1)[:, None]
        cosine = np.sum(a * b, axis=1, keepdims=True) / (la * lb)
        return cosine[:, 0], ((b / lb - cosine * a / la) / la, (a / la - cosine * b / lb) / lb)


def molecules(name: str, count: int, seed: int, kelvin: float = 500.0) -> list[ase.Atoms]:
    """Harmonic samples of one molecule around its minimum with exact energies and forces; charge and spin stated."""
    rng, atoms = np.random.default_rng(seed), ase.build.molecule(name)
    field, n = Springs(atoms), len(atoms)

    def both(x):
        energy, forces = field(x.reshape(n, 3))
        return energy - field.shift, -forces.ravel()

    minimum = minimize(both, atoms.positions.ravel(), jac=True, method="BFGS", options={"gtol": 1e-5}).x
    hessian = np.array([(both(minimum + h)[1] - both(minimum - h)[1]) / 2e-4 for h in 1e-4 * np.eye(3 * n)])
    value, vector = np.linalg.eigh((hessian + hessian.T) / 2)
    free = value > 0.05  # not translation and rotation
    width = np.sqrt(kelvin * KELVIN / np.maximum(value[free], 0.5))
    frames = []
    for _ in range(count):
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        turn *= np.sign(np.linalg.det(turn))
        r = (minimum + vector[:, free] @ (width * rng.normal(size=free.sum()))).reshape(n, 3) @ turn
        energy, forces = field(r)
        frame = ase.Atoms(atoms.numbers, r, info={"charge": 0, "spin": 0})
        frame.calc = SinglePointCalculator(frame, energy=energy, forces=forces)
        frames.append(frame)
    return frames


def crystals(symbol: str, count: int, seed: int, strain: float = 0.02, rattle: float = 0.08) -> list[ase.Atoms]:
    """Rattled and strained face-centred cubic metal with the energies, forces and stress of EMT."""
    rng = np.random.default_rng(seed)
    bulk = ase.build.bulk(symbol, cubic=True).repeat((2, 2, 1))
    frames = []
    for _ in range(count):
        atoms, e = bulk.copy(), strain * rng.normal(size=(3, 3))
        atoms.set_cell(bulk.cell @ (np.eye(3) + (e + e.T) / 2), scale_atoms=True)
        atoms.positions += rattle * rng.normal(size=atoms.positions.shape)
        atoms.calc = EMT()
        energy, forces, stress = atoms.get_potential_energy(), atoms.get_forces(), atoms.get_stress()
        frame = atoms.copy()
        frame.calc = SinglePointCalculator(frame, energy=energy, forces=forces, stress=stress)
        frames.append(frame)
    return frames


def write(path, frames) -> None:
    """Extended XYZ with all digits that it keeps."""
    ase.io.write(str(path), frames, format="extxyz")
