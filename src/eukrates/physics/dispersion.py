"""Dispersion between atoms as coupled quantum Drude oscillators, over the far edges.

    α_i = α(Z_i) h_i,   C6_i = C6(Z_i) h_i²                                                          (1)
    α   = (α_i + α_j)/2,   C6 = 2 C6_i C6_j α_i α_j / (α_i² C6_j + α_j² C6_i)                         (2)
    ρ   = a^(-4/21) α^(1/7),   s = c₀ + c₁ρ + c₂ρ² + c₃ρ³,   γ = 1/(2s²)                               (3)
    C8  = 5 C6/γ,   C10 = (245/8) C6/γ²                                                              (4)
    V   = -[C6/(R⁶ + p⁶) + C8/(R⁸ + p⁸) + C10/(R¹⁰ + p¹⁰)],   p = x · 2 · 2.54 α^(1/7)               (5)

in atomic units; h is the Hirshfeld ratio of an atom in a molecule, a the fine structure constant, and x scales the
distance below which (5) is damped. A smooth switch takes V to zero over the last `fade` Å before a finite cutoff.

(1) Tkatchenko & Scheffler, Phys. Rev. Lett. 102, 073005 (2009), doi:10.1103/PhysRevLett.102.073005; (2)-(5)
Khabibrakhmanov, Fedorov & Tkatchenko, J. Chem. Theory Comput. 19, 7895 (2023), doi:10.1021/acs.jctc.3c00797, damped
as in SO3LR (Kabylda et al., J. Am. Chem. Soc. 147, 33723 (2025)).
"""

import math

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from eukrates.elements import SPECIES, SYMBOLS
from eukrates.matter import Graph
from eukrates.numerics import sum_by
from eukrates.physics.free_atoms import DISPERSION, POLARISABILITY
from eukrates.physics.pairs import distances, far_edges, shared
from eukrates.potential import Potential, Prediction
from eukrates.radial.cutoffs import switch
from eukrates.shapes import AnyArray
from eukrates.units import BOHR, FINE_STRUCTURE, HARTREE

WIDTH = (-0.00433008, 0.24428889, 0.04125273, -0.00078893)  # c of (3), bohr
KNOWN: tuple[str, ...] = SYMBOLS[1 : len(POLARISABILITY)]


def dispersion(
    ratios: Float[AnyArray, " atoms"],
    graph: Graph,
    cutoff: float = math.inf,
    fade: float = 2.0,
    damping: float = 1.2,
) -> Float[AnyArray, " atoms"]:
    """Energies of atoms in eV, equation (5). Ratios: Hirshfeld volumes over those of free atoms; cutoff, fade in Å."""
    edges, z = far_edges(graph), graph.system.numbers
    dtype, h = ratios.dtype, edges.half
    r = distances(graph, edges, dtype)
    alpha, c6 = _combined(*of_atoms(ratios, z), edges.i[:h], edges.j[:h])
    pairs = HARTREE * _pair(r / BOHR, alpha, c6, damping)
    if math.isfinite(cutoff):
        pairs = pairs * switch(r, cutoff - fade, cutoff)
    return shared(pairs, graph, edges)


def of_atoms(
    ratios: Float[AnyArray, " atoms"], numbers: Int[AnyArray, " atoms"]
) -> tuple[Float[AnyArray, " atoms"], Float[AnyArray, " atoms"]]:
    """(1), α and C6 in atomic units; atoms without a polarisability, padding among them, get one and no dispersion."""
    alpha = jnp.asarray(_table(POLARISABILITY), ratios.dtype)[numbers] * ratios
    c6 = jnp.asarray(_table(DISPERSION), ratios.dtype)[numbers] * ratios**2
    empty = alpha <= 0
    return jnp.where(empty, 1.0, alpha), jnp.where(empty, 0.0, c6)


def _table(values: tuple[float, ...]) -> np.ndarray:
    return np.pad(np.asarray(values, np.float64), (0, SPECIES - len(values)))


def _combined(alpha, c6, i, j):
    """(2)."""
    ai, aj, ci, cj = alpha[i], alpha[j], c6[i], c6[j]
    below = ai * ai * cj + aj * aj * ci
    return (ai + aj) / 2, 2 * ci * cj * ai * aj / jnp.where(below > 0, below, 1.0)


def _pair(r, alpha, c6, damping: float):
    """(3)-(5) in hartree, of distances in bohr."""
    seventh = alpha ** (1 / 7)
    rho = FINE_STRUCTURE ** (-4 / 21) * seventh
    c0, c1, c2, c3 = WIDTH
    s = c0 + rho * (c1 + rho * (c2 + rho * c3))
    over_gamma = 2 * s * s  # (3)
    r2, p2 = r * r, (damping * 2 * 2.54 * seventh) ** 2
    r4, p4 = r2 * r2, p2 * p2
    r6, p6, r8, p8 = r4 * r2, p4 * p2, r4 * r4, p4 * p4
    c8, c10 = 5 * c6 * over_gamma, 245 / 8 * c6 * over_gamma**2  # (4)
    return -(c6 / (r6 + p6) + c8 / (r8 + p8) + c10 / (r8 * r2 + p8 * p2))  # (5)


class Dispersion(Potential):
    """Equation (5) with one Hirshfeld ratio for all atoms: 1 for free atoms.

    Args:
        far_cutoff: Å; inf sums over all pairs and is for open structures.
        fade: Å before the cutoff over which the energy is taken to zero.
        damping: x of equation (5).
        ratio: Hirshfeld ratio.
    """

    far_cutoff: float = eqx.field(static=True)
    fade: float = eqx.field(static=True)
    damping: float = eqx.field(static=True)
    ratio: float = eqx.field(static=True)

    cutoff = 1.0  # it reads no near edges: any reach would do
    elements = KNOWN
    needs = ()

    def __init__(self, far_cutoff: float = 12.0, fade: float = 2.0, damping: float = 1.2, ratio: float = 1.0):
        if not (0 < fade < far_cutoff and damping > 0 and ratio > 0):
            came = f"far_cutoff={far_cutoff}, fade={fade}, damping={damping}, ratio={ratio}"
            raise ValueError(f"Expected 0 < fade < far_cutoff in Å, damping > 0 and ratio > 0, got {came}.")
        self.far_cutoff, self.fade = float(far_cutoff), float(fade)
        self.damping, self.ratio = float(damping), float(ratio)

    def __call__(self, graph: Graph) -> Prediction:
        s = graph.system
        ratios = jnp.full(s.atoms, self.ratio, s.positions.dtype)
        energies = dispersion(ratios, graph, self.far_cutoff, self.fade, self.damping)
        energy = sum_by(energies, s.owner, s.systems)
        return Prediction(energy=energy, terms={"dispersion": energy}, energies=energies)
