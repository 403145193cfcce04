"""What stands before and behind the layers of SpookyNet: features of atoms, geometry of pairs, heads."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from eukrates.matter import Graph
from eukrates.models.spookynet.dense import Linear
from eukrates.models.spookynet.embedding import (
    LinearElectronEmbedding,
    NonlinearElectronEmbedding,
    NuclearEmbedding,
)
from eukrates.models.spookynet.local import orientations
from eukrates.models.spookynet.messages import Pairs
from eukrates.models.spookynet.radial import RadialBasis
from eukrates.numerics import float_dtype, norm
from eukrates.shapes import AnyArray


class Embedding(eqx.Module):
    """x_i = z_i + e_Q,i + e_S,i: nuclei, total charge, unpaired electrons (either may be left out)."""

    nuclei: NuclearEmbedding
    charge: LinearElectronEmbedding | NonlinearElectronEmbedding | None
    spin: LinearElectronEmbedding | NonlinearElectronEmbedding | None

    def __init__(
        self, features: int, blocks: int, activation: str, *, kind: str, charge: bool, spin: bool, key: PRNGKeyArray
    ):
        nuclei, *keys = jax.random.split(key, 3)
        self.nuclei = NuclearEmbedding(features, key=nuclei)

        def electrons(signed: bool, key: PRNGKeyArray):
            if kind == "linear":
                return LinearElectronEmbedding(features, signed, blocks, activation, key=key)
            return NonlinearElectronEmbedding(features, blocks, activation, key=key)

        self.charge = electrons(True, keys[0]) if charge else None
        self.spin = electrons(False, keys[1]) if spin else None

    def __call__(self, graph: Graph) -> Float[Array, "atoms channels"]:
        s = graph.system
        z = self.nuclei(s)
        x = z if self.charge is None else z + self.charge(s.charge, z, s)
        return x if self.spin is None else x + self.spin(s.spin, z, s)


class Heads(eqx.Module):
    """(ε_i, t_i) = f_i W + b[Z_i]: energy in eV and charge in e, before charges are made to add up."""

    weights: Linear
    offsets: Float[AnyArray, "species 2"]

    def __init__(self, features: int, species: int, *, key: PRNGKeyArray):
        self.weights = Linear(features, 2, key=key, bias=False)
        self.offsets = jnp.zeros((species, 2), jnp.float32)

    def __call__(self, f: Float[Array, "atoms channels"], graph: Graph) -> tuple[Array, Array]:
        found = self.weights(f) + self.offsets[graph.system.numbers]
        return found[:, 0], found[:, 1]


def near_pairs(basis: RadialBasis, graph: Graph, irreps: bool) -> Pairs:
    """Differences of positions in their precision, all else in that of the basis."""
    edges, h = graph.near, graph.near.half
    vectors = graph.half_vectors(edges)
    r = norm(vectors)
    unit = vectors / jnp.where(r > 0, r, 1.0)[:, None]
    dtype = float_dtype(basis)
    r, unit = r.astype(dtype), unit.astype(dtype)
    rows = jnp.where(edges.real[:h, None], basis(r), 0.0)
    return Pairs(edges.i[:h], edges.j[:h], r, rows, orientations(unit, irreps), basis.cutoff)
