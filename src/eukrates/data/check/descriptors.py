"""Energies linear in their parameters, with exact gradients: the ruler that `surrogate` lays along the data.

    E  = Σ_f c_f B_f                                                                              (1)
    B  = Σ_{i<j} φ_k(r_ij) for each pair of elements and k                                        (2)
    B  = Σ_i Σ_c T_imc T_im'c for each element of i, channels m ≤ m', rank l                      (3)
    T_imc = Σ_j g_n(r_ij) t_c(r̂_ij), m = (element of j, n), t = 1, r̂, √(3/2)(r̂r̂ - 1/3)            (4)

Equation (3) is the atomic cluster expansion to second order (Drautz, Phys. Rev. B 99, 014104 (2019),
doi:10.1103/PhysRevB.99.014104) with l ≤ 2: angles between bonds. NumPy only, one structure at a time.
"""

from dataclasses import dataclass

import numpy as np

from eukrates.data.sample import Sample
from eukrates.matter import neighbours
from eukrates.matter.neighbours import pair_vectors

RANKS = (slice(0, 1), slice(1, 4), slice(4, 13))


@dataclass(frozen=True)
class Basis:
    """Elements and sizes of the expansion; distances in Å."""

    elements: tuple[int, ...]
    pair_functions: int = 8
    pair_cutoff: float = 5.0
    angle_functions: int = 3
    angle_cutoff: float = 3.0

    @property
    def channels(self) -> int:
        """m in (4)."""
        return len(self.elements) * self.angle_functions

    @property
    def pair_classes(self) -> int:
        """Unordered pairs of elements."""
        n = len(self.elements)
        return n * (n + 1) // 2

    @property
    def size(self) -> int:
        """The number of functions B_f."""
        angles = len(self.elements) * 3 * self.channels * (self.channels + 1) // 2
        return self.pair_classes * self.pair_functions + angles


@dataclass(frozen=True)
class Expansion:
    """The functions of one structure and their derivatives."""

    values: np.ndarray  # [functions]
    gradients: np.ndarray  # ∂B/∂r, [functions, atoms, 3], 1/Å
    strain: np.ndarray  # ∂B/∂ε, [functions, 3, 3]


def basis_for(elements: tuple[int, ...], longest_bond: float) -> Basis:
    """A basis of a few hundred functions: the more elements, the fewer functions for each."""
    angle_functions = {1: 4, 2: 4, 3: 3, 4: 2}.get(len(elements), 1)
    angle_cutoff = max(3.0, 1.6 * longest_bond)
    return Basis(elements, 8, max(5.0, angle_cutoff + 1.0), angle_functions, angle_cutoff)


def expand(sample: Sample, basis: Basis) -> Expansion:
    """Equations (2) to (4) for one structure; every element must be in the basis."""
    edges = neighbours(sample.system, basis.pair_cutoff)
    vectors = pair_vectors(sample.system, edges)
    species = np.searchsorted(basis.elements, sample.numbers)
    h, atoms = edges.half, sample.system.atoms
    pair = _pairs(vectors[:h], edges.i[:h], edges.j[:h], species, basis, atoms)
    close = np.flatnonzero(np.einsum("pa,pa->p", vectors, vectors) < basis.angle_cutoff**2)
    angle = _angles(vectors[close], edges.i[close], edges.j[close], species, basis, atoms)
    return Expansion(*(np.concatenate([a, b]) for a, b in zip(pair, angle, strict=True)))


def radial(r: np.ndarray, functions: int, cutoff: float) -> tuple[np.ndarray, np.ndarray]:
    """Chebyshev polynomials of exp(-r/1.5 Å) times (1 - r/cutoff)², and their derivatives: [pairs, functions] each."""
    length = 1.5
    x, least = np.exp(-r / length), np.exp(-cutoff / length)
    s = np.clip(2 * (x - least) / (1 - least) - 1, -1, 1)
    ds = -2 * x / length / (1 - least)
    fade, dfade = (1 - r / cutoff) ** 2, -2 * (1 - r / cutoff) / cutoff
    polynomial, derivative = [np.ones_like(r), s], [np.zeros_like(r), np.ones_like(r)]
    for _ in range(2, functions):
        derivative.append(2 * polynomial[-1] + 2 * s * derivative[-1] - derivative[-2])
        polynomial.append(2 * s * polynomial[-1] - polynomial[-2])
    p, dp = np.stack(polynomial[:functions], 1), np.stack(derivative[:functions], 1)
    return p * fade[:, None], dp * (ds * fade)[:, None] + p * dfade[:, None]


def _pairs(vectors, i, j, species, basis: Basis, atoms: int):
    count, k = len(basis.elements), basis.pair_functions
    r = np.sqrt(np.einsum("pa,pa->p", vectors, vectors))
    value, slope = radial(r, k, basis.pair_cutoff)
    kind = pair_kind(species[i], species[j], count)
    values, gradients = np.zeros((basis.pair_classes, k)), np.zeros((basis.pair_classes, k, atoms, 3))
    strain = np.zeros((basis.pair_classes, k, 3, 3))
    unit = vectors / r[:, None]
    for one in np.unique(kind):
        p = np.flatnonzero(kind == one)
        push = slope[p][:, :, None] * unit[p][:, None, :]  # [p, k, 3]
        values[one] = value[p].sum(axis=0)
        gradients[one] = np.einsum("pa,pkx->kax", _incidence(i[p], j[p], atoms), push, optimize=True)
        strain[one] = np.einsum("pkx,py->kxy", push, vectors[p])
    rows = basis.pair_classes * k
    return values.reshape(rows), gradients.reshape(rows, atoms, 3), strain.reshape(rows, 3, 3)


def pair_kind(a: np.ndarray, b: np.ndarray, elements: int) -> np.ndarray:
    """Index of the unordered pair of elements a, b."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    return low * elements - low * (low - 1) // 2 + high - low


def _angles(vectors, i, j, species, basis: Basis, atoms: int):
    """Equation (3) with gradients: ∂B/∂r_ij = Σ_c ∂t_c/∂r_ij (T_im'c), both factors in turn."""
    n, m = basis.angle_functions, basis.channels
    r = np.sqrt(np.einsum("pa,pa->p", vectors, vectors))
    value, slope = radial(r, n, basis.angle_cutoff)
    tensor, d_tensor = harmonics(vectors / r[:, None], r)
    part = value[:, :, None] * tensor[:, None, :]  # [p, n, 13]
    unit = vectors / r[:, None]
    d_part = (slope[:, :, None] * tensor[:, None, :])[..., None] * unit[:, None, None, :]
    d_part = d_part + value[:, :, None, None] * d_tensor[:, None]  # [p, n, 13, 3]
    t = np.zeros((atoms, len(basis.elements), n, 13))
    np.add.at(t, (i, species[j]), part)
    t = t.reshape(atoms, m, 13)
    products = np.stack([np.einsum("imc,ikc->imk", t[..., s], t[..., s]) for s in RANKS], 1)  # [atoms, l, m, m]
    full = np.zeros((len(basis.elements), 3, m, m))
    np.add.at(full, species, products)
    gradients = np.zeros((len(basis.elements), 3, m, m, atoms, 3))
    strain = np.zeros((len(basis.elements), 3, m, m, 3, 3))
    for a in np.unique(species[i]):
        for b in np.unique(species[j]):
            p = np.flatnonzero((species[i] == a) & (species[j] == b))
            if not p.size:
                continue
            incidence, rows = _incidence(i[p], j[p], atoms), slice(b * n, b * n + n)
            for rank, s in enumerate(RANKS):
                pull = np.einsum("pncx,pmc->pnmx", d_part[p][:, :, s], t[i[p]][..., s], optimize=True)
                gradients[a, rank, rows] += np.tensordot(pull, incidence, (0, 0)).transpose(0, 1, 3, 2)
                strain[a, rank, rows] += np.tensordot(pull, vectors[p], (0, 0))
    upper = np.triu_indices(m)
    gradients = (gradients + gradients.swapaxes(2, 3))[:, :, upper[0], upper[1]]
    strain = (strain + strain.swapaxes(2, 3))[:, :, upper[0], upper[1]]
    return full[:, :, upper[0], upper[1]].reshape(-1), gradients.reshape(-1, atoms, 3), strain.reshape(-1, 3, 3)


def harmonics(u: np.ndarray, r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """t_c of (4), [pairs, 13], and their derivatives with respect to the vector, [pairs, 13, 3]."""
    identity = np.eye(3)
    turn = (identity - u[:, :, None] * u[:, None, :]) / r[:, None, None]  # ∂u_a/∂r_x
    outer = np.sqrt(1.5) * (u[:, :, None] * u[:, None, :] - identity / 3)
    d_outer = np.sqrt(1.5) * (turn[:, :, None, :] * u[:, None, :, None] + u[:, :, None, None] * turn[:, None, :, :])
    count = len(u)
    tensor = np.concatenate([np.ones((count, 1)), u, outer.reshape(count, 9)], axis=1)
    return tensor, np.concatenate([np.zeros((count, 1, 3)), turn, d_outer.reshape(count, 9, 3)], axis=1)


def _incidence(i: np.ndarray, j: np.ndarray, atoms: int) -> np.ndarray:
    """[pairs, atoms]: the vector from i to j grows with r_j and shrinks with r_i."""
    rows, incidence = np.arange(len(i)), np.zeros((len(i), atoms))
    np.add.at(incidence, (rows, j), 1.0)
    np.add.at(incidence, (rows, i), -1.0)
    return incidence
