"""Small smooth potentials with known answers."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from eukrates.numerics import norm, sum_by
from eukrates.potential import Potential, Prediction
from eukrates.radial.cutoffs import polynomial


class Springs(Potential):
    """k |r_i - r_i⁰|² / 2 for every atom: independent oscillators. Beyond `hole` Å along x the energy is NaN."""

    home: np.ndarray
    stiffness: float = eqx.field(static=True)
    hole: float = eqx.field(static=True, default=np.inf)
    cutoff: float = eqx.field(static=True, default=3.0)
    far_cutoff = None
    elements = None
    needs = ()

    def __call__(self, graph):
        s = graph.system
        home = jnp.pad(self.home, ((0, s.atoms - self.home.shape[0]), (0, 0))).astype(s.positions.dtype)
        away = s.positions - home
        energies = jnp.where(s.real, self.stiffness * jnp.sum(away**2, axis=1) / 2, 0.0)
        energies = jnp.where(away[:, 0] > self.hole, jnp.nan, energies)
        energy = sum_by(energies, s.owner, s.systems)
        return Prediction(energy=energy, terms={"springs": energy}, energies=energies)


class Morse(Potential):
    """D ((1 - exp(-a (r - r0)))² - 1) between all atoms within a cutoff."""

    well: np.ndarray
    length: float = eqx.field(static=True, default=1.5)
    cutoff: float = eqx.field(static=True, default=3.0)
    far_cutoff = None
    elements = None
    needs = ()

    def __call__(self, graph):
        s, e = graph.system, graph.near
        r = norm(graph.half_vectors(e))
        bond = (
            self.well.astype(r.dtype) * ((1 - jnp.exp(-2.0 * (r - self.length))) ** 2 - 1) * polynomial(r, self.cutoff)
        )
        pair = jnp.where(e.real[: e.half], bond, 0.0) / 2
        energies = sum_by(pair, e.i[: e.half], s.atoms) + sum_by(pair, e.j[: e.half], s.atoms)
        energy = sum_by(energies, s.owner, s.systems)
        return Prediction(energy=energy, terms={"morse": energy}, energies=energies)


MORSE = Morse(np.array(1.0))


def grid(counts, spacing):
    """Atoms on a rectangular grid."""
    return spacing * np.stack(np.meshgrid(*(np.arange(c) for c in counts), indexing="ij"), -1).reshape(-1, 3)
