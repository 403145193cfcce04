"""Stiffness of bonds to terminal atoms: an absolute scale for forces and their sign, whatever the temperature.

    F_j · r̂ = -k (r - r_e)       for an atom j with one neighbour, r̂ pointing from it to j           (1)
    k = 1.86 mdyn/Å · (1 Å / (r_e - d))³    Badger's rule, d by the rows of the two elements          (2)

Badger, J. Chem. Phys. 2, 128 (1934), doi:10.1063/1.1749433; J. Chem. Phys. 3, 710 (1935), doi:10.1063/1.1749581.
Good to a factor of about two in the first three rows; the units that people mix up differ by more than eight.
"""

from collections import defaultdict

import numpy as np

from eukrates.data.check.finding import Finding
from eukrates.data.check.subject import Subject, spread
from eukrates.elements import COVALENT_RADII, SYMBOLS
from eukrates.matter import neighbours
from eukrates.matter.neighbours import pair_vectors
from eukrates.units import GPA

D = np.array([[0.025, 0.335, 0.585], [0.335, 0.680, 0.900], [0.585, 0.900, 1.180]])  # Å
MDYN_PER_ANGSTROM = 1000 * GPA  # eV/Å²
FRAMES, FEWEST = 400, 30


def bond_ratio(measured: dict[str, tuple[float, float, int]]) -> float:
    """Median of k over Badger's rule; negative where stretched bonds push apart."""
    return float(np.median([k / rule for k, rule, _ in measured.values()]))


def say_bonds(measured: dict[str, tuple[float, float, int]]) -> str:
    """Force constants beside the rule, in words."""
    total = sum(count for _, _, count in measured.values())
    show = ", ".join(f"{name} {k:.3g} (rule: {rule:.2g})" for name, (k, rule, _) in list(measured.items())[:4])
    return f"force constants of bonds in eV/Å²: {show}; {total} bonds"


def bond_signs(measured: dict[str, tuple[float, float, int]]) -> list[Finding]:
    """Force constants below zero."""
    if not measured or bond_ratio(measured) > 0:
        return []
    fix = "Multiply the forces by -1: the file holds gradients instead of forces."
    fault = "forces with the wrong sign: stretched bonds push apart"
    return [Finding("force sign", "error", fault, (), say_bonds(measured), fix)]


def stiffness(subject: Subject, seed: int = 0) -> dict[str, tuple[float, float, int]]:
    """Bond type → (k from equation 1, k from equation 2, number of bonds), eV/Å²; robust least squares."""
    frames = [n for n in subject.good if subject.samples[n].forces is not None and subject.samples[n].system.atoms > 1]
    frames = np.random.default_rng(seed).permutation(np.array(frames, int))[:FRAMES]
    found: dict[tuple[int, int], list[np.ndarray]] = defaultdict(list)
    for n in frames:
        for pair, rows in _terminal_bonds(subject.samples[n]).items():
            found[pair].append(rows)
    measured = {}
    for (centre, end), rows in sorted(found.items()):
        length, force = np.concatenate(rows).T
        if len(length) < FEWEST or spread(length)[1] < 2e-3:
            continue
        k = -_slope(length - np.median(length), force - np.median(force))
        gap = float(np.median(length)) - D[_row(centre), _row(end)]
        if k and gap > 0.1:
            rule = 1.86 * MDYN_PER_ANGSTROM / gap**3  # (2)
            measured[f"{SYMBOLS[centre]}–{SYMBOLS[end]}"] = (k, rule, len(length))
    return measured


def _terminal_bonds(sample) -> dict[tuple[int, int], np.ndarray]:
    """(element of the neighbour, element of the terminal atom) → rows of length, force along the bond."""
    numbers = sample.numbers
    radii = COVALENT_RADII[numbers]
    edges = neighbours(sample.system, 2.6 * float(radii.max()))
    i, j, vectors = edges.i, edges.j, pair_vectors(sample.system, edges)
    length = np.linalg.norm(vectors, axis=1)
    bonded = length < 1.3 * (radii[i] + radii[j])
    degree = np.bincount(j[bonded], minlength=len(numbers))
    ends = np.flatnonzero(bonded & (degree[j] == 1) & (numbers[i] <= 18) & (numbers[j] <= 18))
    along = np.einsum("pa,pa->p", sample.forces[j[ends]], vectors[ends]) / length[ends]  # (1)
    found: dict[tuple[int, int], list] = defaultdict(list)
    for p, force in zip(ends, along, strict=True):
        found[int(numbers[i[p]]), int(numbers[j[p]])].append((length[p], force))
    return {pair: np.array(rows) for pair, rows in found.items()}


def _slope(x: np.ndarray, y: np.ndarray) -> float:
    """Robust slope; 0 where the line explains less than a quarter of y."""
    weights, slope = np.ones(len(x)), 0.0
    for _ in range(10):
        slope = float(np.sum(weights * x * y) / (np.sum(weights * x * x) + 1e-300))
        rest = y - slope * x
        weights = 1 / (1 + (rest / (3 * spread(rest)[1] + 1e-12)) ** 4)
    rest, size = np.sum(weights * (y - slope * x) ** 2), np.sum(weights * y**2)
    return slope if rest < 0.75 * size else 0.0


def _row(z: int) -> int:
    return 0 if z <= 2 else 1 if z <= 10 else 2
