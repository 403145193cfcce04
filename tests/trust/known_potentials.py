"""Small potentials whose virtues and faults are known, for tests of the tests."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from eukrates.matter import Graph
from eukrates.numerics import norm, sum_by
from eukrates.potential import Potential, Prediction
from eukrates.radial.cutoffs import cosine
from eukrates.shapes import AnyArray


class Morse(Potential):
    """A sound one: ½ Σ [(1 - exp(-2 (r - 1)))² - 1] c(r)². The wall between nuclei is finite and rises all the way."""

    strength: AnyArray
    cutoff: float = eqx.field(static=True)
    elements: tuple[str, ...] | None = eqx.field(static=True)
    far_cutoff = None
    needs = ()

    def __init__(self, strength=1.0, cutoff=4.0, elements=("H", "O")):
        self.strength, self.cutoff, self.elements = np.full((), strength, np.float64), cutoff, elements

    def phi(self, r, vectors):
        """Pair energy in eV before it fades."""
        return (1 - jnp.exp(-2.0 * (r - 1.0))) ** 2 - 1

    def fade(self, r):
        """1 → 0 at the cutoff."""
        return jnp.where(r < self.cutoff, cosine(r, self.cutoff) ** 2, 0.0)

    def extra(self, system):
        """Energy of each system that is not a sum over pairs."""
        return 0.0

    def __call__(self, graph: Graph) -> Prediction:
        s, e = graph.system, graph.near
        vectors = graph.vectors(e)
        r = norm(vectors)
        pair = jnp.where(e.real, 0.5 * self.strength * self.phi(r, vectors) * self.fade(r), 0.0)
        energy = sum_by(sum_by(pair, e.i, s.atoms), s.owner, s.systems) + self.extra(s)
        return Prediction(energy=energy, terms={"pairs": energy})


class Holed(Morse):
    """No repulsion below 0.4 Å: atoms that climb the wall fall into each other."""

    def phi(self, r, vectors):
        return super().phi(r, vectors) - 60 * jnp.exp(-((r / 0.25) ** 2))


class Leaning(Morse):
    """Bonds like to point along x: the energy changes when the world is turned."""

    def phi(self, r, vectors):
        return super().phi(r, vectors) * (1 + 0.01 * vectors[:, 0] ** 2)


class Handed(Morse):
    """Adds the signed volume of the first four atoms: turning leaves it alone, mirrors do not."""

    def extra(self, system):
        start = jnp.searchsorted(system.owner, jnp.arange(system.systems))
        at = lambda k: system.positions[jnp.minimum(start + k, system.atoms - 1)] - system.positions[start]
        volume = jnp.sum(jnp.cross(at(1), at(2)) * at(3), axis=-1)
        return jnp.where(system.real_systems, 0.01 * volume, 0.0)


class Placed(Morse):
    """Atoms feel where they are."""

    def extra(self, system):
        return 1e-3 * sum_by(jnp.sin(system.positions[:, 0]) * system.real, system.owner, system.systems)


class Cut(Morse):
    """Ends with a step at the cutoff."""

    def fade(self, r):
        return jnp.where(r < self.cutoff, 1.0, 0.0)


class Liar(Morse):
    """Forces are 2 % larger than the derivative of the energy."""

    def phi(self, r, vectors):
        phi = super().phi(r, vectors)
        return phi + 0.02 * (phi - jax.lax.stop_gradient(phi))


class Crowded(Morse):
    """Energy per atom depends on how many atoms there are."""

    def extra(self, system):
        return 1e-4 * sum_by(system.real * 1.0, system.owner, system.systems) ** 2


class Brittle(Morse):
    """Not a number where atoms are closer than 0.9 Å."""

    def phi(self, r, vectors):
        return super().phi(r, vectors) + jnp.where(r < 0.9, jnp.nan, 0.0)


class Charged(Morse):
    """Asks for charge and spin, and ignores them."""

    needs = ("charge", "spin")
