"""Energy, forces and strain derivative of a linear expansion with known coefficients."""

from dataclasses import dataclass

import numpy as np

from eukrates.data.check.descriptors import RANKS, Basis, harmonics, pair_kind, radial
from eukrates.data.sample import Sample
from eukrates.matter import neighbours
from eukrates.matter.neighbours import pair_vectors


@dataclass(frozen=True)
class LinearModel:
    """E = Σ_f c_f B_f with the functions of `descriptors` (equations 1 to 4 there)."""

    basis: Basis
    coefficients: np.ndarray  # [functions], eV

    def __call__(self, sample: Sample) -> tuple[float, np.ndarray, np.ndarray]:
        """Energy (eV, up to a constant), forces [atoms, 3] (eV/Å), ∂E/∂ε [3, 3] (eV)."""
        basis, positions = self.basis, np.asarray(sample.system.positions)
        edges = neighbours(sample.system, basis.pair_cutoff)
        i, j, h = edges.i, edges.j, edges.half
        vectors = pair_vectors(sample.system, edges)
        species = np.searchsorted(basis.elements, sample.numbers)
        split = basis.pair_classes * basis.pair_functions
        pair = self._pairs(vectors[:h], species[i[:h]], species[j[:h]], self.coefficients[:split])
        close = np.flatnonzero(np.einsum("pa,pa->p", vectors, vectors) < basis.angle_cutoff**2)
        angle = self._angles(vectors[close], i[close], species[j[close]], species, self.coefficients[split:])
        forces, strain = np.zeros_like(positions), np.zeros((3, 3))
        for (_, pull), a, b, v in ((pair, i[:h], j[:h], vectors[:h]), (angle, i[close], j[close], vectors[close])):
            np.add.at(forces, a, pull)
            np.add.at(forces, b, -pull)
            strain += pull.T @ v
        return float(pair[0] + angle[0]), forces, (strain + strain.T) / 2

    def _pairs(self, vectors, a, b, coefficients):
        """Energy and ∂E/∂r_ij of equation (2)."""
        r = np.sqrt(np.einsum("pa,pa->p", vectors, vectors))
        value, slope = radial(r, self.basis.pair_functions, self.basis.pair_cutoff)
        mine = coefficients.reshape(self.basis.pair_classes, -1)[pair_kind(a, b, len(self.basis.elements))]
        pull = np.einsum("pk,pk->p", mine, slope)[:, None] * vectors / r[:, None]
        return np.einsum("pk,pk->", mine, value), pull

    def _angles(self, vectors, i, b, species, coefficients):
        """Energy and ∂E/∂r_ij of equation (3), through ∂E/∂T."""
        basis, n, m = self.basis, self.basis.angle_functions, self.basis.channels
        r = np.sqrt(np.einsum("pa,pa->p", vectors, vectors))
        value, slope = radial(r, n, basis.angle_cutoff)
        unit = vectors / r[:, None]
        tensor, d_tensor = harmonics(unit, r)
        t = np.zeros((len(species), len(basis.elements), n, 13))
        np.add.at(t, (i, b), value[:, :, None] * tensor[:, None, :])
        t = t.reshape(len(species), m, 13)
        full = np.zeros((len(basis.elements), 3, m, m))
        full[:, :, *np.triu_indices(m)] = coefficients.reshape(len(basis.elements), 3, -1)
        full = (full + full.swapaxes(2, 3))[species]  # [atoms, l, m, m]
        pressure = np.concatenate(
            [np.einsum("imk,ikc->imc", full[:, rank], t[..., s]) for rank, s in enumerate(RANKS)], axis=2
        )  # ∂E/∂T, [atoms, m, 13]
        mine = pressure.reshape(len(species), len(basis.elements), n, 13)[i, b]  # [p, n, 13]
        pull = np.einsum("pnc,pn,pc,px->px", mine, slope, tensor, unit, optimize=True)
        pull += np.einsum("pnc,pn,pcx->px", mine, value, d_tensor, optimize=True)
        return 0.5 * np.sum(pressure * t), pull
