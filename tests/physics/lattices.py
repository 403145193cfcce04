"""Periodic structures with charges for the tests of sums over waves, and sums over images by brute force."""

import itertools
import math

import numpy as np
from scipy.special import erfc

from eukrates.units import KE

MADELUNG = {"NaCl": 1.7475645946331822, "CsCl": 1.76267477307099, "ZnS": 1.63805505338879}  # per nearest distance
HALVES = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]]) / 2


def crystal(name: str, a: float = 4.0):
    """Charges ±1, positions, cubic cell, and the distance of nearest neighbours."""
    if name == "CsCl":
        sites, other, nearest = np.zeros((1, 3)), 0.5, math.sqrt(3) / 2
    else:
        sites, other, nearest = HALVES, {"NaCl": 0.5, "ZnS": 0.25}[name], {"NaCl": 0.5, "ZnS": math.sqrt(3) / 4}[name]
    fractions = np.concatenate([sites, sites + other])
    charges = np.repeat([1.0, -1.0], len(sites))
    return charges, fractions * a, a * np.eye(3), nearest * a


def disordered(seed: int, atoms: int = 7, neutral: bool = True):
    """Charges and positions at random in a triclinic cell."""
    rng = np.random.default_rng(seed)
    cell = np.array([[7.0, 0.3, -0.2], [2.5, 6.0, 0.4], [-1.8, 1.1, 8.0]])
    charges = rng.normal(size=atoms)
    if neutral:
        charges -= charges.mean()
    return charges, rng.uniform(-1, 2, (atoms, 3)) @ cell, cell


def repeated(charges, positions, cell, times):
    """The same crystal in a cell of `times` = (n₁, n₂, n₃) cells."""
    shifts = np.array(list(itertools.product(*(range(n) for n in times)))) @ cell
    return (
        np.tile(charges, len(shifts)),
        np.concatenate([positions + s for s in shifts]),
        cell * np.array(times)[:, None],
    )


def point_correction(charges, positions, cell, width: float, reach: int) -> float:
    """kₑ/2 Σ' qᵢqⱼ erfc(d/σ)/d over all images in `reach` cells: points minus Gaussians, in eV."""
    shifts = np.array(list(itertools.product(range(-reach, reach + 1), repeat=3))) @ cell
    d = np.linalg.norm(positions[:, None, None] - positions[None, :, None] + shifts, axis=-1)
    kernel = np.where(d > 1e-9, erfc(d / width) / np.where(d > 1e-9, d, 1.0), 0.0)
    return KE / 2 * float(np.einsum("i,ijs,j->", charges, kernel, charges))


def wave_sum(charges, positions, cell, width: float, most: int) -> float:
    """The energy, wave by wave as in the textbook: atoms × waves, no factorised phases."""
    n = np.array([v for v in itertools.product(range(-most, most + 1), repeat=3) if any(v)])
    k = 2 * math.pi * n @ np.linalg.inv(cell).T
    k2 = (k**2).sum(axis=1)
    rho = np.exp(1j * k @ positions.T) @ charges
    volume = abs(np.linalg.det(cell))
    waves = np.sum(4 * math.pi / k2 * np.exp(-(width**2) * k2 / 4) * abs(rho) ** 2) / volume
    own = 2 / (math.sqrt(math.pi) * width) * np.sum(charges**2)
    return KE / 2 * (waves - own - math.pi * width**2 / volume * charges.sum() ** 2)
