"""D4 dispersion between pairs, with charges from elsewhere, over the far edges.

In atomic units, over reference systems a of an element and imaginary frequencies w:

    CN_i  = Σ_j δ_ij ½ [1 + erf(-k₀ (r - R₀)/R₀)],  R₀ = 4/3 (rcov_i + rcov_j)                (1)
    δ_ij  = k₄ exp(-(|en_i - en_j| + k₅)²/k₆)                                                (2)
    W_ia  = Σ_g exp(-6 g (CN_i - CN_a)²), normalised over a                                  (3)
    ζ(q)  = exp(3 [1 - exp(2 γ (1 - (z + s q_a)/(z + q)))])                                  (4)
    α_a   = max(0, c_a [α_system,a - n_a c_other α_other ζ_other(s q_other)])                (5)
    β_i   = Σ_a W_ia ζ_ia(q_i) α_a(iw),  C6_ij = 3/π Σ_w p_w β_i(w) β_j(w)                     (6)
    E     = -½ Σ_ij C6_ij [s6 t₆ + s8 Q² t₈],  Q = √3 (√r4r2)_i (√r4r2)_j                     (7)
    t_n   = 1/(rⁿ + Rⁿ),  R = a1 Q + a2                                                      (8)

z: effective nuclear charges, γ: hardnesses, s: `scaleq`, p: weights of a Casimir-Polder integration. (6) is summed per
atom and frequency before pairs are formed, which equals the sum over pairs of reference systems. With a finite cutoff
t_n is shifted so that value and slope vanish there, and terms of (1) are switched off over its last half bohr.

(1)-(4) Caldeweyher et al., J. Chem. Phys. 150, 154122 (2019), doi:10.1063/1.5090222; charges of a network, and the
cutoff, as in SpookyNet (Unke et al., Nat. Commun. 12, 7273 (2021), doi:10.1038/s41467-021-27504-0). There is no
three-body term.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Float

from eukrates.elements import SYMBOLS, by_number
from eukrates.matter import Edges, Graph
from eukrates.numerics import sum_by
from eukrates.physics.d4_tables import HARTREE_FOCK, D4Parameters, D4Tables, charge_scale, standard_tables
from eukrates.physics.fixed_charges import listed
from eukrates.physics.pairs import distances, far_edges, shared
from eukrates.potential import Potential, Prediction
from eukrates.radial.cutoffs import switch
from eukrates.shapes import AnyArray
from eukrates.units import CODATA, AtomicUnits

K0, K2, K4, K5, K6 = 7.5, 4 / 3, 4.10451, 19.08857, 254.5553148552
WEIGHT = 6.0  # of (3)
KNOWN: tuple[str, ...] = SYMBOLS[1:87]
NEVER = -1e30  # exponent of a reference that is not there


class D4Found(NamedTuple):
    """What D4 says of atoms. Compiled code computes what is read."""

    energies: jax.Array  # [atoms], eV
    c6: jax.Array  # [atoms], with themselves, eV Å⁶
    polarizabilities: jax.Array  # [atoms], static, Å³


def d4(
    charges: Float[AnyArray, " atoms"],
    graph: Graph,
    tables: D4Tables,
    parameters: D4Parameters,
    cutoff: float = math.inf,
    constants: AtomicUnits = CODATA[2018],
    least: float = 0.0,
) -> D4Found:
    """(1)-(8) over all far edges, or those closer than `cutoff` in Å; in the precision of the charges, e.

    Differentiable by geometry, charges and parameters; no gradient reaches the tables. Where the sum of weights that
    (3) divides by is below `least`, `fixgweights` are taken instead: SpookyNet has 1e-8 there, and so energies that
    jump where a metal atom is far from all its references. 0: never, as in the program dftd4.

    Raises:
        ValueError: a graph without far edges.
    """
    z, dtype, bohr = graph.system.numbers, charges.dtype, constants.bohr
    tables = jax.tree.map(lambda table: jax.lax.stop_gradient(jnp.asarray(table, dtype)), tables)
    s6, s8, a1, a2, scaleq = parameters.positive(dtype)
    edges = far_edges(graph)
    r, end = distances(graph, edges, dtype) / bohr, cutoff / bohr
    i, j, inside = edges.i[: edges.half], edges.j[: edges.half], r < end
    zeta = _reference_weights(coordination(r, graph, edges, tables, end, bohr), tables, z, least)
    zeff, gam = tables.zeff[z][:, None], tables.gam[z][:, None]
    zeta = zeta * charge_scale(zeff + charges[:, None], zeff + scaleq * tables.refq[z], gam)  # (4)
    root = jnp.sqrt(3 / math.pi * tables.casimir_polder_weights)
    beta = root * jnp.einsum("na,naw->nw", zeta, tables.polarizabilities(scaleq)[z], precision="highest")  # (6)
    q = math.sqrt(3) * tables.sqrt_r4r2[z][i] * tables.sqrt_r4r2[z][j]
    radius = a1 * q + a2
    damped = s6 * _damped(r, radius, 6, end) + s8 * q * q * _damped(r, radius, 8, end)
    pairs = -constants.hartree * jnp.sum(beta[i] * beta[j], axis=-1) * damped  # (7)
    static = jnp.sum(zeta * tables.polarizabilities(1.0)[z][..., 0], axis=-1)
    return D4Found(
        energies=shared(jnp.where(inside, pairs, 0.0), graph, edges),
        c6=constants.hartree * bohr**6 * jnp.sum(beta * beta, axis=-1),
        polarizabilities=bohr**3 * static,
    )


def coordination(
    r: Float[AnyArray, " half"], graph: Graph, edges: Edges, tables: D4Tables, end: float, fade: float
) -> Float[AnyArray, " atoms"]:
    """(1) from distances in bohr; terms fade over the last `fade` bohr before `end`."""
    z, h, n = graph.system.numbers, edges.half, graph.system.atoms
    i, j = edges.i[:h], edges.j[:h]
    radius, en = tables.rcov[z], tables.en[z]
    between = K2 * (radius[i] + radius[j])
    apart = jnp.where(edges.real[:h], between, 1.0)
    count = 0.5 * (1 + jax.lax.erf(-K0 * (r - apart) / apart))
    count = K4 * jnp.exp(-((jnp.abs(en[i] - en[j]) + K5) ** 2) / K6) * count  # (2)
    if math.isfinite(end):
        count = count * switch(r, end - fade, end)
    count = jnp.where(edges.real[:h], count, 0.0)
    return sum_by(count, i, n) + sum_by(count, j, n)


def _reference_weights(coordination, tables: D4Tables, z, least: float):
    """(3), [atoms, references]."""
    away = coordination[:, None, None] - tables.cn[z]
    exponent = jnp.where(tables.ncount_mask[z] > 0, -WEIGHT * tables.ncount_weight[z] * away * away, NEVER)
    top = jax.lax.stop_gradient(jnp.max(exponent, axis=(1, 2), keepdims=True))
    weights = jnp.sum(jnp.exp(exponent - top), axis=-1)
    total = jnp.sum(weights, axis=-1, keepdims=True)  # of weights that are exp(-top) times (3): no underflow
    if least > 0:
        near = jnp.exp(top[..., 0]) * total > least
        return jnp.where(near, weights / total, tables.fixgweights[z])
    return weights / total


def _damped(r, radius, n: int, end: float):
    """(8), shifted to vanish at `end` bohr with its slope."""
    found = 1 / (r**n + radius**n)
    if not math.isfinite(end):
        return found
    last = 1 / (end**n + radius**n)
    return found - last + n * end**n * last * last * (r / end - 1)


class D4(Potential):
    """D4 dispersion with fixed charges by element, zero where none is given.

    Args:
        charges: e by symbol.
        far_cutoff: Å; inf sums over all pairs and is for open structures.
        s8, a1, a2: of damping (a2 in bohr), where training starts; see `D4Parameters`.

    Raises:
        ValueError: an element beyond radon, or a number that is not positive.
    """

    tables: D4Tables
    parameters: D4Parameters
    by_symbol: tuple[tuple[str, float], ...] = eqx.field(static=True)
    far_cutoff: float = eqx.field(static=True)
    s8: float = eqx.field(static=True)
    a1: float = eqx.field(static=True)
    a2: float = eqx.field(static=True)

    cutoff = 1.0  # it reads no near edges: any reach would do
    elements = KNOWN
    needs = ()

    def __init__(
        self,
        charges: Mapping[str, float] | None = None,
        far_cutoff: float = 12.0,
        s8: float = HARTREE_FOCK["s8"],
        a1: float = HARTREE_FOCK["a1"],
        a2: float = HARTREE_FOCK["a2"],
    ):
        unknown = [symbol for symbol in charges or {} if symbol not in KNOWN]
        if unknown or not far_cutoff > 0:
            raise ValueError(f"Expected charges of H to Rn and far_cutoff > 0 Å, got {unknown} and {far_cutoff}.")
        self.by_symbol, self.far_cutoff = listed(charges or {}), float(far_cutoff)
        self.s8, self.a1, self.a2 = float(s8), float(a1), float(a2)
        self.tables, self.parameters = standard_tables(), D4Parameters(s8=s8, a1=a1, a2=a2)

    @property
    def charges(self) -> dict[str, float]:
        """e by symbol."""
        return dict(self.by_symbol)

    def __call__(self, graph: Graph) -> Prediction:
        s = graph.system
        charges = jnp.asarray(by_number(self.charges), self.parameters.a1.dtype)[s.numbers]
        energies = d4(charges, graph, self.tables, self.parameters, self.far_cutoff).energies
        energy = sum_by(energies, s.owner, s.systems)
        return Prediction(energy=energy, terms={"dispersion": energy}, energies=energies)
