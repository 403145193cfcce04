"""Small potentials with known minima."""

from abc import abstractmethod

import equinox as eqx
import jax.numpy as jnp

from eukrates.numerics import norm, sum_by
from eukrates.physics.lennard_jones import LennardJones
from eukrates.potential import Potential, Prediction

CLUSTER = LennardJones({"Ar": 1.0}, {"Ar": 1.0}, cutoff=60.0, on=50.0)  # of Wales & Doye, in ε and σ
SOLID = LennardJones({"Ar": 0.0103}, {"Ar": 3.4}, cutoff=8.5, on=6.0)


class OfPairs(Potential):
    """The sum of an energy of every pair."""

    far_cutoff = None
    elements = None
    needs = ()

    def __call__(self, graph):
        s, e = graph.system, graph.near
        h = e.half
        each = self.of(norm(graph.half_vectors(e)), s.numbers[e.i[:h]] + s.numbers[e.j[:h]])
        energy = sum_by(sum_by(jnp.where(e.real[:h], each, 0.0), e.i[:h], s.atoms), s.owner, s.systems)
        return Prediction(energy=energy, terms={"pairs": energy})

    @abstractmethod
    def of(self, r, kind):
        """eV, at distances in Å, of pairs whose atomic numbers add up to `kind`."""


class Rods(OfPairs):
    """k (r - r0)² / 2 between all atoms that are close; NaN where two are closer than `hole`."""

    length: float = eqx.field(static=True, default=1.5)
    stiffness: float = eqx.field(static=True, default=20.0)
    hole: float = eqx.field(static=True, default=0.5)
    cutoff: float = eqx.field(static=True, default=4.0)

    def of(self, r, kind):
        energies = jnp.where(r < self.hole, jnp.nan, self.stiffness * (r - self.length) ** 2 / 2)
        return jnp.where(r < self.cutoff, energies, 0.0)
