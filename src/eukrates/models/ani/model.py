"""ANI: energies of atoms from what they see within a few Å, by an ensemble of networks."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PRNGKeyArray

from eukrates.elements import number
from eukrates.matter import Graph
from eukrates.models.ani.energies import summed
from eukrates.models.ani.environment import Angular, Radial, described, environment, lengths
from eukrates.models.ani.environment_kernel import Layout
from eukrates.models.ani.inference import FusedANI, fusible
from eukrates.models.ani.networks import ElementNetwork
from eukrates.models.hyperparameters import check_e0, check_elements, check_numbers
from eukrates.numerics import float_dtype
from eukrates.potential import Potential, Prediction

# of ANI-1x, Smith et al., J. Chem. Phys. 148, 241733 (2018), doi:10.1063/1.5023802
RADIAL = Radial(5.2, 16.0, tuple(0.9 + a * 4.3 / 16 for a in range(16)))
ANGULAR = Angular(
    3.5, 8.0, 32.0, tuple(0.9 + b * 2.6 / 4 for b in range(4)), tuple((2 * c + 1) * np.pi / 16 for c in range(8))
)
HIDDEN = {"H": (160, 128, 96), "C": (144, 112, 96)}  # of ANI-1x
OTHERS = (128, 112, 96)  # of its nitrogen and oxygen


class ANI(Potential):
    """Smith, Isayev & Roitberg, Chem. Sci. 8, 3192 (2017), doi:10.1039/C6SC05720A.

    x_i = environment of atom i (see `environment`)                                            (1)
    E_m = scale Σ_i network_m,Z(x_i) + Σ_i E0[Z_i]                                              (2)
    E   = mean of E_m over the members m                                                       (3)

    Terms of the prediction: "network" and "atoms" (the E0). It reads no charge and no spin, and nothing beyond the
    cutoff; an atom alone has an energy of its network, which no data of molecules determine. Second derivatives jump
    at both cutoffs.

    Args:
        elements: chemical symbols it will know, in the order of its environment vectors; others are refused.
        radial: numbers of the radial part, see `Radial`; default those of ANI-1x.
        angular: numbers of the angular part, see `Angular`; default those of ANI-1x.
        hidden: widths of the hidden layers: of every network, or by symbol; default those of ANI-1x, whose oxygen
            stands for other elements.
        members: of the ensemble.
        scale: eV, of one unit of the networks.
        e0: energies of free atoms by symbol, eV; constants, kept in float64.
        key: random key of the initial weights.

    Raises:
        ValueError: hyperparameters that do not fit together, unknown symbols.
    """

    networks: dict[str, ElementNetwork]
    elements: tuple[str, ...] = eqx.field(static=True)
    radial_part: Radial = eqx.field(static=True)
    angular_part: Angular = eqx.field(static=True)
    scale: float = eqx.field(static=True)
    free_atoms: tuple[tuple[str, float], ...] = eqx.field(static=True)

    def __init__(
        self,
        elements: Sequence[str],
        *,
        radial: Radial | Mapping[str, Any] = RADIAL,
        angular: Angular | Mapping[str, Any] = ANGULAR,
        hidden: Sequence[int] | Mapping[str, Sequence[int]] | None = None,
        members: int = 1,
        scale: float = 1.0,
        e0: Mapping[str, float] | None = None,
        key: PRNGKeyArray,
    ):
        check_elements(elements)
        check_e0(elements, e0 or {})
        self.radial_part, self.angular_part = described(Radial, radial), described(Angular, angular)
        check_numbers(members=members, scale=scale)
        if self.angular_part.cutoff > self.radial_part.cutoff:
            raise ValueError(
                f"Expected an angular cutoff of at most the radial one, got {self.angular_part.cutoff} and "
                f"{self.radial_part.cutoff} Å."
            )
        self.elements, self.scale = tuple(elements), float(scale)
        inputs = sum(lengths(self.radial_part, self.angular_part, len(self.elements)))
        widths = _widths(self.elements, hidden)
        keys = jax.random.split(key, len(self.elements))
        each = zip(widths.items(), keys, strict=True)
        self.networks = {s: ElementNetwork(members, inputs, layers, key=k) for (s, layers), k in each}
        self.free_atoms = tuple((s, float(e)) for s, e in sorted((e0 or {}).items()))

    @property
    def radial(self) -> dict[str, Any]:
        """The numbers of the radial part."""
        return vars(self.radial_part)

    @property
    def angular(self) -> dict[str, Any]:
        """The numbers of the angular part."""
        return vars(self.angular_part)

    @property
    def hidden(self) -> dict[str, list[int]]:
        """Widths of the hidden layers by symbol."""
        return {s: [layer.weight.shape[1] for layer in net.layers[:-1]] for s, net in self.networks.items()}

    @property
    def members(self) -> int:
        """Networks of each element."""
        return self.networks[self.elements[0]].layers[0].weight.shape[0]

    @property
    def cutoff(self) -> float:
        """Å, of the radial part."""
        return self.radial_part.cutoff

    @property
    def far_cutoff(self) -> None:
        """It reads nothing far away."""
        return None

    @property
    def triple_cutoff(self) -> float:
        """Å, of the angular part."""
        return self.angular_part.cutoff

    @property
    def needs(self) -> tuple[str, ...]:
        """Nothing but elements and positions."""
        return ()

    @property
    def e0(self) -> dict[str, float]:
        """Energies of free atoms by symbol, eV."""
        return dict(self.free_atoms)

    def apart(self) -> "tuple[ANI, ...]":
        """Its members, each an ANI of one."""
        if self.members == 1:
            return (self,)
        member = lambda k: jax.tree.map(lambda a: a[k : k + 1], self.networks)
        return tuple(eqx.tree_at(lambda p: p.networks, self, member(k)) for k in range(self.members))

    def merged(self, others: Sequence[Potential]) -> "ANI | None":
        """All members as one ANI, if they differ in nothing but weights."""
        if any(_made(other) != _made(self) for other in others):
            return None
        networks = [cast("ANI", one).networks for one in (self, *others)]
        with jax.enable_x64(True):  # or weights in double precision would be cut
            together = jax.tree.map(lambda *each: jnp.concatenate(each), *networks)
        return eqx.tree_at(lambda p: p.networks, self, together)

    def for_inference(self) -> Potential:
        """By kernels (see `FusedANI`), where there are some for the device; it then reads pairs alone."""
        layout = Layout(self.elements, self.radial_part, self.angular_part)
        return FusedANI(self.networks, layout, self.scale, self.e0) if fusible(layout) else self

    def environments(self, graph: Graph) -> jax.Array:
        """(1), [atoms, inputs]."""
        return environment(graph, self.elements, self.radial_part, self.angular_part, float_dtype(self))

    def __call__(self, graph: Graph) -> Prediction:
        s = graph.system
        x = self.environments(graph)
        own = jnp.zeros((self.members, s.atoms), x.dtype)
        for symbol, network in self.networks.items():
            own = own + jnp.where(s.real & (s.numbers == number(symbol)), network(x), 0.0)
        return summed(jnp.mean(own, axis=0), own.T, self.scale, self.e0, s)


def _made(potential: Potential) -> Any:
    """All of an ANI but the weights and the number of its members; None of another potential."""
    if type(potential) is not ANI:
        return None
    p = potential
    return p.elements, p.radial_part, p.angular_part, p.hidden, p.scale, p.free_atoms, float_dtype(p)


def _widths(elements: Sequence[str], hidden: Sequence[int] | Mapping[str, Sequence[int]] | None) -> dict:
    """Of the hidden layers by symbol."""
    if hidden is None:
        hidden = {s: HIDDEN.get(s, OTHERS) for s in elements}
    if not isinstance(hidden, Mapping):
        hidden = dict.fromkeys(elements, hidden)
    if set(hidden) != set(elements):
        raise ValueError(f"Expected hidden layers of {', '.join(elements)}, got those of {', '.join(hidden)}.")
    for symbol, layers in hidden.items():
        check_numbers(**{f"hidden layer {n} of {symbol}": width for n, width in enumerate(layers)})
    return {s: tuple(hidden[s]) for s in elements}
