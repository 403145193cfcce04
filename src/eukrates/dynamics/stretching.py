"""The piston that moves lengths and angles of a cell, at random."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from eukrates.dynamics.chance import normals, split
from eukrates.dynamics.integrators import Move, Number, Time
from eukrates.dynamics.phase import Phase
from eukrates.dynamics.rescaling import worked
from eukrates.numerics import sum_by
from eukrates.units import FS, GPA, KELVIN

HALVINGS, ORDER = 4, 9  # of the exponential of a matrix


def cell_stretching(
    temperature_kelvin: Number, pressure_gpa: Number, time_fs: Number, compressibility_per_gpa: Number
) -> Move:
    """Cell h (rows) and positions of a system times exp(S), momenta times exp(-S): h follows the law of constant
    temperature and hydrostatic pressure,

    p(h) dh ∝ V^(N-2) exp(-(E + P₀ V) / k_B T) dh = V^N exp(-(E + P₀ V) / k_B T) dV dh₀,   h = V^(1/3) h₀       (1)

    with N - 1 in place of N where the centre of mass rests (Martyna, Tobias & Klein, J. Chem. Phys. 101, 4177 (1994),
    doi:10.1063/1.467468).

    S = β/3τ (P - P₀ 1) dt + √(2 k_B T β dt / 3 V τ) (ξ + ξᵀ) / 2,   ξ normal, [3, 3]                           (2)
    P = (Σ p pᵀ/m - ∂E/∂ε) / V                                                                                (3)

    Anisotropic stochastic cell rescaling (Del Tatto, Raiteri, Bernetti & Bussi, Appl. Sci. 12, 1139 (2022),
    doi:10.3390/app12031139), as a random walk on the group of matrices, whose own measure is dh / V³. Relative to it
    (1) is V exp(-H / k_B T) where coordinates and momenta scale with the cell; the pull of this V, k_B T / V, and the
    drift from noise that falls with V cancel, so (2) has neither. In Itô's form of h the former is left, as it is in
    the paper. To first order in dt, like `cell_rescaling`, which this is along V; heat and `settle` are the same too.

    Only lengths and angles of h have a law: the antisymmetric part of ξ would turn all without changing it and is left
    out, and all is turned back so that the first row of h keeps its direction and the second its plane. Along these
    axes (first row, across it in the plane, across both)

    ⟨P⟩ = P₀ 1 + 2 k_B T ⟨1/V⟩ diag(-1, 0, 1)                                                                 (4)

    since long axes choose their direction; averaged over directions, and in large systems, it is P₀ 1.
    """
    thermal, pressure, beta = KELVIN * temperature_kelvin, GPA * pressure_gpa, compressibility_per_gpa / GPA

    def move(phase: Phase, dt: Time) -> Phase:
        keys, now = split(phase.keys, 2)
        volume = phase.volume
        boxed = volume > 0
        v = jnp.where(boxed, volume, 1.0)
        rate = beta * dt / (3 * time_fs * FS)
        each = lambda number: jnp.broadcast_to(number, v.shape)[:, None, None]
        inside = (_flux(phase) - phase.virial) / each(v)  # (3)
        noise = normals(now, 9).reshape(-1, 3, 3)
        random = each(jnp.sqrt(2 * thermal * rate / v)) * (noise + jnp.swapaxes(noise, 1, 2)) / 2
        s = each(rate) * (inside - each(pressure) * jnp.eye(3)) + random  # (2)
        s = jnp.where(each(boxed), s, 0.0)
        cell = phase.cell @ exponential(s)
        turn = jnp.where(each(boxed), jnp.swapaxes(_frame(cell), 1, 2) @ _frame(phase.cell), jnp.eye(3))
        grow, slow = exponential(s) @ turn, exponential(-s) @ turn
        by = lambda rows, matrices: jnp.einsum("na,nab->nb", rows, matrices[phase.owner])
        after = phase.but(
            positions=by(phase.positions, grow), momenta=by(phase.momenta, slow), cell=phase.cell @ grow, keys=keys
        )
        turned = lambda tensors: jnp.swapaxes(turn, 1, 2) @ tensors @ turn
        return worked(after, phase, turned(s), turned(phase.virial))

    return move


def exponential(s: Float[Array, "systems 3 3"]) -> Float[Array, "systems 3 3"]:
    """exp(s) by its series for s/2⁴, squared four times: to rounding for |s| < 1, much more than a step may bring."""
    small, term, total = s / 2**HALVINGS, jnp.eye(3), jnp.eye(3)
    for k in range(1, ORDER + 1):
        term = term @ small / k
        total = total + term
    for _ in range(HALVINGS):
        total = total @ total
    return total


def _flux(phase: Phase) -> Float[Array, "systems 3 3"]:
    """Σ p pᵀ/m of every system, eV."""
    return sum_by(phase.momenta[:, :, None] * phase.velocities[:, None, :], phase.owner, phase.energy.shape[0])


def _frame(cell: Float[Array, "systems 3 3"]) -> Float[Array, "systems 3 3"]:
    """Unit vectors (rows) along the first row of a cell, in the plane of the first two, and across it."""
    unit = lambda v: v / jnp.linalg.norm(v, axis=-1, keepdims=True)
    first, across = unit(cell[:, 0]), unit(jnp.cross(cell[:, 0], cell[:, 1]))
    return jnp.stack([first, jnp.cross(across, first), across], axis=1)
