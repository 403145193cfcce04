"""Ewald sum of Gaussian charges, for many periodic structures at once.

Waves k = 2π Σ nᵢ bᵢ with |nᵢ| ≤ Mᵢ, and a phase that factorises over the three axes (fᵢ: fractional coordinates):

    exp(i k·r) = Π exp(2πi nᵢ fᵢ)                                                (1)

Per atom three rows of cosines and sines are enough, and (2) of `reciprocal`, the sum over atoms, becomes a product of
two real matrices, [atoms, 2M₁+1]ᵀ by [atoms, (2M₂+1)(2M₃+1)]: no table of atoms × waves is made. Atoms are taken in
blocks that belong to one structure each, so that work and memory grow with the sum over structures of their atoms
times the waves. A half space of waves is summed and counted twice.

Waves beyond |k| = c are damped by less than exp(-σ²c²/4). Charges at random places then miss an energy of
kₑ Σq²/(√π σ) · erfc(σc/2), their self energy times a small number (see `wave_cutoff`).

Beyond some hundred atoms `mesh` is faster. Energy and gradient of boxes of water on one core of a shared CPU, best of
31 in ms, this sum and the mesh with their default accuracies: float32 0.25 and 0.27 (192 atoms), 1.1 and 1.1 (768),
4.4 and 1.9 (1536); float64 0.39 and 0.28, 2.2 and 1.2, 14 and 2.1.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from eukrates.numerics import sum_by
from eukrates.physics.reciprocal import lattice_energy, per_atom, reciprocal, smeared
from eukrates.shapes import AnyArray

Grid = tuple[int, int, int]
BLOCKS = (8, 128)  # least and most atoms in a block


def wave_cutoff(width: float, accuracy: float = 1e-8) -> float:
    """The |k| in Å⁻¹ where exp(-σ²k²/4) has fallen to `accuracy`, σ = `width` in Å.

    Measured with width 4 Å in 1536 atoms of water, charges -0.67 and 0.33 e: 1e-6 (1.86 Å⁻¹) is wrong by 2e-7 eV in
    the energy and 1e-8 eV/Å in the worst force, 1e-8 (2.15) by 3e-8 and 1e-9, 1e-10 (2.40) by 5e-11 and 2e-12.

    Raises:
        ValueError: width ≤ 0 or accuracy outside (0, 1).
    """
    if not (width > 0 and 0 < accuracy < 1):
        raise ValueError(f"Expected width > 0 Å and accuracy between 0 and 1, got {width} and {accuracy}.")
    return 2 / width * math.sqrt(-math.log(accuracy))


def wave_grid(cells: Float[np.ndarray, "systems 3 3"], cutoff: float, margin: float = 0.0) -> Grid:
    """The least M₁, M₂, M₃ that hold all waves with |k| < `cutoff` Å⁻¹ of every cell. On the host.

    Args:
        cells: Å, rows are lattice vectors; open cells (zero rows) ask for no wave.
        cutoff: Å⁻¹, see `wave_cutoff`.
        margin: by which fraction lattice vectors may become longer before waves are missing, 0.1 for 10 %.

    Raises:
        ValueError: cutoff ≤ 0 or margin < 0.
    """
    if not (cutoff > 0 and margin >= 0):
        raise ValueError(f"Expected cutoff > 0 Å⁻¹ and margin ≥ 0, got {cutoff} and {margin}.")
    lengths = np.linalg.norm(cells, axis=-1).max(axis=0)  # nᵢ = k·aᵢ/2π ≤ |k| |aᵢ|/2π
    first, second, third = (math.floor(cutoff * (1 + margin) * length / (2 * math.pi)) for length in lengths.tolist())
    return first, second, third


def ewald_energy(
    charges: Float[AnyArray, " atoms"],
    positions: Float[AnyArray, "atoms 3"],
    cell: Float[AnyArray, "systems 3 3"],
    owner: Int[AnyArray, " atoms"],
    grid: Grid,
    width: float,
    within: float = math.inf,
) -> Float[AnyArray, " systems"]:
    """Electrostatic energy in eV of each structure, (1) of `reciprocal`; differentiable by all four arrays of floats.

    Args:
        charges: e; zero for padding.
        positions: Å.
        cell: Å, rows are lattice vectors. A structure without a volume (open along any axis) contributes 0.
        owner: the structure of each atom, not decreasing.
        grid: M₁, M₂, M₃ from `wave_grid`; static.
        width: σ in Å of the kernel erf(d/σ)/d.
        within: only waves with |n| up to this number; static.
    """
    axes = sorted(range(3), key=lambda a: -grid[a])  # the longest axis first: the smaller tables
    most: Grid = (grid[axes[0]], grid[axes[1]], grid[axes[2]])
    rows, volume = reciprocal(cell[:, np.array(axes)])
    systems = cell.shape[0]
    factors = _structure_factors(charges, positions, rows, owner, most)
    n = np.stack(np.meshgrid(np.arange(most[0] + 1), *(np.arange(-m, m + 1) for m in most[1:]), indexing="ij"), -1)
    both = np.where(n[..., 0] > 0, 2, 1)  # the half space n₁ > 0 stands for two, the plane n₁ = 0 is whole
    both = np.where(np.sum(n * n, axis=-1) <= within**2, both, 0)
    weights = smeared(_squares(n, rows), width) * both.astype(rows.dtype)
    waves = jnp.sum(weights * (factors.real**2 + factors.imag**2), axis=(1, 2, 3))
    return lattice_energy(
        waves, sum_by(charges * charges, owner, systems), sum_by(charges, owner, systems), volume, width
    )


def ewald_energies(
    charges: Float[AnyArray, " atoms"],
    positions: Float[AnyArray, "atoms 3"],
    cell: Float[AnyArray, "systems 3 3"],
    owner: Int[AnyArray, " atoms"],
    grid: Grid,
    width: float,
) -> Float[AnyArray, " atoms"]:
    """The atoms' shares of `ewald_energy` in eV. For forces differentiate `ewald_energy`, at half the cost."""
    return per_atom(lambda q: ewald_energy(q, positions, cell, owner, grid, width), jnp.asarray(charges))


def _squares(n, rows):
    """k² in Å⁻² of waves [x, y, z, 3] of each system: [systems, x, y, z].

    No matrix product: with jaxlib 0.10.2 on the CPU a sum of squares fused to one is wrong beyond row 16384 (jax-ml/jax
    issue 39103).
    """
    along = lambda a: sum(n[..., i].astype(rows.dtype) * rows[:, i, a, None, None, None] for i in range(3))
    return (2 * math.pi) ** 2 * sum(along(a) ** 2 for a in range(3))


def _structure_factors(charges, positions, rows, owner, grid: Grid):
    """ρ(n) of each system, complex [systems, M₁+1, 2M₂+1, 2M₃+1]."""
    systems = rows.shape[0]
    system, index = _blocks(owner, systems)
    atoms = jnp.concatenate([charges[:, None], positions], axis=1)
    atoms = jnp.asarray(atoms).at[index].get(mode="fill", fill_value=0)  # [blocks, size, 4]
    f = jnp.einsum("bna,bia->bni", atoms[..., 1:], rows[system], precision="highest")
    x, y, z = (_waves(f[..., a], grid[a]) for a in range(3))  # (1)
    yz = (y[..., :, None] * z[..., None, :]).reshape(*f.shape[:2], -1)
    sums = jnp.einsum("bnx,bny->bxy", x * atoms[..., :1], yz, precision="highest")  # (2) of `reciprocal`
    sums = sum_by(sums, system, systems).reshape(systems, *(2 * m + 1 for m in grid))
    return _exponentials(_exponentials(_exponentials(sums, 3), 2), 1, half=True)


def _blocks(owner, systems: int):
    """Atoms of one system each, in rows of one size: the system of each block, the atom of each place.

    Places that stay empty hold the number of atoms, an index that does not exist.
    """
    atoms = owner.shape[0]
    size = min(max(atoms // systems, BLOCKS[0]), BLOCKS[1])
    count = sum_by(jnp.ones(atoms, jnp.int32), owner, systems)
    needed = -(-count // size)
    last, end = jnp.cumsum(needed), jnp.cumsum(count)
    block = jnp.arange(atoms // size + systems)  # ≥ the sum of ⌈count/size⌉
    system = jnp.minimum(jnp.searchsorted(last, block, side="right"), systems - 1)
    start = (end - count)[system] + (block - (last - needed)[system]) * size
    index = start[:, None] + jnp.arange(size)
    return system, jnp.where(index < end[system][:, None], index, atoms)


def _waves(f, most: int):
    """cos 2πnf for n = 0..most, then sin 2πnf for n = 1..most: [..., 2 most + 1]."""
    turns = f[..., None] * np.arange(1, most + 1).astype(f.dtype)
    angle = 2 * math.pi * (turns - jax.lax.stop_gradient(jnp.round(turns)))
    return jnp.concatenate([jnp.ones_like(f)[..., None], jnp.cos(angle), jnp.sin(angle)], axis=-1)


def _exponentials(sums, axis: int, half: bool = False):
    """Sums with cosines and sines along an axis as sums with exp(2πinf), n = -most..most, or 0..most (`half`)."""
    most = sums.shape[axis] // 2
    one, cos, sin = jnp.split(sums, [1, most + 1], axis=axis)
    parts = [one, cos + 1j * sin]
    return jnp.concatenate(parts if half else [jnp.flip(cos - 1j * sin, axis), *parts], axis=axis)
