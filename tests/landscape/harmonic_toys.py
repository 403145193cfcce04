"""Surfaces whose vibrations are known, and a way down to where forces are nothing."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from ase import Atoms

from eukrates.data import to_system
from eukrates.elements import by_number
from eukrates.landscape import expansion
from eukrates.numerics import norm, sum_by
from eukrates.potential import Potential, Prediction


class ElasticNetwork(Potential):
    """½ k Σ (r_ij - d_ij)² over all pairs of a molecule, at rest where it was built; charges by element, or none."""

    home: np.ndarray
    stiffness: float = eqx.field(static=True, default=30.0)
    charges: tuple = eqx.field(static=True, default=())
    cutoff: float = eqx.field(static=True, default=20.0)
    far_cutoff = None
    elements = None
    needs = ()

    def __call__(self, graph):
        s, e = graph.system, graph.near
        i, j, r = e.i[: e.half], e.j[: e.half], norm(graph.half_vectors(e))
        place = jnp.arange(s.atoms) - jnp.searchsorted(s.owner, s.owner)  # in its molecule
        home = jnp.asarray(self.home, r.dtype).at[place].get(mode="fill", fill_value=0.0)
        pairs = jnp.where(e.real[: e.half], self.stiffness / 2 * (r - norm(home[j] - home[i])) ** 2, 0.0)
        energy = sum_by(pairs, s.owner[i], s.systems)
        charges = jnp.asarray(by_number(dict(self.charges)), r.dtype)[s.numbers] if self.charges else None
        return Prediction(energy=energy, terms={"springs": energy}, charges=charges)


def network(atoms: Atoms, **choices) -> ElasticNetwork:
    return ElasticNetwork(np.array(atoms.positions), **choices)


def relaxed(potential: Potential, atoms: Atoms, steps: int = 40) -> Atoms:
    """The minimum downhill of `atoms`, by Newton's method on |H|, to forces of 1e-8 eV/Å."""
    found = atoms.copy()
    for _ in range(steps):
        at = expansion(potential, to_system(found))
        if np.abs(at.forces).max() < 1e-8:
            return found
        curvature, vectors = np.linalg.eigh(at.hessian.reshape(3 * len(found), -1))
        along = vectors.T @ at.forces.ravel()
        along = np.where(np.abs(curvature) < 1e-4, 0.0, along / np.maximum(np.abs(curvature), 0.02))
        step = (vectors @ along).reshape(-1, 3)
        found.positions += step * min(1.0, 0.1 / np.abs(step).max())
    raise AssertionError(f"not relaxed: {np.abs(at.forces).max()} eV/Å")
