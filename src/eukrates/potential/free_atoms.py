"""E0: the energies of free atoms inside a potential."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Protocol, runtime_checkable

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from eukrates.elements import by_number, number
from eukrates.matter import Graph, System
from eukrates.numerics import sum_by
from eukrates.potential.potential import Potential
from eukrates.potential.prediction import Prediction

TERM = "atoms"  # of a prediction: Σ E0[Z_i]


@runtime_checkable
class KnowsFreeAtoms(Protocol):
    """A potential with `e0` puts Σ E0[Z_i] into its prediction as the term "atoms"."""

    e0: Mapping[str, float]


class FreeAtoms(Potential):
    """E = Σ_i E0[Z_i]: what a potential without energies of free atoms is summed with, to get them.

    Args:
        e0: energies of free atoms by symbol, eV; constants, kept in float64. Other elements are refused.

    Raises:
        ValueError: unknown symbols, energies that are not finite, or none.
    """

    free_atoms: tuple[tuple[str, float], ...] = eqx.field(static=True)

    cutoff = 0.1  # Å; it reads no pairs
    far_cutoff = None
    needs = ()

    def __init__(self, e0: Mapping[str, float]):
        if not e0 or not all(np.isfinite(energy) for energy in e0.values()):
            raise ValueError(f"Expected finite energies of free atoms in eV, for example {{'H': -13.6}}, got {e0}.")
        self.free_atoms = tuple((symbol, float(e0[symbol])) for symbol in sorted(e0, key=number))

    @property
    def e0(self) -> dict[str, float]:
        """Energies of free atoms by symbol, eV."""
        return dict(self.free_atoms)

    @property
    def elements(self) -> tuple[str, ...]:
        """Those with an energy."""
        return tuple(symbol for symbol, _ in self.free_atoms)

    def __call__(self, graph: Graph) -> Prediction:
        s = graph.system
        energies = of_free_atoms(self.e0, s)
        energy = sum_by(energies, s.owner, s.systems)
        return Prediction(energy=energy, terms={TERM: energy}, energies=energies)


def of_free_atoms(e0: Mapping[str, float], system: System) -> Float[Array, " atoms"]:
    """E0[Z_i] of every atom in eV, as precise as the positions; zero for padding."""
    table = jnp.asarray(by_number(e0), system.positions.dtype)
    return jnp.where(system.real, table[system.numbers], 0.0)


def free_atom_energies(potential: Potential) -> dict[str, float]:
    """E0 by symbol in eV; empty for a potential without; a potential made of others adds theirs, an ensemble has the
    mean of its members."""
    if isinstance(potential, KnowsFreeAtoms):
        return dict(potential.e0)
    members = potential.apart()
    if len(members) > 1:
        each = [free_atom_energies(member) for member in members]
        return {symbol: float(np.mean([one[symbol] for one in each])) for symbol in each[0]}
    total: dict[str, float] = {}
    for part in _inner(potential):
        for symbol, energy in free_atom_energies(part).items():
            total[symbol] = total.get(symbol, 0.0) + energy
    return total


def sum_of_free_atoms(e0: Mapping[str, float], numbers: np.ndarray) -> float:
    """Σ E0[Z_i] of one structure in eV, in float64 on the host."""
    return float(by_number(e0)[np.asarray(numbers)].sum())


def bound_energy(prediction: Prediction) -> Float[Array, " systems"]:
    """The energy in eV without that of the free atoms; never a difference of large numbers."""
    bound = [energy for name, energy in prediction.terms.items() if name != TERM]
    return sum(bound, jnp.zeros_like(prediction.energy))


def _inner(potential: Potential) -> Iterator[Potential]:
    for field in dataclasses.fields(potential):
        value = getattr(potential, field.name)
        yield from (v for v in (value if isinstance(value, tuple | list) else (value,)) if isinstance(v, Potential))
