"""SpookyNet: a network that knows total charge, spin and atoms far away, and the laws of physics that it leans on."""

import math
from collections.abc import Mapping, Sequence
from typing import cast

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from eukrates.elements import SYMBOLS
from eukrates.matter import Graph
from eukrates.matter.electron_configuration import KNOWN
from eukrates.matter.graph import Waves
from eukrates.models.hyperparameters import check_e0, check_elements, check_numbers
from eukrates.models.spookynet.choices import check_choices, counted
from eukrates.models.spookynet.ends import Embedding, Heads, near_pairs
from eukrates.models.spookynet.inference import fused, fusible
from eukrates.models.spookynet.layer import Layer, kept
from eukrates.models.spookynet.long_range import Dispersion, Electrostatics, check_nothing_far
from eukrates.models.spookynet.radial import RadialBasis
from eukrates.numerics import float_dtype, sum_by
from eukrates.physics.charges import conserved, dipole
from eukrates.physics.zbl import ZBL
from eukrates.potential import Potential, Prediction
from eukrates.potential.free_atoms import of_free_atoms
from eukrates.units import BOHR

EVERY = SYMBOLS[1 : KNOWN + 1]  # elements with an electron configuration


class SpookyNet(Potential):
    """Unke et al., Nat. Commun. 12, 7273 (2021), doi:10.1038/s41467-021-27504-0.

    x_i = nucleus + charge + spin (see `Embedding`)                                          (1)
    x, y_t ← layer_t(x) (see `Layer`),  f_i = Σ_t y_t,i                                       (2)
    (ε_i, t_i) = W f_i + b[Z_i],  q_i = t_i + (Q - Σ_j t_j)/N                                 (3)
    E = Σ_i ε_i + E0[Z_i] + ZBL + electrostatics(q) + D4(q)                                  (4)

    Terms of the prediction: "network", "atoms" (the E0) and, where they are on, "zbl", "electrostatics" and
    "dispersion". Forces flow through the charges.

    Args:
        elements: chemical symbols it will know, hydrogen to radon; others are refused.
        features: channels.
        layers: rounds of messages, which the paper calls interaction modules.
        cutoff: Å, of messages between neighbours, and of the repulsion.
        far_cutoff: Å, of electrostatics and dispersion; inf sums over all pairs and is for open structures;
            None is for a model with neither.
        radial_basis: exp-bernstein, exp-gaussian, bernstein, gaussian or sinc, see `RadialBasis`.
        basis_size: radial functions.
        exp_weighting: multiply the first two bases with another exponential.
        activation: swish or ssp (shifted softplus).
        residuals: blocks in each stack: one number, or numbers by name, the rest 1 (see `RESIDUALS`).
        irreps: messages of d symmetry have the five components of degree 2; otherwise the six of a matrix.
        attention: between all atoms of a structure: favor+ (random features), exact, or none.
        charge: let the total charge enter the features. It is needed in any case, for it is shared among the atoms.
        spin: let the number of unpaired electrons enter; every structure must then state it.
        electrons: how these two enter: linear, or nonlinear as in early models.
        keep_probability: in training, y of the last layer counts with this probability, those before more often.
        zbl: add the trainable repulsion of nuclei.
        electrostatics: "cutoff", "ewald", "p3m", "published ewald" or "none", see `Electrostatics`.
        dispersion: add D4 with trainable parameters.
        dispersion_threshold: `least` of `eukrates.physics.d4.d4`; 1e-8 in published models, which jump there.
        ewald_alpha: 1/Å, of "published ewald" alone.
        ewald_waves: along each axis, of "published ewald" alone.
        codata: year of the physical constants, 2014 or 2018.
        e0: energies of free atoms by symbol, eV; constants, kept in float64.
        key: random key of the initial weights.

    Raises:
        ValueError: hyperparameters that do not fit together, unknown symbols.
    """

    embedding: Embedding
    basis: RadialBasis
    blocks: tuple[Layer, ...]
    heads: Heads
    repulsion: ZBL | None
    charged: Electrostatics
    dispersive: Dispersion | None
    chance: PRNGKeyArray | None  # see `for_training`

    elements: tuple[str, ...] = eqx.field(static=True)
    features: int = eqx.field(static=True)
    counts: tuple[tuple[str, int], ...] = eqx.field(static=True)
    activation: str = eqx.field(static=True)
    irreps: bool = eqx.field(static=True)
    attention: str = eqx.field(static=True)
    electrons: str = eqx.field(static=True)
    keep_probability: float = eqx.field(static=True)
    free_atoms: tuple[tuple[str, float], ...] = eqx.field(static=True)

    def __init__(
        self,
        elements: Sequence[str],
        *,
        features: int = 64,
        layers: int = 3,
        cutoff: float = 10 * BOHR,
        far_cutoff: float | None = math.inf,
        radial_basis: str = "exp-bernstein",
        basis_size: int = 16,
        exp_weighting: bool = True,
        activation: str = "swish",
        residuals: int | Mapping[str, int] = 1,
        irreps: bool = True,
        attention: str = "favor+",
        charge: bool = True,
        spin: bool = True,
        electrons: str = "linear",
        keep_probability: float = 1.0,
        zbl: bool = True,
        electrostatics: str = "cutoff",
        dispersion: bool = True,
        dispersion_threshold: float = 0.0,
        ewald_alpha: float | None = None,
        ewald_waves: Sequence[int] | None = None,
        codata: int = 2018,
        e0: Mapping[str, float] | None = None,
        key: PRNGKeyArray,
    ):
        blocks = counted(residuals)
        check_elements(elements, EVERY)
        check_e0(elements, e0 or {})
        check_numbers(features=features, layers=layers, cutoff=cutoff)
        check_choices(activation, attention, electrons, keep_probability)
        first, last, *ks = jax.random.split(key, layers + 2)
        self.counts = tuple(blocks.items())
        self.basis = RadialBasis(radial_basis, basis_size, cutoff, exp_weighting)
        enter = {"kind": electrons, "charge": charge, "spin": spin}
        self.embedding = Embedding(features, blocks["electron"], activation, **enter, key=first)
        options = {"activation": activation, "attention": attention}
        self.blocks = tuple(Layer(features, basis_size, blocks, **options, key=k) for k in ks)
        self.heads = Heads(features, KNOWN + 1, key=last)
        self.repulsion = ZBL(cutoff, None, "exponential", codata) if zbl else None
        if far_cutoff is None:
            check_nothing_far(electrostatics, dispersion)
            far_cutoff = math.inf
        self.charged = Electrostatics(electrostatics, cutoff, far_cutoff, ewald_alpha, ewald_waves, codata)
        self.dispersive = Dispersion(dispersion_threshold) if dispersion else None
        self.chance = None
        self.elements, self.features, self.activation = tuple(elements), features, activation
        self.irreps, self.attention, self.electrons = bool(irreps), attention, electrons
        self.keep_probability = float(keep_probability)
        self.free_atoms = tuple((s, float(e)) for s, e in sorted((e0 or {}).items()))

    @property
    def cutoff(self) -> float:
        """Å, of messages between neighbours."""
        return self.basis.cutoff

    @property
    def layers(self) -> int:
        """The number of layers."""
        return len(self.blocks)

    @property
    def radial_basis(self) -> str:
        """The family of the radial functions."""
        return self.basis.family

    @property
    def basis_size(self) -> int:
        """The number of radial functions."""
        return self.basis.size

    @property
    def exp_weighting(self) -> bool:
        """Whether the radial functions decay once more."""
        return self.basis.weighting

    @property
    def residuals(self) -> dict[str, int]:
        """Residual blocks by stack."""
        return dict(self.counts)

    @property
    def charge(self) -> bool:
        """Whether the total charge enters the features."""
        return self.embedding.charge is not None

    @property
    def spin(self) -> bool:
        """Whether the number of unpaired electrons enters."""
        return self.embedding.spin is not None

    @property
    def zbl(self) -> bool:
        """Whether the repulsion of nuclei is added."""
        return self.repulsion is not None

    @property
    def far_cutoff(self) -> float | None:
        """Å, of electrostatics and dispersion; None where there is neither."""
        return None if self.electrostatics == "none" and not self.dispersion else self.charged.far

    @property
    def electrostatics(self) -> str:
        """Its form."""
        return self.charged.kind

    @property
    def dispersion(self) -> bool:
        """Whether D4 is added."""
        return self.dispersive is not None

    @property
    def dispersion_threshold(self) -> float:
        """Of the weights of references in D4."""
        return 0.0 if self.dispersive is None else self.dispersive.threshold

    @property
    def ewald_alpha(self) -> float | None:
        """1/Å, of the published form of the Ewald sum."""
        return self.charged.alpha

    @property
    def ewald_waves(self) -> Waves | None:
        """Along each axis, of the published form of the Ewald sum."""
        return self.charged.waves

    @property
    def codata(self) -> int:
        """The year of the physical constants."""
        return self.charged.codata

    @property
    def e0(self) -> dict[str, float]:
        """Energies of free atoms by symbol, eV."""
        return dict(self.free_atoms)

    @property
    def needs(self) -> tuple[str, ...]:
        """What every system must state: the charge, which the atoms share, and the spin where it enters."""
        return ("charge", "spin") if self.spin else ("charge",)

    def encode(self, graph: Graph) -> Float[Array, "atoms channels"]:
        """f of every atom: (1) and (2)."""
        s, x, f = graph.system, self.embedding(graph), 0.0
        pairs = near_pairs(self.basis, graph, self.irreps)
        counts = None
        if self.chance is not None and self.keep_probability < 1:
            counts = kept(self.chance, s.systems, self.layers, self.keep_probability, x.dtype)
        for t, block in enumerate(self.blocks):
            x, y = block(x, pairs, s)
            f = f + (y if counts is None else counts[t][s.owner][:, None] * y)
        return jnp.asarray(f)

    def for_training(self, key: PRNGKeyArray) -> "SpookyNet":
        """The same with y of the later layers left out at random, another draw for every key; see `layer.kept`."""
        return eqx.tree_at(lambda model: model.chance, self, key, is_leaf=lambda leaf: leaf is None)

    def but(self, **changes) -> "SpookyNet":
        """The same network with another far_cutoff, electrostatics, ewald_alpha, ewald_waves: arguments by name.

        Raises:
            ValueError: what the constructor refuses.
        """
        now = ("electrostatics", "far_cutoff", "ewald_alpha", "ewald_waves")
        if strange := set(changes) - set(now):
            raise ValueError(f"Only {', '.join(now)} can be changed without training anew, not {', '.join(strange)}.")
        kind, far, alpha, waves = ({name: getattr(self, name) for name in now} | changes).values()
        new = Electrostatics(kind, self.cutoff, self.charged.far if far is None else far, alpha, waves, self.codata)
        return eqx.tree_at(lambda m: m.charged, self, new, is_leaf=lambda node: isinstance(node, Electrostatics))

    def waves(self, cell: np.ndarray) -> Waves | None:
        """Those of a lattice sum, for "p3m" the points of the mesh, for cells that may stretch by a tenth.

        Raises:
            ValueError: a lattice sum and a cell that is not periodic along three axes.
        """
        return self.charged.waves_of(cell)

    def for_inference(self) -> "SpookyNet":
        """With layers by kernels (see `inference.fused`), in single precision, where there are some for the device."""
        if float_dtype(self) != np.float32 or not fusible(self.features, self.activation):
            return self
        layers = tuple(fused(block) for block in self.blocks)
        return eqx.tree_at(lambda model: model.blocks, self, layers)

    def __call__(self, graph: Graph) -> Prediction:
        s, totals = graph.system, graph.system.positions.dtype
        own, raw = self.heads(self.encode(graph), graph)
        charges = conserved(raw, s)  # (3)
        network = jnp.where(s.real, own, 0.0).astype(totals)
        atoms = of_free_atoms(self.e0, s)
        shares, found = {"network": network, "atoms": atoms}, None
        if self.repulsion is not None:
            shares["zbl"] = cast(Array, self.repulsion(graph).energies)
        if self.dispersive is not None:
            found = self.dispersive(charges, graph, self.charged.far, self.codata)
            shares["dispersion"] = found.energies
        terms = {name: sum_by(share, s.owner, s.systems) for name, share in shares.items()}
        if self.electrostatics != "none":
            terms["electrostatics"], shares["electrostatics"] = self.charged(charges, graph)
        return Prediction(
            energy=sum(terms.values()),  # (4)
            terms=terms,
            energies=sum(shares.values()),
            charges=charges,
            dipole=dipole(charges, s),
            c6=None if found is None else found.c6,
            polarizabilities=None if found is None else found.polarizabilities,
        )
