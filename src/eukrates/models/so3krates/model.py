"""SO3krates: a Euclidean transformer for force fields."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, cast

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from eukrates.elements import SPECIES
from eukrates.equivariant import parity, spherical_harmonics
from eukrates.matter import Graph
from eukrates.models.hyperparameters import check_e0, check_elements, check_known, check_numbers
from eukrates.models.so3krates.attention import FusedLayer, available, fused
from eukrates.models.so3krates.dense import MLP
from eukrates.models.so3krates.embedding import ElectronEmbedding, ElementEmbedding
from eukrates.models.so3krates.heads import HirshfeldRatios, PartialCharges
from eukrates.models.so3krates.layer import Layer, Pairs
from eukrates.numerics import float_dtype, norm, sum_by
from eukrates.physics.charges import dipole
from eukrates.physics.zbl import ZBL
from eukrates.potential import Potential, Prediction
from eukrates.potential.free_atoms import of_free_atoms
from eukrates.radial.bases import BASES
from eukrates.radial.cutoffs import CUTOFFS
from eukrates.shapes import AnyArray


class SO3krates(Potential):
    """The equivariant transformer of Frank et al., Nat. Commun. 15, 6539 (2024), doi:10.1038/s41467-024-50620-6.

    x_i = (E[Z_i] + charge and spin embeddings) / √(number of embeddings),  ev_i = 0      (1)
    x, ev ← layer(x, ev), `layers` times (see `Layer`)                                    (2)
    ε_i = scale[Z_i] · MLP(x_i) + offset[Z_i],  E = Σ_i ε_i + E0[Z_i] + ZBL               (3)

    Terms of the prediction: "network", "atoms" (the E0) and, where it is on, "zbl".

    Args:
        elements: chemical symbols it will know; others are refused.
        features: channels, a multiple of `heads` and of the number of degrees.
        layers: rounds of messages; what an atom sees reaches `layers` times the cutoff.
        heads: of the attention between features.
        degrees: of the spherical harmonics; () is the invariant variant that the paper compares with.
        cutoff: Å; atoms farther apart exchange no messages.
        radial_basis: bernstein, physnet, gaussian or bessel, see `eukrates.radial.bases`.
        basis_size: radial functions.
        cutoff_function: cosine, polynomial or exponential, see `eukrates.radial.cutoffs`.
        neighbours: messages are divided by it: the mean number of neighbours in the training data; None: divided by
            √(channels per head of the feature branch).
        filters: hidden widths of the two networks behind a filter, of distances and of Euclidean variables; None:
            `features` and a quarter of it.
        residuals: a residual MLP after attention, after exchange.
        layer_norm: normalise features after attention and after exchange.
        activate_qk: the silu function on queries and keys.
        charge: let the total charge enter; every structure must then state it.
        spin: let the number of unpaired electrons enter; every structure must then state it.
        zbl: add the trainable repulsion of nuclei below 1.5 Å.
        partial_charges: say the charge of every atom and the dipole; every structure must then state its total charge.
        hirshfeld_ratios: say the volume of every atom relative to the free atom.
        e0: energies of free atoms by symbol, eV; constants, kept in float64.
        scale: the natural size of what the network has to say, eV (the RMS force of the data times 1 Å is good).
        key: random key of the initial weights.

    Raises:
        ValueError: hyperparameters that do not fit together, unknown symbols.
    """

    embedding: ElementEmbedding
    charge_embedding: ElectronEmbedding | None
    spin_embedding: ElectronEmbedding | None
    blocks: tuple[Layer | FusedLayer, ...]
    readout: MLP
    scales: Float[AnyArray, " species"]
    offsets: Float[AnyArray, " species"]
    repulsion: ZBL | None
    charge_head: PartialCharges | None
    hirshfeld_head: HirshfeldRatios | None

    elements: tuple[str, ...] = eqx.field(static=True)
    features: int = eqx.field(static=True)
    heads: int = eqx.field(static=True)
    degrees: tuple[int, ...] = eqx.field(static=True)
    cutoff: float = eqx.field(static=True)
    radial_basis: str = eqx.field(static=True)
    basis_size: int = eqx.field(static=True)
    cutoff_function: str = eqx.field(static=True)
    neighbours: float | None = eqx.field(static=True)
    filters: tuple[int, int] = eqx.field(static=True)
    residuals: tuple[bool, bool] = eqx.field(static=True)
    layer_norm: bool = eqx.field(static=True)
    activate_qk: bool = eqx.field(static=True)
    scale: float = eqx.field(static=True)
    free_atoms: tuple[tuple[str, float], ...] = eqx.field(static=True)

    far_cutoff: ClassVar[None] = None

    def __init__(
        self,
        elements: Sequence[str],
        *,
        features: int = 132,
        layers: int = 3,
        heads: int = 4,
        degrees: Sequence[int] = (1, 2, 3),
        cutoff: float = 5.0,
        radial_basis: str = "bernstein",
        basis_size: int = 32,
        cutoff_function: str = "cosine",
        neighbours: float | None = None,
        filters: Sequence[int] | None = None,
        residuals: Sequence[bool] = (True, False),
        layer_norm: bool = True,
        activate_qk: bool = False,
        charge: bool = False,
        spin: bool = False,
        zbl: bool = True,
        partial_charges: bool = False,
        hirshfeld_ratios: bool = False,
        e0: Mapping[str, float] | None = None,
        scale: float = 1.0,
        key: PRNGKeyArray,
    ):
        _check(elements, features, layers, heads, degrees, radial_basis, cutoff_function)
        check_numbers(cutoff=cutoff, basis_size=basis_size, scale=scale, neighbours=neighbours)
        check_e0(elements, e0 or {})
        ks = jax.random.split(key, layers + 4)
        self.embedding = ElementEmbedding(features, key=ks[0])
        self.charge_embedding = ElectronEmbedding(features, key=ks[1]) if charge else None
        self.spin_embedding = ElectronEmbedding(features, key=ks[2]) if spin else None
        self.readout = MLP(features, features, 1, key=ks[3])
        self.filters = _filters(filters, features)
        options = {
            "filters": self.filters,
            "residuals": tuple(residuals),
            "layer_norm": layer_norm,
            "activate_qk": activate_qk,
        }
        self.blocks = tuple(Layer(features, heads, degrees, basis_size, **options, key=k) for k in ks[4:])
        self.scales = jnp.full(SPECIES, scale, jnp.float32)
        self.offsets = jnp.zeros(SPECIES, jnp.float32)
        self.repulsion = ZBL(cutoff=cutoff, off=min(1.5, cutoff)) if zbl else None
        more = jax.random.split(jax.random.fold_in(key, 1))
        self.charge_head = PartialCharges(features, key=more[0]) if partial_charges else None
        self.hirshfeld_head = HirshfeldRatios(features, key=more[1]) if hirshfeld_ratios else None
        self.elements, self.degrees, self.residuals = tuple(elements), tuple(degrees), (residuals[0], residuals[1])
        self.features, self.heads, self.cutoff, self.neighbours = features, heads, float(cutoff), neighbours
        self.radial_basis, self.basis_size, self.cutoff_function = radial_basis, basis_size, cutoff_function
        self.layer_norm, self.activate_qk, self.scale = layer_norm, activate_qk, float(scale)
        self.free_atoms = tuple((s, float(e)) for s, e in sorted((e0 or {}).items()))

    @property
    def layers(self) -> int:
        """The number of layers."""
        return len(self.blocks)

    @property
    def charge(self) -> bool:
        """Whether the total charge enters."""
        return self.charge_embedding is not None

    @property
    def spin(self) -> bool:
        """Whether the number of unpaired electrons enters."""
        return self.spin_embedding is not None

    @property
    def zbl(self) -> bool:
        """Whether the repulsion of nuclei is added."""
        return self.repulsion is not None

    @property
    def partial_charges(self) -> bool:
        """Whether it says charges and dipole."""
        return self.charge_head is not None

    @property
    def hirshfeld_ratios(self) -> bool:
        """Whether it says Hirshfeld ratios."""
        return self.hirshfeld_head is not None

    @property
    def e0(self) -> dict[str, float]:
        """Energies of free atoms by symbol, eV."""
        return dict(self.free_atoms)

    @property
    def needs(self) -> tuple[str, ...]:
        """What every system must state."""
        return tuple(name for name, on in (("charge", self.charge or self.partial_charges), ("spin", self.spin)) if on)

    def __call__(self, graph: Graph) -> Prediction:
        s, totals = graph.system, graph.system.positions.dtype
        x = self.encode(graph)
        out = self.scales[s.numbers] * self.readout(x)[:, 0] + self.offsets[s.numbers]
        network = jnp.where(s.real, out, 0.0).astype(totals)
        atoms = of_free_atoms(self.e0, s)
        energies, terms = network + atoms, {"network": network, "atoms": atoms}  # (3)
        if self.repulsion is not None:
            repulsion = cast(Array, self.repulsion(graph).energies)
            energies, terms = energies + repulsion, terms | {"zbl": repulsion}
        per_system = lambda values: sum_by(values, s.owner, s.systems)
        charges = None if self.charge_head is None else self.charge_head(x, s)
        return Prediction(
            energy=per_system(energies),
            terms={k: per_system(v) for k, v in terms.items()},
            energies=energies,
            charges=charges,
            dipole=None if charges is None else dipole(charges, s),
            hirshfeld_ratios=None if self.hirshfeld_head is None else self.hirshfeld_head(x, s),
        )

    def encode(self, graph: Graph) -> Float[Array, "atoms channels"]:
        """The invariant features of every atom after the last layer: (1) and (2)."""
        s = graph.system
        x = self.embedding(s)
        if self.charge_embedding is not None:
            x = x + self.charge_embedding(s.charge, s)
        if self.spin_embedding is not None:
            x = x + self.spin_embedding(s.spin, s)
        x = x * (1 + self.charge + self.spin) ** -0.5  # (1)
        pairs, ev = self._pairs(graph), None
        for block in self.blocks:
            x, ev = block(x, ev, pairs)  # (2)
        return x

    def for_inference(self) -> "SO3krates":
        """With layers for one kernel (see `FusedLayer`), in single precision, where there is one for the device."""
        if float_dtype(self) != np.float32 or not available():
            return self
        layers = [
            block if isinstance(block, FusedLayer) else fused(block, n == 0, self._basis, self.cutoff)
            for n, block in enumerate(self.blocks)
        ]
        return self if None in layers else eqx.tree_at(lambda network: network.blocks, self, tuple(layers))

    def _basis(self, r: Float[Array, " distances"]) -> Float[Array, "distances functions"]:
        return BASES[self.radial_basis](r, self.cutoff, self.basis_size)

    def _pairs(self, graph: Graph) -> Pairs:
        edges, h = graph.near, graph.near.half
        vectors = graph.half_vectors(edges)
        r = norm(vectors)
        unit = vectors / jnp.where(r > 0, r, 1.0)[:, None]
        dtype = float_dtype(self.readout)
        r, unit = r.astype(dtype), unit.astype(dtype)
        inside = edges.real[:h] & (r < self.cutoff)
        divisor = (self.features / self.heads) ** 0.5 if self.neighbours is None else self.neighbours
        harmonics = spherical_harmonics(unit, self.degrees)
        return Pairs(
            r=r,
            i=edges.i[:h],
            j=edges.j[:h],
            basis=self._basis(r),
            weight=jnp.where(inside, CUTOFFS[self.cutoff_function](r, self.cutoff), 0.0) / divisor,
            harmonics=harmonics,
            mirrored=harmonics * parity(self.degrees, dtype),
        )


def _check(elements, features, layers, heads, degrees, radial_basis, cutoff_function) -> None:
    check_elements(elements)
    if layers < 1:
        raise ValueError(f"Expected at least one layer, got {layers}.")
    for count, what in ((heads, "heads"), (len(degrees) or 1, "degrees")):
        if count < 1 or features % count:
            raise ValueError(f"Expected features to be a multiple of the {count} {what}, got features={features}.")
    if any(l < 1 for l in degrees) or len(set(degrees)) != len(degrees):
        raise ValueError(f"Expected distinct degrees ≥ 1 (or none for the invariant variant), got {tuple(degrees)}.")
    check_known("radial_basis", radial_basis, BASES)
    check_known("cutoff_function", cutoff_function, CUTOFFS)


def _filters(widths: Sequence[int] | None, features: int) -> tuple[int, int]:
    widths = (features, max(1, features // 4)) if widths is None else tuple(widths)
    if len(widths) != 2 or min(widths) < 1:
        raise ValueError(f"Expected filters as two hidden widths ≥ 1, got {widths}.")
    return widths[0], widths[1]
