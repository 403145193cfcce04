"""Holes in the repulsion: is there always a wall between two nuclei?

Every pair of elements is pushed together from 0.7 to 0.2 times the sum of its covalent radii R, free and, for pairs
found in the user's structures, in their place with all other atoms held. The energy must rise all the way:

    depth = max over r of [ max_{r' ≥ r, r' ≤ 0.7 R} E(r') - E(r) ] ≤ 0.01 eV.                    (1)

No molecule visits 0.7 R at room temperature (C-H 0.75 Å, C-C 1.06 Å), so training data say nothing there, and a network
without physics may answer anything. A hole behind a wall of less than 5 eV (58 kT at 1000 K) is serious: dynamics can
fall in. Behind a higher wall it is a reason for care: a badly built starting structure can still fall in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np

from eukrates.elements import COVALENT_RADII, pair_name
from eukrates.matter import System, neighbours
from eukrates.matter.neighbours import pair_vectors
from eukrates.potential.evaluator import Evaluator
from eukrates.trust.finding import Finding, untested
from eukrates.trust.structures import moved, neutral

INNER, OUTER = 0.2, 0.7  # times the sum of covalent radii: where the energy must rise
POINTS = 51  # of the inner range
THRESHOLD = 0.01  # eV
WALL = 5.0  # eV
MANY = 60  # pairs; with fewer, forces that nobody reads cost less than one more compilation


@dataclass(frozen=True, eq=False)
class Scan:
    """Energy along the distance of two atoms, and the deepest hole in it."""

    pair: str  # "C-H"
    distances: np.ndarray  # Å, rising
    energies: np.ndarray  # eV, relative to the largest distance
    radius: float  # Å, sum of the covalent radii
    depth: float  # eV, (1); 0 where the energy rises all the way, inf where it is not finite
    place: float | None  # Å, where the hole is deepest
    wall: float | None  # eV from the lowest energy outside 0.7 R up to the highest point before the hole

    @property
    def told(self) -> str:
        """The hole in words."""
        if self.place is None or self.wall is None:
            return f"{self.pair}: no hole"
        wall = f"behind a wall of {self.wall:.3g} eV" if self.wall > 0 else "with no wall before it"
        return f"{self.pair}: {self.depth:.3g} eV deep at {self.place:.2f} Å, {wall}"

    def as_dict(self) -> dict:
        """Ready for JSON."""
        finite = lambda x: None if x is None or not np.isfinite(x) else float(x)
        return {"pair": self.pair, "depth": finite(self.depth), "place": self.place, "wall": finite(self.wall)}


def dimer_scans(evaluator: Evaluator, elements: Sequence[int]) -> list[Scan]:
    """Every pair of elements alone in space, from 0.2 R to the cutoff."""
    potential, pairs = evaluator.potential, list(combinations_with_replacement(elements, 2))
    many = len(pairs) > MANY
    grids = [_grid(_radius(a, b), max(potential.cutoff, 2 * _radius(a, b))) for a, b in pairs]
    dimers = [
        neutral(potential, [a, b], np.array([[0.0, 0, 0], [r, 0, 0]]))
        for (a, b), grid in zip(pairs, grids, strict=True)
        for r in grid
    ]
    want = ("energy",) if many else ("energy", "forces")
    return _scans(Evaluator(potential, batch_size=128) if many else evaluator, pairs, grids, dimers, want)


def scans_in_place(evaluator: Evaluator, structures: Sequence[System]) -> list[Scan]:
    """The closest pair of each two elements in the structures, pushed together with all other atoms held."""
    closest: dict[tuple[int, int], tuple[float, System, int, int, np.ndarray]] = {}
    for s in structures:
        near = neighbours(s, 3.0)
        vectors = pair_vectors(s, near)
        for i, j, v in zip(near.i[: near.half], near.j[: near.half], vectors[: near.half], strict=True):
            a, b = sorted((int(s.numbers[i]), int(s.numbers[j])))
            r = float(np.linalg.norm(v))
            if i != j and r < closest.get((a, b), (np.inf,))[0]:
                closest[a, b] = (r, s, int(i), int(j), v / r)
    pairs = sorted(closest)
    grids = [_grid(_radius(*pair), max(closest[pair][0], OUTER * _radius(*pair) + 0.1)) for pair in pairs]
    squeezed = [_squeezed(*closest[pair], r) for pair, grid in zip(pairs, grids, strict=True) for r in grid]
    return _scans(evaluator, pairs, grids, squeezed, ("energy", "forces"))


def judged(name: str, scans: Sequence[Scan], why_untested: str) -> Finding:
    """The deepest hole of some scans as a finding."""
    if not scans:
        return untested(name, why_untested)
    worst = max(scans, key=lambda scan: scan.depth)
    ok = worst.depth <= THRESHOLD
    if ok:
        return Finding(
            name, worst.depth, "eV", THRESHOLD, True, f"the energy rises all the way to 0.2 R for {len(scans)} pairs"
        )
    if not np.isfinite(worst.depth):
        return Finding(
            name, np.inf, "eV", THRESHOLD, False, f"the energy of {worst.pair} is not finite at short distance"
        )
    holes = [scan for scan in scans if scan.depth > THRESHOLD]
    low = [scan for scan in holes if scan.wall is not None and scan.wall < WALL]
    told = "; ".join(s.told for s in sorted(holes, key=lambda s: -s.depth)[:6])
    risk = "dynamics can fall in" if low else "out of reach for dynamics, but not for a badly built structure"
    return Finding(
        name, worst.depth, "eV", THRESHOLD, False, f"holes in {len(holes)} pairs ({risk}): {told}", bool(low)
    )


def _radius(a: int, b: int) -> float:
    return float(COVALENT_RADII[a] + COVALENT_RADII[b])


def _grid(radius: float, end: float) -> np.ndarray:
    """Fine inside, fair where bonds are, coarse beyond; rising, without repetitions."""
    inner = np.linspace(INNER * radius, OUTER * radius, POINTS)
    bonds = np.linspace(OUTER * radius, min(2 * radius, end), 31)[1:]
    return np.concatenate([inner, bonds, np.linspace(2 * radius, end, 16)[1:] if end > 2 * radius else []])


def _squeezed(r0: float, structure: System, i: int, j: int, unit: np.ndarray, r: float) -> System:
    positions = np.array(structure.positions)
    positions[i] += 0.5 * (r0 - r) * unit
    positions[j] -= 0.5 * (r0 - r) * unit
    return moved(structure, positions)


def _scans(evaluator: Evaluator, pairs, grids, structures: list[System], want: tuple[str, ...]) -> list[Scan]:
    energies = np.array([float(a.energy[0]) for a in evaluator(structures, want)])
    parts = np.split(energies, np.cumsum([len(g) for g in grids])[:-1]) if grids else []
    return [scan(pair_name(a, b), g, e, _radius(a, b)) for (a, b), g, e in zip(pairs, grids, parts, strict=True)]


def scan(pair: str, distances: np.ndarray, energies: np.ndarray, radius: float) -> Scan:
    """The scan with its deepest hole found by (1)."""
    relative = energies - energies[-1]
    if not np.all(np.isfinite(energies)):
        return Scan(pair, distances, relative, radius, np.inf, None, None)
    inner = distances <= OUTER * radius + 1e-9
    inward, where = energies[inner][::-1], distances[inner][::-1]
    before = np.maximum.accumulate(inward)
    n = int(np.argmax(before - inward))
    depth = float(before[n] - inward[n])
    if depth <= THRESHOLD:
        return Scan(pair, distances, relative, radius, max(depth, 0.0), None, None)
    return Scan(pair, distances, relative, radius, depth, float(where[n]), float(before[n] - np.min(energies[~inner])))
