"""Constraints: atoms that never move and bonds that never change their length, inside the compiled step.

    σ_b(r) = (|s_b|² - d_b²) / d_b² = 0,   s_b = r_i - r_j + shift                                       (1)

Bonds that share atoms form clusters, and every cluster is solved by itself, all at once, as small dense matrices over
its bonds: SHAKE (Ryckaert, Ciccotti & Berendsen 1977, doi:10.1016/0021-9991(77)90098-5) by Newton's method as in
M-SHAKE (Kräutler, van Gunsteren & Hünenberger 2001, doi:10.1002/1096-987X(20010415)22:5<501::AID-JCC1021>3.0.CO;2-V).
With the letters of `constrained` velocity Verlet reads RATTLE (Andersen 1983, doi:10.1016/0021-9991(83)90014-1) and
BAOAB reads g-BAOAB (Leimkuhler & Matthews 2016, doi:10.1098/rspa.2016.0138).
"""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from eukrates.dynamics.integrators import Alphabet, Time
from eukrates.dynamics.phase import Phase
from eukrates.shapes import AnyArray

TOLERANCE = 1e-13  # of σ
ITERATIONS = 30  # after which there is no solution
SMALL = 8  # bonds of a cluster up to which elimination is written out


class Constraints(eqx.Module):
    """What holds the atoms of one structure, or of many laid end to end.

    Rows are clusters: bonds of two rows share no atom that moves. Padding bonds join the last atom with itself and do
    nothing.
    """

    fixed: Bool[AnyArray, " atoms"]
    i: Int[AnyArray, "clusters bonds"]
    j: Int[AnyArray, "clusters bonds"]
    lengths: Float[AnyArray, "clusters bonds"]  # Å
    shift: Float[AnyArray, "clusters bonds 3"]  # Å, of the periodic image of i next to j; positions are never wrapped

    @property
    def real(self) -> Bool[AnyArray, "clusters bonds"]:
        """False marks padding."""
        return self.i != self.j

    def to_json(self) -> dict[str, list]:
        """Fixed atoms, and bonds with their lengths in Å, of one structure."""
        real = self.real
        bonds = np.stack([self.i[real], self.j[real]], axis=1)
        return {
            "fixed": np.flatnonzero(self.fixed).tolist(),
            "bonds": bonds.tolist(),
            "lengths": self.lengths[real].tolist(),
        }

    def vectors(self, of_atoms: Float[AnyArray, "atoms 3"]) -> Float[Array, "clusters bonds 3"]:
        """What i has more than j; without `shift`."""
        rows = jnp.asarray(of_atoms)
        return rows[self.i] - rows[self.j]

    def spread(self, impulses: Float[Array, "clusters bonds 3"]) -> Float[Array, "atoms 3"]:
        """What the atoms receive from impulses along bonds: i as much, j the opposite, fixed atoms nothing."""
        given = jnp.where(self.real[..., None], impulses, 0.0)
        none = jnp.zeros((self.fixed.shape[0], 3), impulses.dtype)
        return jnp.where(self.fixed[:, None], none, none.at[self.i].add(given).at[self.j].add(-given))

    def yielding(self, masses: Float[AnyArray, " atoms"]) -> Float[Array, " atoms"]:
        """1/m, 0 for fixed atoms and padding."""
        moves = (masses > 0) & ~self.fixed
        return jnp.where(moves, 1 / jnp.where(moves, masses, 1.0), 0.0)

    def coupling(self, yielding: Float[AnyArray, " atoms"]) -> Float[Array, "clusters bonds bonds"]:
        """How much s_a changes with an impulse along bond b: ±1/m summed over the atoms they share; 1 for padding."""
        shared = lambda a, b: jnp.where(a[:, :, None] == b[:, None, :], yielding[a][:, :, None], 0.0)
        i, j, one = self.i, self.j, jnp.eye(self.i.shape[1])
        found = shared(i, i) + shared(j, j) - shared(i, j) - shared(j, i)
        both = self.real[:, :, None] & self.real[:, None, :]
        return jnp.where(both, found, one)


def constrained(letters: Alphabet, constraints: Constraints) -> Alphabet:
    """The same letters for atoms that are held: positions stay on (1), momenta along it, fixed atoms at rest.

    r' = r + dt v + M⁻¹ Σ λ_b s_b(r),  p' = p + Σ λ_b s_b(r) / dt,  such that σ(r') = 0      in drift             (2)
    p' = p + Σ μ_b s_b(r),  such that s_b · (v'_i - v'_j) = 0                                after all that moves  (3)

    Where (2) has no solution the momenta of the cluster become NaN, so that nobody goes on unawares.
    """

    def drift(phase: Phase, dt: Time) -> Phase:
        there = letters.drift(_at_rest(phase, constraints), dt).positions
        there = jnp.where(jnp.isfinite(there), there, phase.positions)  # what is lost already is not spread by forces
        if not constraints.i.size:
            return phase.but(positions=there, momenta=_at_rest(phase, constraints).momenta)
        yielding = constraints.yielding(phase.masses)
        impulses, found = shake(constraints, yielding, phase.positions, there)
        push = constraints.spread(impulses)
        lost = constraints.spread(jnp.where(found[:, None, None], jnp.zeros_like(impulses), jnp.nan))
        per_time = jnp.where(dt == 0, 0.0, 1 / jnp.where(dt == 0, 1.0, dt))
        after = phase.but(positions=there + yielding[:, None] * push, momenta=phase.momenta + push * per_time + lost)
        return project(after, dt)  # (2)

    def kick(phase: Phase, dt: Time) -> Phase:
        return project(letters.kick(phase, dt), dt)

    def project(phase: Phase, dt: Time) -> Phase:
        phase = _at_rest(letters.project(phase, dt), constraints)
        if not constraints.i.size:
            return phase
        yielding = constraints.yielding(phase.masses)
        return phase.but(momenta=phase.momenta + rattle(constraints, yielding, phase.positions, phase.momenta))

    return replace(letters, drift=drift, kick=kick, project=project)


def shake(
    constraints: Constraints,
    yielding: Float[Array, " atoms"],
    before: Float[AnyArray, "atoms 3"],
    after: Float[AnyArray, "atoms 3"],
) -> tuple[Float[Array, "clusters bonds 3"], Bool[Array, " clusters"]]:
    """λ_b s_b(before) of (2), which take `after` onto σ = 0, and where they were found (they are 0 where not).

    Newton: Σ_b ∂σ_a/∂λ_b Δλ_b = -σ_a,   ∂σ_a/∂λ_b = 2 C_ab s_a(after) · s_b(before) / d_a²               (4)
    """
    c, real = constraints, constraints.real
    old, start = c.vectors(before) + c.shift, c.vectors(after) + c.shift
    coupling, squares = c.coupling(yielding), jnp.where(real, c.lengths, 1.0) ** 2

    def error(multipliers):
        now = start + jnp.einsum("nab,nbx->nax", coupling, multipliers[..., None] * old)
        return now, jnp.where(real, jnp.sum(now * now, axis=-1) / squares - 1, 0.0)  # (1)

    def more(state):
        _, wrong, count = state
        return jnp.any(wrong) & (count < ITERATIONS)

    def improve(state):
        multipliers, wrong, count = state
        now, sigma = error(multipliers)
        slope = 2 * coupling * jnp.einsum("nax,nbx->nab", now, old) / squares[..., None]
        slope = jnp.where(real[..., None], slope, coupling)
        better = multipliers - solve(slope, sigma)  # (4)
        multipliers = jnp.where(wrong[:, None], better, multipliers)
        return multipliers, off(error(multipliers)[1]), count + 1

    off = lambda sigma: ~jnp.all(jnp.abs(sigma) < TOLERANCE, axis=1)  # also where it is NaN
    none = jnp.zeros_like(squares)
    multipliers, wrong, _ = jax.lax.while_loop(more, improve, (none, off(error(none)[1]), 0))
    return jnp.where(wrong[:, None, None], 0.0, multipliers[..., None] * old), ~wrong


def rattle(
    constraints: Constraints,
    yielding: Float[Array, " atoms"],
    positions: Float[AnyArray, "atoms 3"],
    momenta: Float[AnyArray, "atoms 3"],
) -> Float[Array, "atoms 3"]:
    """Σ μ_b s_b of (3), the impulses that leave momenta along the constraints."""
    vectors = constraints.vectors(positions) + constraints.shift
    speeds = jnp.sum(vectors * constraints.vectors(yielding[:, None] * momenta), axis=-1)
    products = jnp.where(constraints.real[..., None], jnp.einsum("nax,nbx->nab", vectors, vectors), 1.0)
    return constraints.spread(-solve(constraints.coupling(yielding) * products, speeds)[..., None] * vectors)  # (3)


def solve(matrices: Float[Array, "clusters k k"], right: Float[Array, "clusters k"]) -> Float[Array, "clusters k"]:
    """x of A x = b, for many small A of which the diagonal dominates well enough that no rows need be exchanged."""
    k = right.shape[1]
    if k > SMALL:
        return jnp.linalg.solve(matrices, right[..., None])[..., 0]
    rows = [[matrices[:, a, b] for b in range(k)] + [right[:, a]] for a in range(k)]
    for pivot in range(k):
        top = [entry / rows[pivot][pivot] for entry in rows[pivot]]
        rows = [
            top if a == pivot else [entry - row[pivot] * above for entry, above in zip(row, top, strict=True)]
            for a, row in enumerate(rows)
        ]
    return jnp.stack([row[k] for row in rows], axis=1)


def _at_rest(phase: Phase, constraints: Constraints) -> Phase:
    """Fixed atoms without momenta."""
    return phase.but(momenta=jnp.where(constraints.fixed[:, None], 0.0, phase.momenta))
