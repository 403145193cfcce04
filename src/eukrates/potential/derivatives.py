"""Forces, stress and Hessian: the derivatives written once, for every potential there will ever be.

    F_i = -∂E/∂r_i                                                             (1)
    σ   = (1/V) ∂E/∂ε at ε = 0, r → r (1 + ε), cell → cell (1 + ε), ε = εᵀ     (2)
    H   = ∂²E/∂r∂r                                                             (3)

(2) has the sign of ASE: positive under tension. Every function here is pure and may be compiled and differentiated.
"""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Float

from eukrates.matter import Graph, size
from eukrates.potential.potential import Potential
from eukrates.potential.prediction import Prediction
from eukrates.shapes import AnyArray

WANTS = ("energy", "forces", "forces_by_term", "forces_by_member", "stress", "hessian")
# Near pairs and triples, and an eighth of the far pairs, which carry no features, of the rows of a Hessian that are
# computed at once: for SO3LR and 500 atoms four rows, which take 2.5 GB.
PAIRS_OF_ROWS = 200_000


def evaluate(potential: Potential, graph: Graph, want: Sequence[str] = ("energy", "forces")) -> Prediction:
    """The prediction of `potential` with the derivatives named in `want`, in the precision of the graph's positions.

    Pure: for use inside compiled code. The checked, compiled door is `predict`.
    """
    forces, stress = "forces" in want, "stress" in want
    if stress:
        prediction, gradient, strain = _gradients(potential, graph)
        volume = jnp.where(graph.system.volume > 0, graph.system.volume, 1.0)[:, None, None]
        sigma = jnp.where(graph.system.volume[:, None, None] > 0, strain / volume, 0.0)  # (2)
        prediction = _with(prediction, "stress", sigma)
        if forces:
            prediction = _with(prediction, "forces", -gradient)  # (1)
    elif forces:
        gradient, prediction = jax.grad(lambda r: _total(potential, _moved(graph, r)), has_aux=True)(
            graph.system.positions
        )
        prediction = _with(prediction, "forces", -gradient)  # (1)
    else:
        prediction = potential(graph)
    if "forces_by_term" in want:
        prediction = _with(prediction, "forces_by_term", forces_by_term(potential, graph))
    if "forces_by_member" in want:
        prediction = _with(prediction, "forces_by_member", forces_by_member(potential, graph))
    if "hessian" in want:
        prediction = _with(prediction, "hessian", hessian(potential, graph))
    return prediction


def forces_by_term(potential: Potential, graph: Graph) -> dict[str, Float[AnyArray, "atoms 3"]]:
    """(1) of every term of the energy, eV/Å: one pass forward, and one back for each term."""

    def totals(r):
        return {name: jnp.sum(energy) for name, energy in potential(_moved(graph, r)).terms.items()}

    energies, pull = jax.vjp(totals, jnp.asarray(graph.system.positions))
    alone = lambda term: {name: jnp.where(name == term, 1.0, 0.0).astype(e.dtype) for name, e in energies.items()}
    return {term: -pull(alone(term))[0] for term in energies}


def forces_by_member(potential: Potential, graph: Graph) -> Float[AnyArray, "atoms members 3"]:
    """(1) of every member of an ensemble, eV/Å: one pass forward, and one back for each member.

    Raises:
        ValueError: the potential is no ensemble.
    """

    def totals(r):
        energies = potential(_moved(graph, r)).energy_by_member
        if energies is None:
            raise ValueError(
                "Forces by member were asked for, and this potential has no members: make an Ensemble of several."
            )
        return jnp.sum(energies, axis=0)

    energies, pull = jax.vjp(totals, jnp.asarray(graph.system.positions))
    return -jnp.moveaxis(jax.vmap(lambda one: pull(one)[0])(jnp.eye(energies.size, dtype=energies.dtype)), 0, 1)


def hessian(potential: Potential, graph: Graph, rows: int | None = None) -> Float[AnyArray, "atoms 3 atoms 3"]:
    """(3) in eV/Å², exact: forward over reverse, at most `rows` rows at a time so that memory stays bounded.

    By default as many rows as have `PAIRS_OF_ROWS` together, and no more than 32.
    """
    if rows is None:
        has = size(graph)
        rows = max(1, min(32, PAIRS_OF_ROWS // (1 + has.pairs + has.triples + has.far_pairs // 8)))

    def gradient(r):
        return jax.grad(lambda r: _total(potential, _moved(graph, r))[0])(r)

    r = jnp.asarray(graph.system.positions)
    basis = jnp.eye(r.size, dtype=r.dtype).reshape(-1, *r.shape)
    row = lambda direction: jax.jvp(gradient, (r,), (direction,))[1]
    even = max(n for n in range(1, rows + 1) if r.size % n == 0)  # no remainder, which would be compiled once more
    return jax.lax.map(row, basis, batch_size=even).reshape(*r.shape, *r.shape)


def _total(potential: Potential, graph: Graph):
    prediction = potential(graph)
    return jnp.sum(prediction.energy), prediction


def _moved(graph: Graph, positions) -> Graph:
    return eqx.tree_at(lambda g: g.system.positions, graph, positions)


def _gradients(potential: Potential, graph: Graph):
    s = graph.system

    def total(r, strain):
        symmetric = (strain + jnp.swapaxes(strain, -1, -2)) / 2
        strained = eqx.tree_at(
            lambda g: (g.system.positions, g.system.cell),
            graph,
            (r + jnp.einsum("na,nab->nb", r, symmetric[s.owner]), s.cell + s.cell @ symmetric),
        )
        return _total(potential, strained)

    zero = jnp.zeros(s.cell.shape, s.positions.dtype)
    (gradient, strain), prediction = jax.grad(total, argnums=(0, 1), has_aux=True)(jnp.asarray(s.positions), zero)
    return prediction, gradient, strain


def _with(prediction: Prediction, name: str, value) -> Prediction:
    return eqx.tree_at(lambda p: getattr(p, name), prediction, value, is_leaf=lambda leaf: leaf is None)
