"""The Lennard-Jones potential: noble gases, and the oldest test of every simulation.

    u(r) = 4 ε ((σ/r)¹² - (σ/r)⁶)                                            (1)
    E    = Σ_{i<j} u(r_ij) s(r_ij),   ε = √(ε_i ε_j),   σ = (σ_i + σ_j)/2    (2)

s switches u off between `on` and `cutoff`. What is lost is known where matter is even beyond `on`: `tail`.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from eukrates.elements import by_number
from eukrates.matter import Graph
from eukrates.numerics import norm, sum_by
from eukrates.physics.pairs import shared
from eukrates.potential import Potential, Prediction
from eukrates.radial.cutoffs import switch
from eukrates.shapes import AnyArray


def lennard_jones(
    r: Float[AnyArray, " pairs"],
    epsilon: Float[AnyArray, " pairs"] | float,
    sigma: Float[AnyArray, " pairs"] | float,
    on: float,
    cutoff: float,
) -> Float[AnyArray, " pairs"]:
    """(1) times the switch, in the unit of ε; r, σ, `on` and `cutoff` in Å. Distances of 0 count as 0.3 σ."""
    sixth = (sigma / jnp.maximum(r, 0.3 * sigma)) ** 6
    return 4 * epsilon * (sixth * sixth - sixth) * switch(r, on, cutoff)


class LennardJones(Potential):
    """(2) for the elements that are named.

    Args:
        epsilon: eV by symbol, the depth of the well of two equal atoms.
        sigma: Å by symbol, where their energy is zero.
        cutoff: Å.
        on: Å, where the switch begins.

    Raises:
        ValueError: a number that is not above 0, elements without one of the two, or on ≥ cutoff.
    """

    epsilons: tuple[tuple[str, float], ...] = eqx.field(static=True)
    sigmas: tuple[tuple[str, float], ...] = eqx.field(static=True)
    cutoff: float = eqx.field(static=True)
    on: float = eqx.field(static=True)

    far_cutoff = None
    needs = ()

    def __init__(self, epsilon: dict[str, float], sigma: dict[str, float], cutoff: float, on: float):
        if set(epsilon) != set(sigma) or not epsilon:
            raise ValueError(f"Expected epsilon and sigma of the same elements, got {[*epsilon]} and {[*sigma]}.")
        if not all(value > 0 for value in (*epsilon.values(), *sigma.values())):
            raise ValueError(f"Expected epsilon in eV and sigma in Å above 0, got {epsilon} and {sigma}.")
        if not 0 < on < cutoff:
            raise ValueError(f"Expected 0 < on < cutoff in Å, got on={on}, cutoff={cutoff}.")
        self.epsilons = tuple((symbol, float(value)) for symbol, value in epsilon.items())
        self.sigmas = tuple((symbol, float(sigma[symbol])) for symbol in epsilon)
        self.cutoff, self.on = float(cutoff), float(on)

    @property
    def elements(self) -> tuple[str, ...]:
        """Those that were named."""
        return tuple(symbol for symbol, _ in self.epsilons)

    @property
    def epsilon(self) -> dict[str, float]:
        """eV by symbol."""
        return dict(self.epsilons)

    @property
    def sigma(self) -> dict[str, float]:
        """Å by symbol."""
        return dict(self.sigmas)

    def __call__(self, graph: Graph) -> Prediction:
        s, e = graph.system, graph.near
        dtype, zi, zj = s.positions.dtype, s.numbers[e.i[: e.half]], s.numbers[e.j[: e.half]]
        root, size = (jnp.asarray(table, dtype) for table in (np.sqrt(by_number(self.epsilon)), by_number(self.sigma)))
        sigma = jnp.maximum((size[zi] + size[zj]) / 2, 1e-3)  # padding has none
        pairs = lennard_jones(norm(graph.half_vectors(e)), root[zi] * root[zj], sigma, self.on, self.cutoff)  # (2)
        energies = shared(pairs, graph, e)
        energy = sum_by(energies, s.owner, s.systems)
        return Prediction(energy=energy, terms={"lennard_jones": energy}, energies=energies)


def tail(potential: LennardJones, density: float) -> tuple[float, float]:
    """What the cutoff takes away, where one element is spread evenly beyond `on`.

        U = 2π ρ ∫ (u - u s) r² dr,   P = ρ U     per atom and in eV/Å³      (3)

    The second is the virial of u - u s, integrated by parts: this difference has no step at the cutoff.

    Args:
        potential: of one element.
        density: ρ, atoms/Å³.

    Raises:
        ValueError: several elements.
    """
    if len(potential.elements) != 1:
        raise ValueError(f"Expected a potential of one element, got {', '.join(potential.elements)}.")
    (epsilon,), (sigma,) = potential.epsilon.values(), potential.sigma.values()
    whole = lambda r: 4 * epsilon * ((sigma / r) ** 12 - (sigma / r) ** 6)
    r = np.linspace(potential.on, potential.cutoff, 4001)
    lost = np.trapezoid(whole(r) * (1 - np.asarray(switch(r, potential.on, potential.cutoff))) * r * r, r)
    ratio = (sigma / potential.cutoff) ** 3
    beyond = 4 * epsilon * sigma**3 * (ratio**3 / 9 - ratio / 3)
    energy = 2 * np.pi * density * float(lost + beyond)  # (3)
    return energy, density * energy
