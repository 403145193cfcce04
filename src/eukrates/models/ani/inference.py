"""ANI for inference on the CPU: the same energies and first derivatives, by kernels."""

from collections.abc import Mapping

import equinox as eqx

from eukrates.matter import Graph
from eukrates.models.ani import environment_kernel, networks_kernel
from eukrates.models.ani.energies import summed
from eukrates.models.ani.environment_kernel import Layout, padded_environment
from eukrates.models.ani.networks import ElementNetwork
from eukrates.models.ani.networks_kernel import FusedNetworks
from eukrates.numerics import float_dtype
from eukrates.potential import Potential, Prediction


def fusible(layout: Layout) -> bool:
    """Whether there are kernels for such an ANI on this machine."""
    return layout.fits and environment_kernel.available() and networks_kernel.available()


class FusedANI(Potential):
    """What `ANI.for_inference` makes of an ANI. It reads pairs and forms triples itself.

    In both precisions. It cannot be trained, saved, or differentiated twice.
    """

    networks: FusedNetworks
    scale: float = eqx.field(static=True)
    free_atoms: tuple[tuple[str, float], ...] = eqx.field(static=True)

    def __init__(self, networks: Mapping[str, ElementNetwork], layout: Layout, scale: float, e0: Mapping[str, float]):
        self.networks, self.scale = FusedNetworks(networks, layout), scale
        self.free_atoms = tuple(sorted(e0.items()))

    @property
    def elements(self) -> tuple[str, ...]:
        """Chemical symbols that it knows."""
        return self.networks.layout.elements

    @property
    def members(self) -> int:
        """Networks of each element."""
        return self.networks.members

    @property
    def cutoff(self) -> float:
        """Å, of the radial part."""
        return self.networks.layout.radial.cutoff

    @property
    def far_cutoff(self) -> None:
        """It reads nothing far away."""
        return None

    @property
    def needs(self) -> tuple[str, ...]:
        """Nothing but elements and positions."""
        return ()

    @property
    def e0(self) -> dict[str, float]:
        """Energies of free atoms by symbol, eV."""
        return dict(self.free_atoms)

    def __call__(self, graph: Graph) -> Prediction:
        s = graph.system
        x = padded_environment(graph, self.networks.layout, float_dtype(self))
        mean, every = self.networks(x, s.numbers, s.real)
        return summed(mean, every, self.scale, self.e0, s)
