"""A model of the Hessian of a molecule from its geometry alone: what makes the first step as good as the last.

Stretches, bends and torsions with force constants that fall off with the distances in them:

    H = Σ k bᵀb,   b = ∂q/∂r                                                                                     (1)
    k(i-j) = 0.45 ρ_ij,   k(i-j-k) = 0.15 ρ_ij ρ_jk,   k(i-j-k-l) = 0.005 ρ_ij ρ_jk ρ_kl   (Hartree, bohr, rad)   (2)
    ρ_ij = exp(α_ij (R_ij² - r_ij²))                                                                             (3)

Lindh, Bernhardsson, Karlström & Malmqvist, Chem. Phys. Lett. 241, 423 (1995), doi:10.1016/0009-2614(95)00646-L, whose
constants these are. Here bends and torsions are those of the bond graph.
"""

from dataclasses import replace
from itertools import combinations
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from eukrates.analysis.torsions import proper_torsions
from eukrates.landscape.minimiser import Spectrum
from eukrates.matter import System, rounded
from eukrates.matter.bonds import bonded_neighbours, find_nonmetal_bonds
from eukrates.shapes import AnyArray
from eukrates.units import BOHR, HARTREE

STRETCH, BEND, TORSION = 0.45, 0.15, 0.005  # (2)
REACHES = np.array([[1.35, 2.10, 2.53], [2.10, 2.87, 3.40], [2.53, 3.40, 3.40]])  # R of (3), bohr, by rows
DECAYS = np.array([[1.0, 0.3949, 0.3949], [0.3949, 0.28, 0.28], [0.3949, 0.28, 0.28]])  # α of (3), 1/bohr²
ROW_ENDS = np.array([2, 10])  # last elements of the first rows of the periodic table; all later ones are as the third
SOFTEST = 0.05  # eV/Å², added to the diagonal: for what the model does not hold
BITS = 2  # rows of bends and turns are rounded up to numbers with so many significant bits
STRAIGHT = 1e-2  # sine of an angle below which what bends or turns there is left out


class Topology(NamedTuple):
    """What bends and turns in one structure, padded with rows of atom 0; hosts' arrays."""

    rows: Int[AnyArray, " atoms"]  # of the periodic table: 0, 1, 2
    bends: Int[AnyArray, "bends 3"]
    turns: Int[AnyArray, "turns 4"]


def topology(structure: System) -> Topology | None:
    """Of the bond graph of a structure of molecules, none of which crosses the border of a cell.

    None for anything else (crystals, clusters of metal or noble gas, free atoms): of it the model knows too little.
    """
    s, bonds = structure, find_nonmetal_bonds(structure)
    if len(np.unique(bonds)) < s.atoms:
        return None
    if np.any(s.cell) and not np.array_equal(bonds, find_nonmetal_bonds(replace(s, cell=np.zeros_like(s.cell)))):
        return None
    around = bonded_neighbours(bonds)
    bends = [(i, j, k) for j, ends in around.items() for i, k in combinations(ends, 2)]
    rows = np.searchsorted(ROW_ENDS, np.asarray(s.numbers))
    turns = proper_torsions(bonds).astype(np.int32)
    return Topology(rows.astype(np.int32), np.array(bends, np.int32).reshape(-1, 3), turns)


def padded(one: Topology, atoms: int) -> Topology:
    """For a structure with padding, with rows rounded up to few shapes."""
    longer = lambda array, rows: np.concatenate([array, np.zeros((rows - len(array), *array.shape[1:]), array.dtype)])
    few = lambda array: longer(array, rounded(max(len(array), 1), BITS))
    return Topology(longer(one.rows, atoms), few(one.bends), few(one.turns))


def model_hessian(
    positions: Float[AnyArray, "atoms 3"], moving: Bool[AnyArray, " atoms"], known: Topology
) -> Float[Array, "atoms 3 atoms 3"]:
    """(1) of one structure in eV/Å², positive definite; atoms that do not move, and padding, stand alone."""
    n = positions.shape[0]
    apart = positions[None] - positions[:, None]
    squared = jnp.sum(apart**2, axis=2)
    within = known.rows[:, None], known.rows[None]
    decay, reach = jnp.asarray(DECAYS)[within], jnp.asarray(REACHES)[within]
    rho = jnp.exp(decay * (reach**2 - squared / BOHR**2))  # (3)
    rho = jnp.where(moving[:, None] & moving[None] & ~jnp.eye(n, dtype=bool), jnp.minimum(rho, 1.0), 0.0)
    unit = apart / jnp.sqrt(jnp.where(squared > 0, squared, 1.0))[..., None]
    stiffness = STRETCH * HARTREE / BOHR**2 * rho  # (2)
    blocks = -stiffness[..., None, None] * unit[..., :, None] * unit[..., None, :]
    blocks = blocks.at[jnp.arange(n), jnp.arange(n)].add(-jnp.sum(blocks, axis=1))
    hessian = jnp.swapaxes(blocks, 1, 2)
    for chains, constant, angle in ((known.bends, BEND, _bend), (known.turns, TORSION, _turn)):
        hessian = _with(hessian, positions, rho, chains, constant * HARTREE, angle)
    alone = jnp.where(moving, SOFTEST, 1.0)[:, None, None] * jnp.eye(3)
    return hessian.at[jnp.arange(n), :, jnp.arange(n)].add(alone)


@eqx.filter_jit
def model_spectrum(
    positions: Float[AnyArray, "atoms 3"], moving: Bool[AnyArray, " atoms"], known: Topology
) -> Spectrum:
    """Of the model Hessian of one structure."""
    size = 3 * positions.shape[0]
    return Spectrum(*jnp.linalg.eigh(model_hessian(positions, moving, known).reshape(size, size)))


def _with(hessian, positions, rho, chains, constant, angle):
    """The Hessian with (1) of angles added; none where a chain is straight or padding."""
    slope = jax.vmap(jax.grad(angle))(positions[chains])
    k = constant * jnp.prod(jnp.stack([rho[a, b] for a, b in zip(chains.T, chains.T[1:], strict=False)]), axis=0)
    there = jnp.all(jnp.isfinite(slope), axis=(1, 2)) & (jnp.max(jnp.abs(slope), axis=(1, 2)) < 1 / STRAIGHT)
    slope = jnp.where(there[:, None, None], slope, 0.0)
    outer = k[:, None, None, None, None] * slope[:, :, :, None, None] * slope[:, None, None, :, :]
    first, second = chains[:, :, None], chains[:, None, :]
    return hessian.at[first, :, second].add(jnp.moveaxis(outer, 3, 2))


def _bend(r):
    """Angle in rad at the middle of three atoms."""
    a, b = r[0] - r[1], r[2] - r[1]
    return jnp.arctan2(jnp.linalg.norm(jnp.cross(a, b)), a @ b)


def _turn(r):
    """Torsion in rad of four atoms."""
    a, b, c = r[1] - r[0], r[2] - r[1], r[3] - r[2]
    first, second = jnp.cross(a, b), jnp.cross(b, c)
    return jnp.arctan2(jnp.linalg.norm(b) * (a @ second), first @ second)
