"""Particle mesh (P3M) sum of Gaussian charges, for large periodic structures.

B-splines of order p put the charges on a mesh of N₁ × N₂ × N₃ points (W: product of the three splines), the sum over
waves is taken there, by one fast Fourier transform:

    ρ(g) = Σⱼ qⱼ W(rⱼ - r_g),    E = kₑ/2V Σ_k G(k) |ρ̂(k)|² + constants of (1) in `reciprocal`     (1)
    G(k) = φ(k) U(k)² / [ Σ_m U(k_m)² ]²                                                        (2)
    U(k) = Πᵢ [ sin(πnᵢ/Nᵢ) / (πnᵢ/Nᵢ) ]ᵖ,   k_m: the waves nᵢ + mᵢNᵢ that the mesh cannot tell from k  (3)

Splines: Essmann et al., J. Chem. Phys. 103, 8577 (1995), doi:10.1063/1.470117. (2): the influence function with the
least error of the energy (Ballenegger, Cerdà, Lenz & Holm, J. Chem. Phys. 128, 034109 (2008), doi:10.1063/1.2816570)
where φ(k_m) is nothing for m ≠ 0. The energy has p - 2 continuous derivatives in the positions and forces are its
exact derivatives, so molecular dynamics conserves it. The price: forces add up to their errors, not exactly to zero.
"""

import math
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from eukrates.numerics import sum_by
from eukrates.physics.reciprocal import lattice_energy, per_atom, reciprocal, smeared
from eukrates.shapes import AnyArray

Shape = tuple[int, int, int]
ORDERS = (4, 8)


def mesh_error(spacing: float, width: float, order: int = 6) -> float:
    """Root mean square error of the force, relative to the force, for charges at random places in a large cell.

    The aliases m = ±1 along each axis in Hockney & Eastwood's measure for forces by differentiation (as in
    Ballenegger, Cerdà & Holm, J. Chem. Theory Comput. 8, 936 (2012), doi:10.1021/ct2001792), c = cos(k, axis):

        (δF/F)² = ∫ φ² k⁴ Σ_m k_m² U(k_m)²/(k² U(k)²) dc dk / ∫ φ² k⁴ dk        (4)

    An estimate: random charges in boxes of 25-40 Å had 1.2 to 2 times this error. Liquids screen the long waves that
    carry most of the force of random charges: for water it was 4 to 13 times this number of a small force. There,
    order 6 and spacing 1.24 Å (estimate 1.0e-5, width 4 Å) gave 8.6e-5, which is 1.9e-6 eV/Å, at worst 7e-6 eV/Å.
    """
    h = spacing / width
    k = np.linspace(0.0, 8.0, 801)[1:]  # in 1/σ
    c, weight = np.polynomial.legendre.leggauss(64)
    x = np.abs(np.outer(k, c)) * h / (2 * math.pi)  # share of the first alias; the mesh resolves x < ½
    near = np.where(x < 0.5, x, 0.5)
    alias = [(near / (1 - near)) ** (2 * order) * (1 - near) ** 2, (near / (1 + near)) ** (2 * order) * (1 + near) ** 2]
    share = 3 * (alias[0] + alias[1]) * (2 * math.pi / h / k[:, None]) ** 2
    share = np.where(x < 0.5, np.minimum(share, 1.0), 1.0)  # (4); beyond the mesh everything is lost
    gauss = np.exp(-(k**2) / 2)
    return float(np.sqrt(np.sum(gauss * (share @ weight) / 2) / np.sum(gauss)))


def mesh_shape(cell: Float[np.ndarray, "3 3"], width: float, accuracy: float = 1e-5, order: int = 6) -> Shape:
    """Mesh points along the three lattice vectors, products of 2, 3 and 5. On the host.

    Args:
        cell: Å, rows are lattice vectors.
        width: σ in Å of the kernel erf(d/σ)/d.
        accuracy: the wanted `mesh_error`.
        order: of the B-splines.

    Raises:
        ValueError: a cell without a volume, an accuracy outside [1e-12, 0.1], or an unknown order.
    """
    _check_order(order)
    if abs(np.linalg.det(cell)) == 0:
        raise ValueError(f"Expected a cell with a volume, periodic along three axes, got {cell.tolist()}.")
    if not 1e-12 <= accuracy <= 0.1:
        raise ValueError(f"Expected a relative accuracy of forces between 1e-12 and 0.1, got {accuracy}.")
    spacing = width * _widest(accuracy, order)
    lengths = np.linalg.norm(cell, axis=1).tolist()
    first, second, third = (_friendly(max(math.ceil(length / spacing), order)) for length in lengths)
    return first, second, third


@lru_cache
def _widest(accuracy: float, order: int) -> float:
    """The largest spacing, in widths, with a `mesh_error` below `accuracy`, which depends on their ratio alone."""
    low, high = 1e-3, 2.0
    for _ in range(40):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if mesh_error(middle, 1.0, order) < accuracy else (low, middle)
    return low


def mesh_energy(
    charges: Float[AnyArray, " atoms"],
    positions: Float[AnyArray, "atoms 3"],
    cell: Float[AnyArray, "systems 3 3"],
    owner: Int[AnyArray, " atoms"],
    shape: Shape,
    width: float,
    order: int = 6,
) -> Float[AnyArray, " systems"]:
    """Electrostatic energy in eV of each structure, (1); differentiable by all arrays of floats.

    One structure after the other has the mesh for itself: many small ones are better served by `ewald_energy`.

    Args:
        charges: e; zero for padding.
        positions: Å.
        cell: Å, rows are lattice vectors. A structure without a volume (open along any axis) contributes 0.
        owner: the structure of each atom.
        shape: from `mesh_shape`, large enough for every cell; static.
        width: σ in Å of the kernel erf(d/σ)/d.
        order: of the B-splines; static.

    Raises:
        ValueError: an unknown order, or a mesh with fewer points than the order along an axis.
    """
    _check_order(order)
    if min(shape) < order:
        raise ValueError(f"Expected at least {order} mesh points along each axis for order {order}, got {shape}.")
    rows, volume = reciprocal(cell)
    q = jnp.asarray(charges)

    def one(n):
        own = jnp.where(owner == n, q, 0.0)
        nothing = lambda own, rows: jnp.zeros((), q.dtype)
        waves = lambda own, rows: _waves(own, positions, rows, shape, width, order)
        return jax.lax.cond(volume[n] > 0, waves, nothing, own, rows[n])

    systems = cell.shape[0]
    found = jax.lax.map(one, jnp.arange(systems))
    return lattice_energy(found, sum_by(q * q, owner, systems), sum_by(q, owner, systems), volume, width)


def mesh_energies(
    charges: Float[AnyArray, " atoms"],
    positions: Float[AnyArray, "atoms 3"],
    cell: Float[AnyArray, "systems 3 3"],
    owner: Int[AnyArray, " atoms"],
    shape: Shape,
    width: float,
    order: int = 6,
) -> Float[AnyArray, " atoms"]:
    """The atoms' shares of `mesh_energy` in eV. For forces differentiate `mesh_energy`, at half the cost."""
    return per_atom(lambda q: mesh_energy(q, positions, cell, owner, shape, width, order), jnp.asarray(charges))


def _waves(charges, positions, rows, shape: Shape, width: float, order: int):
    """Σ_k G(k) |ρ̂(k)|² of one structure."""
    waves = jnp.fft.rfftn(_spread(charges, positions @ rows.T, shape, order))
    return jnp.sum(_influence(rows, shape, width, order) * (waves.real**2 + waves.imag**2))


def _spread(charges, f, shape: Shape, order: int):
    """Charges on the mesh, real [N₁, N₂, N₃], from fractional coordinates.

    Each atom adds one block of orderˣ³ numbers to a mesh that is larger by order - 1; its rim is then folded back.
    """
    points = np.array(shape)
    x = (f - jax.lax.stop_gradient(jnp.floor(f))) * points.astype(f.dtype)
    corner = jax.lax.stop_gradient(jnp.floor(x))
    wx, wy, wz = (_spline(x[:, a] - corner[:, a], order) for a in range(3))
    blocks = (charges[:, None] * wx)[:, :, None, None] * (wy[:, :, None] * wz[:, None, :])[:, None]
    mesh = jax.lax.scatter_add(
        jnp.zeros(tuple(n + order - 1 for n in shape), f.dtype),
        corner.astype(jnp.int32) % points.astype(np.int32),
        blocks,
        jax.lax.ScatterDimensionNumbers((1, 2, 3), (), (0, 1, 2)),
        mode="clip",
    )
    for axis, n in enumerate(shape):
        inner, rim = jnp.split(mesh, [n], axis=axis)
        mesh = inner + jnp.pad(rim, [(0, n - order + 1 if a == axis else 0) for a in range(3)])
    return mesh


def _spline(t, order: int):
    """Cardinal B-spline at the `order` mesh points around a charge, t ∈ [0, 1) beyond one of them: [atoms, order].

    Mₙ(u) = [ u Mₙ₋₁(u) + (n - u) Mₙ₋₁(u - 1) ] / (n - 1), from the far point u = t + order - 1 to the near one u = t.
    """
    values = [t, 1 - t]  # M₂ at u = t, t + 1
    for n in range(3, order + 1):
        padded = [jnp.zeros_like(t), *values, jnp.zeros_like(t)]
        values = [((t + j) * padded[j + 1] + (n - t - j) * padded[j]) / (n - 1) for j in range(n)]
    return jnp.stack(values[::-1], axis=-1)


def _influence(rows, shape: Shape, width: float, order: int):
    """G(k) of (2) on the half space of a real transform [N₁, N₂, N₃//2+1], waves that stand for two counted twice."""
    n = [np.fft.fftfreq(shape[0], 1 / shape[0]), np.fft.fftfreq(shape[1], 1 / shape[1]), np.arange(shape[2] // 2 + 1)]
    sinc = []
    for axis, points in zip(n, shape, strict=True):
        x = axis[:, None] / points + np.arange(-8, 9)
        u2 = np.sinc(x) ** (2 * order)  # (3), squared: m = -8..8
        sinc.append(u2[:, 8] / u2.sum(axis=1) ** 2)
    both = np.where((n[2] == 0) | (2 * n[2] == shape[2]), 1.0, 2.0)
    alias = np.einsum("x,y,z->xyz", sinc[0], sinc[1], sinc[2] * both).astype(rows.dtype)
    waves = np.stack(np.meshgrid(*n, indexing="ij"), axis=-1).astype(rows.dtype)
    k = 2 * math.pi * jnp.einsum("xyzi,ia->xyza", waves, rows, precision="highest")
    return smeared(jnp.sum(k * k, axis=-1), width) * alias  # (2)


def _check_order(order: int) -> None:
    if not ORDERS[0] <= order <= ORDERS[1]:
        raise ValueError(f"Expected B-splines of order {ORDERS[0]} to {ORDERS[1]}, got {order}.")


def _friendly(least: int) -> int:
    """The next number ≥ least without prime factors beyond 5."""
    n = least
    while True:
        rest = n
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return n
        n += 1
