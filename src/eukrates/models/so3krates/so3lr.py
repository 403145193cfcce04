"""SO3LR: SO3krates with long-range electrostatics and dispersion."""

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import equinox as eqx
import numpy as np
from jaxtyping import Array

from eukrates.matter import Graph
from eukrates.matter.graph import Waves
from eukrates.models.so3krates.model import SO3krates
from eukrates.numerics import float_dtype, sum_by
from eukrates.physics import pair_kernels
from eukrates.physics.coulomb import coulomb
from eukrates.physics.dispersion import dispersion
from eukrates.physics.lattice_sums import LATTICE_SUMS, lattice_sum, lattice_waves
from eukrates.potential import Potential, Prediction

ELECTROSTATICS = ("cutoff", *LATTICE_SUMS, "none")


class SO3LR(Potential):
    """Kabylda et al., J. Am. Chem. Soc. 147, 33723 (2025): a network that knows charges and Hirshfeld ratios,
    and two laws.

    E = E_network + E_ZBL + E_electrostatics(q) + E_dispersion(h)      (1)

    q and h are what the network says about each atom, so forces flow through them. Terms of the prediction: those of
    the network, "electrostatics" and "dispersion".

    Args:
        network: a SO3krates with `partial_charges` and `hirshfeld_ratios`.
        far_cutoff: Å, of electrostatics and dispersion; inf sums over all pairs and is for open structures.
        electrostatics: "cutoff" goes smoothly to zero at the far cutoff (with an infinite one it is the bare law), see
            `eukrates.physics.coulomb`; "ewald" sums over all images of a cell, without a cutoff, see
            `eukrates.physics.ewald`; "p3m" does so on a mesh, for a thousand atoms and more, see
            `eukrates.physics.mesh`; "none" leaves it out.
        width: Å, of the Coulomb kernel.
        fade: Å before the far cutoff over which dispersion goes to zero.
        damping: of dispersion.

    Raises:
        ValueError: a network without one of the heads, or numbers that cannot be.
    """

    network: SO3krates
    far_cutoff: float = eqx.field(static=True)
    electrostatics: str = eqx.field(static=True)
    width: float = eqx.field(static=True)
    fade: float = eqx.field(static=True)
    damping: float = eqx.field(static=True)

    def __init__(
        self,
        network: SO3krates,
        *,
        far_cutoff: float = 12.0,
        electrostatics: str = "cutoff",
        width: float = 4.0,
        fade: float = 2.0,
        damping: float = 1.2,
    ):
        if not (network.partial_charges and network.hirshfeld_ratios):
            raise ValueError("Expected a network with partial_charges and hirshfeld_ratios, which SO3LR builds on.")
        if electrostatics not in ELECTROSTATICS:
            raise ValueError(f"Unknown electrostatics {electrostatics!r}. Known: {', '.join(ELECTROSTATICS)}.")
        numbers = (far_cutoff, width, fade, damping)
        plain = all(isinstance(number, int | float) for number in numbers)
        if not (plain and 0 < fade < far_cutoff and width > 0 and damping > 0):
            came = f"far_cutoff={far_cutoff}, fade={fade}, width={width}, damping={damping}"
            raise ValueError(f"Expected 0 < fade < far_cutoff in Å, width > 0 and damping > 0, got {came}.")
        self.network, self.electrostatics = network, electrostatics
        self.far_cutoff, self.width = float(far_cutoff), float(width)
        self.fade, self.damping = float(fade), float(damping)

    def but(self, **changes) -> "SO3LR":
        """The same network with another far cutoff, other electrostatics, …: constructor arguments by name.

        Raises:
            ValueError: what the constructor refuses.
        """
        names = ("network", "far_cutoff", "electrostatics", "width", "fade", "damping")
        return SO3LR(**({name: getattr(self, name) for name in names} | changes))

    @property
    def cutoff(self) -> float:
        """Of the network, Å."""
        return self.network.cutoff

    @property
    def elements(self) -> tuple[str, ...]:
        """Those of the network."""
        return self.network.elements

    @property
    def needs(self) -> tuple[str, ...]:
        """What the network needs, the total charge among it."""
        return self.network.needs

    def waves(self, cell: np.ndarray) -> Waves | None:
        """Those of a lattice sum, for "p3m" the points of the mesh, for cells that may stretch by a tenth.

        Raises:
            ValueError: a lattice sum and a cell that is not periodic along three axes.
        """
        if self.electrostatics not in LATTICE_SUMS:
            return None
        return lattice_waves(self.electrostatics, cell, self.width)

    def for_inference(self) -> Potential:
        """With the network for inference and, in single precision on the CPU, with kernels for the far pairs."""
        model = self.but(network=self.network.for_inference())
        if float_dtype(self) != np.float32 or not pair_kernels.available():
            return model
        return ByKernels(model)  # pyright: ignore[reportCallIssue]  (properties take the place of abstract fields)

    def __call__(self, graph: Graph) -> Prediction:
        return self.summed(graph, coulomb, dispersion)

    def summed(self, graph: Graph, coulomb: Callable, dispersion: Callable) -> Prediction:
        """(1) with functions that compute the two laws over far pairs."""
        found = self.network(graph)
        charges, ratios = cast(Array, found.charges), cast(Array, found.hirshfeld_ratios)
        shares = {"dispersion": dispersion(ratios, graph, self.far_cutoff, self.fade, self.damping)}
        if self.electrostatics == "cutoff":
            shares["electrostatics"] = coulomb(charges, graph, self.width, self.far_cutoff)
        far = {name: sum_by(share, graph.system.owner, graph.system.systems) for name, share in shares.items()}
        if self.electrostatics in LATTICE_SUMS:
            far["electrostatics"], shares["electrostatics"] = lattice_sum(
                self.electrostatics, charges, graph, self.width
            )
        energy = found.energy + sum(far.values())  # (1)
        energies = cast(Array, found.energies) + sum(shares.values())
        return replace(found, energy=energy, terms=found.terms | far, energies=energies)


class ByKernels(Potential):
    """`SO3LR` with its far pairs from kernels; it has first derivatives, and no others."""

    model: SO3LR

    @property
    def cutoff(self) -> float:
        """Of the model, Å."""
        return self.model.cutoff

    @property
    def far_cutoff(self) -> float:
        """Of the model, Å."""
        return self.model.far_cutoff

    @property
    def elements(self) -> tuple[str, ...]:
        """Those of the model."""
        return self.model.elements

    @property
    def needs(self) -> tuple[str, ...]:
        """What the model needs."""
        return self.model.needs

    def waves(self, cell: np.ndarray) -> Waves | None:
        """Those of the model."""
        return self.model.waves(cell)

    def __call__(self, graph: Graph) -> Prediction:
        laws = pair_kernels.FarLaws(graph)
        return self.model.summed(graph, laws.coulomb, laws.dispersion)
