"""`Minimiser`: what goes downhill. Written for one structure, and mapped over the structures of a batch.

The variables of a structure are one vector [variables]: three for each atom, where the cell relaxes nine before them.
Padding and what is held have no gradient, and must not be moved.
"""

import abc
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from eukrates.shapes import AnyArray

Memory = Any  # of a minimiser, of one structure: arrays


class Spot(NamedTuple):
    """Energy and slope at one place."""

    energy: Float[AnyArray, ""]  # eV
    gradient: Float[AnyArray, " variables"]  # eV/Å


class Spectrum(NamedTuple):
    """A model of the Hessian by its eigenvalues and eigenvectors."""

    values: Float[AnyArray, " variables"]  # eV/Å², above 0
    vectors: Float[AnyArray, "variables variables"]  # columns

    def solve(self, gradient: Float[AnyArray, " variables"], shift: Float[AnyArray, ""]) -> Float[Array, " variables"]:
        """(H + shift)⁻¹ gradient."""
        return self.vectors @ ((self.vectors.T @ gradient) / (self.values + shift))


class Minimiser(eqx.Module):
    """Proposes steps and learns from where they lead."""

    longest: eqx.AbstractVar[float]  # Å, that an atom may move in a step
    modelled: eqx.AbstractClassVar[bool]  # whether it asks for a model of the Hessian

    @abc.abstractmethod
    def start(self, variables: int) -> Memory:
        """What is remembered before the first step."""

    @abc.abstractmethod
    def propose(self, here: Spot, memory: Memory, model: Spectrum | None) -> tuple[Float[Array, " variables"], Memory]:
        """A step downhill in which no atom moves farther than it may, and the memory of having proposed it.

        Args:
            here: where the structure is.
            memory: of this minimiser.
            model: of the Hessian there, where there is one.
        """

    @abc.abstractmethod
    def judge(
        self, here: Spot, there: Spot, step: Float[AnyArray, " variables"], memory: Memory, noise: Float[AnyArray, ""]
    ) -> tuple[Bool[Array, ""], Memory]:
        """Whether to go `there`, and what was learned. `noise`: eV, rounding of energies, which is no ascent."""


def farthest(step: Float[AnyArray, " variables"]) -> Float[Array, ""]:
    """Å, the length of the longest of the displacements of a step."""
    return jnp.sqrt(jnp.max(jnp.sum(step.reshape(-1, 3) ** 2, axis=1)))


def shortened(step: Float[AnyArray, " variables"], longest: Float[AnyArray, ""] | float) -> Float[Array, " variables"]:
    """The step, scaled as a whole so that no displacement is longer than `longest`, Å."""
    length = farthest(step)
    return step * jnp.minimum(1.0, longest / jnp.where(length > 0, length, 1.0))
