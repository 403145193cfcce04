"""Radial distribution functions of any periodic cell, and how many neighbours stand within a distance."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eukrates.analysis.statistics import mean_and_error
from eukrates.elements import number, symbols
from eukrates.matter import System, neighbours, system
from eukrates.matter.neighbours import pair_vectors


@dataclass(frozen=True)
class RadialDistribution:
    """g(r) of atoms B around atoms A. Errors are standard errors from block averages; NaN if there was one frame."""

    radius: np.ndarray  # Å, centres of the shells, [bins]
    edges: np.ndarray  # Å, [bins + 1]
    g: np.ndarray  # [bins]
    error: np.ndarray  # of g, [bins]
    coordination: np.ndarray  # mean number of B around one A closer than the outer edge of each shell, [bins]
    coordination_error: np.ndarray  # [bins]

    def neighbours_within(self, radius: float) -> float:
        """Mean number of B around one A closer than `radius` (Å), linear between the edges of shells."""
        if not 0 <= radius <= self.edges[-1]:
            raise ValueError(f"Expected a radius from 0 to {self.edges[-1]:g} Å, got {radius!r}: raise radius_max.")
        return float(np.interp(radius, self.edges, np.concatenate([[0.0], self.coordination])))


def radial_distribution(
    structure: System,
    positions: Float[np.ndarray, "frames atoms 3"],
    radius_max: float,
    pair: tuple[str, str] | None = None,
    bins: int = 200,
    cells: Float[np.ndarray, "frames 3 3"] | None = None,
) -> RadialDistribution:
    """g_AB(r) up to `radius_max` (Å), every periodic image counted, so it may exceed half the cell.

    g_AB(r) = ⟨ n_AB(shell) V / (N_A N_B 4π/3 (r₊³ - r₋³)) ⟩ over frames                                        (1)

    with n_AB the ordered pairs in the shell r₋ ≤ r < r₊ (Allen & Tildesley, Computer Simulation of Liquids, 2nd ed.
    2017, sec. 2.6). Images of an atom are neighbours of their original, as in a crystal. Below the shortest lattice
    vector there are none, so a structureless fluid of N atoms of one kind has 1 - 1/N there, not 1.

    Args:
        pair: symbols of A and B, ("O", "H"); all atoms around all atoms if None.
        cells: Å, one per frame where the cell moves (NPT); the structure's own where not given.

    Raises:
        ValueError: not periodic along all axes (there is no density to compare with), an element that is not there,
            no frames, or a radius or number of bins that is not positive.
    """
    numbers = np.asarray(structure.numbers)
    lattices = np.broadcast_to(structure.cell, (len(positions), 3, 3)) if cells is None else cells
    _check(lattices, len(positions), radius_max, bins)
    a, b = _chosen(numbers, pair)
    kept = np.flatnonzero(a | b)
    edges = np.linspace(0.0, radius_max, bins + 1)
    counts = np.array(
        [
            _counts(numbers[kept], r[kept], h, (a[kept], b[kept]), edges)
            for r, h in zip(positions, lattices, strict=True)
        ]
    )
    volumes = np.abs(np.linalg.det(lattices))[:, None]
    shells = 4 * np.pi / 3 * np.diff(edges**3)
    g, error = _by_column(counts * volumes / (a.sum() * b.sum() * shells))  # (1)
    coordination, coordination_error = _by_column(np.cumsum(counts, axis=1) / a.sum())
    return RadialDistribution((edges[1:] + edges[:-1]) / 2, edges, g, error, coordination, coordination_error)


def _counts(numbers, positions, lattice, chosen, edges) -> np.ndarray:
    """Ordered pairs A → B of one frame by shell, [bins]."""
    here = system(numbers, positions, lattice)
    pairs = neighbours(here, float(edges[-1]))
    pairs_ab = chosen[0][pairs.i] & chosen[1][pairs.j]
    return np.histogram(np.linalg.norm(pair_vectors(here, pairs)[pairs_ab], axis=1), edges)[0]


def _chosen(numbers: np.ndarray, pair: tuple[str, str] | None) -> tuple[np.ndarray, np.ndarray]:
    if pair is None:
        everyone = np.ones(numbers.size, bool)
        return everyone, everyone
    a, b = (numbers == number(symbol) for symbol in pair)
    if not (a.any() and b.any()):
        here = ", ".join(symbols(np.unique(numbers).tolist()))
        raise ValueError(f"Expected two elements of this structure ({here}), got {pair[0]} and {pair[1]}.")
    return a, b


def _check(lattices: np.ndarray, frames: int, radius_max: float, bins: int) -> None:
    if frames == 0 or len(lattices) != frames:
        raise ValueError(f"Expected at least one frame and one cell for each, got {frames} and {len(lattices)}.")
    if not (radius_max > 0 and np.isfinite(radius_max)) or bins < 1:
        raise ValueError(f"Expected radius_max above 0 Å and at least one bin, got {radius_max!r} and {bins!r}.")
    if not np.all(np.any(lattices != 0, axis=2)):
        raise ValueError(
            "Expected a structure that is periodic along all three axes: g(r) compares with the mean density, and an "
            "open structure has none. For a molecule, use histogram() of its distances; for a slab or a droplet, "
            "give a cell."
        )


def _by_column(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard error over frames of every column."""
    if len(rows) == 1:
        return rows[0].astype(np.float64), np.full(rows.shape[1], np.nan)
    means, errors = zip(*(mean_and_error(np.asarray(column, np.float64)) for column in rows.T), strict=True)
    return np.array(means), np.array(errors)
