"""Small potentials whose virtues and faults are known, for tests of the tests."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from eukrates.matter import Graph
from eukrates.numerics import norm, sum_by
from eukrates.potential import Potential, Prediction
from eukrates.radial.cutoffs import cosine


class Pairwise(Potential):
    """½ Σ φ(r) c(r) over pairs, φ given by a subclass."""

    strength: jnp.ndarray
    cutoff: float = eqx.field(static=True, default=4.0)
    elements: tuple[str, ...] | None = eqx.field(static=True, default=("H", "O"))
    far_cutoff = None
    needs = ()

    def __init__(self, strength=1.0, cutoff=4.0, elements=("H", "O")):
        self.strength, self.cutoff, self.elements = np.float64(strength) * np.ones(()), cutoff, elements

    def phi(self, r, vectors):
        raise NotImplementedError

    def fade(self, r):
        return jnp.where(r < self.cutoff, cosine(r, self.cutoff) ** 2, 0.0)

    def __call__(self, graph: Graph) -> Prediction:
        s, e = graph.system, graph.near
        vectors = graph.vectors(e)
        r = norm(vectors)
        pair = jnp.where(e.real, 0.5 * self.strength * self.phi(r, vectors) * self.fade(r), 0.0)
        energies = sum_by(pair, e.i, s.atoms)
        energy = sum_by(energies, s.owner, s.systems)
        return Prediction(energy=energy, terms={"pairs": energy}, energies=energies)


class Morse(Pairwise):
    """A bond at 1 Å with a wall that stays finite but rises all the way."""

    def phi(self, r, vectors):
        return (1 - jnp.exp(-2.0 * (r - 1.0))) ** 2 - 1


class Holed(Pairwise):
    """Attraction without repulsion below 0.5 Å: atoms that climb the wall fall into each other."""

    def phi(self, r, vectors):
        return (1 - jnp.exp(-2.0 * (r - 1.0))) ** 2 - 1 - 30 * jnp.exp(-((r / 0.3) ** 2))


class Leaning(Pairwise):
    """A bond that likes to point along x: energies change when the world is turned."""

    def phi(self, r, vectors):
        return ((1 - jnp.exp(-2.0 * (r - 1.0))) ** 2 - 1) * (1 + 0.01 * vectors[:, 0] ** 2)


class Handed(Pairwise):
    """Rotations leave it alone, reflections do not: Σ (r_ij × r_ik) · r_il would be such; here a signed triple product."""

    def phi(self, r, vectors):
        return (1 - jnp.exp(-2.0 * (r - 1.0))) ** 2 - 1

    def __call__(self, graph: Graph) -> Prediction:
        base = super().__call__(graph)
        s = graph.system
        first = jnp.concatenate([jnp.ones(1, bool), s.owner[1:] != s.owner[:-1]])
        start = jnp.nonzero(first, size=s.systems, fill_value=0)[0]
        a, b, c = (s.positions[jnp.minimum(start + k, s.atoms - 1)] - s.positions[start] for k in (1, 2, 3))
        energy = base.energy + 0.01 * jnp.sum(jnp.cross(a, b) * c, axis=-1)
        return Prediction(energy=energy, terms={"pairs": energy})


class Cut(Morse):
    """Ends with a step at the cutoff."""

    def fade(self, r):
        return jnp.where(r < self.cutoff, 1.0, 0.0)


class Liar(Morse):
    """Its gradient is not the derivative of its energy."""

    def __call__(self, graph: Graph) -> Prediction:
        import jax

        base = super().__call__(graph)
        r = graph.system.positions
        nothing = 0.05 * sum_by(
            jnp.sum(jnp.sin(r) - jax.lax.stop_gradient(jnp.sin(r)), axis=1), graph.system.owner, graph.system.systems
        )
        energy = base.energy + nothing
        return Prediction(energy=energy, terms={"pairs": energy})
