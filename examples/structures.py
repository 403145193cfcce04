"""Structures to start with: a box of water, and a helix of alanine.

    python examples/structures.py [--molecules 64] [--residues 15]

writes water_box.xyz, molecules on a grid at 0.997 g/cm³ in all directions, to be equilibrated, and peptide.xyz,
Ac-(Ala)n-NHMe with the bond lengths and angles of proteins (Engh & Huber 1991) and the torsions of an α-helix.
"""

import argparse

import numpy as np
from ase import Atoms
from ase.build import molecule
from ase.units import kg, m

DENSITY = 997 * kg / m**3
HELIX = {"phi": -57.0, "psi": -47.0}


def water_box(molecules: int, seed: int = 0) -> Atoms:
    """Molecules on a cubic grid, turned at random."""
    rng = np.random.default_rng(seed)
    mass = molecules * molecule("H2O").get_masses().sum()
    edge, across = (mass / DENSITY) ** (1 / 3), int(np.ceil(molecules ** (1 / 3)))
    sites = np.stack(np.meshgrid(*[np.arange(across)] * 3), axis=-1).reshape(-1, 3)
    box = Atoms(cell=edge * np.eye(3), pbc=True)
    for site in sites[rng.permutation(len(sites))[:molecules]]:
        one = molecule("H2O")
        one.rotate(rng.uniform(0, 360), rng.normal(size=3), center="COM")
        one.translate((site + 0.5) * edge / across - one.get_center_of_mass())
        box += one
    return box


def place(bonded, beyond, last, length: float, angle: float, torsion: float) -> np.ndarray:
    """Where an atom is whose bond, angle (degrees) and torsion to three others are known."""
    axis = (bonded - beyond) / np.linalg.norm(bonded - beyond)
    normal = np.cross(beyond - last, axis)
    normal /= np.linalg.norm(normal)
    angle, torsion = np.radians([angle, torsion])
    across = np.cos(torsion) * np.cross(normal, axis) + np.sin(torsion) * normal
    return bonded + length * (-np.cos(angle) * axis + np.sin(angle) * across)


def peptide(residues: int, phi: float = HELIX["phi"], psi: float = HELIX["psi"]) -> Atoms:
    """Acetyl, `residues` L-alanines, N-methyl amide."""
    atoms: list[tuple[str, np.ndarray]] = []

    def add(symbol: str, position: np.ndarray) -> np.ndarray:
        atoms.append((symbol, position))
        return position

    def methyl(carbon, beyond, last):
        for torsion in (60, 180, 300):
            add("H", place(carbon, beyond, last, 1.09, 109.5, torsion))

    ca, c = add("C", np.zeros(3)), add("C", np.array([1.52, 0.0, 0.0]))
    n = add("N", place(c, ca, np.array([0.0, 1.0, 0.0]), 1.329, 116.6, 180))
    add("O", place(c, ca, n, 1.231, 120.5, 180))
    methyl(ca, c, n)
    for _ in range(residues):
        before, ca = ca, place(n, c, ca, 1.458, 121.7, 180)
        add("C", ca)
        add("H", place(n, c, before, 1.01, 119.0, 0))
        carbonyl = place(ca, n, c, 1.525, 111.2, phi)
        beta = add("C", place(ca, n, c, 1.53, 110.4, phi - 122.6))
        add("H", place(ca, n, c, 1.09, 109.0, phi + 118.2))
        methyl(beta, ca, n)
        add("C", carbonyl)
        add("O", place(carbonyl, ca, n, 1.231, 120.5, psi + 180))
        n, c = add("N", place(carbonyl, ca, n, 1.329, 116.6, psi)), carbonyl
    end = add("C", place(n, c, ca, 1.458, 121.7, 180))
    add("H", place(n, c, ca, 1.01, 119.0, 0))
    methyl(end, n, c)
    symbols, positions = zip(*atoms, strict=True)
    return Atoms(symbols, np.array(positions))


def main() -> None:
    parser = argparse.ArgumentParser(description="Write water_box.xyz and peptide.xyz.")
    parser.add_argument("--molecules", type=int, default=64)
    parser.add_argument("--residues", type=int, default=15)
    chosen = parser.parse_args()
    water_box(chosen.molecules).write("water_box.xyz")
    peptide(chosen.residues).write("peptide.xyz")
    print("Wrote water_box.xyz and peptide.xyz.")


if __name__ == "__main__":
    main()
