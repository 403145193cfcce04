"""Fixed charges by element, for laws that act between charges: a salt, and the test of the law."""

import abc
from collections.abc import Mapping

import equinox as eqx
import jax
import jax.numpy as jnp

from eukrates.elements import by_number
from eukrates.matter import Graph
from eukrates.numerics import sum_by
from eukrates.potential import Potential, Prediction


class FixedCharges(Potential):
    """Charges in e by symbol under a law; the subclass says which, and what it takes besides."""

    by_symbol: eqx.AbstractVar[tuple[tuple[str, float], ...]]

    cutoff = 1.0  # it reads no near edges: any reach would do
    needs = ()

    @property
    def elements(self) -> tuple[str, ...]:
        """Those with a charge."""
        return tuple(symbol for symbol, _ in self.by_symbol)

    @property
    def charges(self) -> dict[str, float]:
        """e by symbol."""
        return dict(self.by_symbol)

    @abc.abstractmethod
    def shares(self, charges: jax.Array, graph: Graph) -> tuple[jax.Array | None, jax.Array]:
        """Energies in eV of systems (None: those of their atoms together) and of atoms."""

    def __call__(self, graph: Graph) -> Prediction:
        s = graph.system
        charges = jnp.asarray(by_number(self.charges), s.positions.dtype)[s.numbers]
        energy, energies = self.shares(charges, graph)
        energy = sum_by(energies, s.owner, s.systems) if energy is None else energy
        return Prediction(energy=energy, terms={"electrostatics": energy}, energies=energies, charges=charges)


def listed(charges: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """Charges by symbol as a static field can hold them."""
    return tuple((symbol, float(q)) for symbol, q in charges.items())
