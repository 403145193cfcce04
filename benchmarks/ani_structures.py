"""Structures for ani_speed.py: peptides of glycine and alanine in a helix, and water in a periodic box."""

import ase
import numpy as np
from ase.build import molecule

HELIX = -57.0, -47.0  # φ and ψ, degrees
WATER = 1 / 29.9  # molecules per Å³ at 25 °C


def peptide(residues):
    """H-Xxx-…-OH of one-letter residues, G or A: 3 + 7 G + 10 A atoms, neutral, with standard bonds and angles."""
    built = _Chain()
    phi, psi = HELIX
    n = built.add("N", None, None, None, 0, 0, 0)
    ca = built.add("C", n, None, None, 1.46, 0, 0)
    c = built.add("C", ca, n, None, 1.52, 111, 0)
    built.add("H", n, ca, c, 1.01, 109.5, 180)
    built.add("H", n, ca, c, 1.01, 109.5, 60)
    for place, residue in enumerate(residues):
        built.add("H", ca, n, c, 1.09, 109.5, -120)
        if residue == "A":
            cb = built.add("C", ca, n, c, 1.53, 109.5, 120)
            for turn in (60, 180, 300):
                built.add("H", cb, ca, n, 1.09, 109.5, turn)
        else:
            built.add("H", ca, n, c, 1.09, 109.5, 120)
        built.add("O", c, ca, n, 1.23, 120.5, psi + 180)
        if place == len(residues) - 1:
            oxygen = built.add("O", c, ca, n, 1.34, 112, psi)
            built.add("H", oxygen, c, ca, 0.97, 107, 180)
            break
        following = built.add("N", c, ca, n, 1.33, 116.5, psi)
        built.add("H", following, c, ca, 1.01, 119, 0)
        alpha = built.add("C", following, c, ca, 1.46, 122, 180)
        n, ca, c = following, alpha, built.add("C", alpha, following, c, 1.52, 111, phi)
    return ase.Atoms(built.symbols, np.array(built.places))


def water(molecules, seed=0):
    """A cubic box, the molecules on a grid and turned at random: relax it before use."""
    rng, edge = np.random.default_rng(seed), (molecules / WATER) ** (1 / 3)
    shape = min(
        ((a, b, molecules // (a * b)) for a in range(1, molecules + 1) for b in range(1, molecules // a + 1)
         if molecules % (a * b) == 0),
        key=max,
    )  # fmt: skip
    atoms = ase.Atoms(cell=[edge] * 3, pbc=True)
    for place in np.ndindex(shape):
        one = molecule("H2O")
        one.rotate(rng.uniform(0, 360), rng.normal(size=3))
        one.translate((np.array(place) + 0.5) / shape * edge - one.get_center_of_mass())
        atoms += one
    return atoms


class _Chain:
    """Atoms placed by distance, angle and dihedral (degrees) from three that are there."""

    def __init__(self):
        self.symbols, self.places = [], []

    def add(self, symbol, one, two, three, distance, angle, dihedral):
        self.symbols.append(symbol)
        self.places.append(self._place(one, two, three, distance, np.radians(angle), np.radians(dihedral)))
        return len(self.places) - 1

    def _place(self, one, two, three, distance, angle, dihedral):
        if one is None:
            return np.zeros(3)
        a = self.places[one]
        if two is None:
            return a + np.array([distance, 0, 0])
        back = (self.places[two] - a) / np.linalg.norm(self.places[two] - a)
        far = np.array([0, 1.0, 0]) if three is None else self.places[three] - self.places[two]
        side = far - far @ back * back
        side /= np.linalg.norm(side)
        turned = np.cos(dihedral) * side + np.sin(dihedral) * np.cross(side, back)
        return a + distance * (np.cos(angle) * back + np.sin(angle) * turned)
