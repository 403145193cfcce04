"""Coulomb's law and dispersion in single precision on the CPU, by a kernel that reads each far pair once.

The same energies as `coulomb` and `dispersion`, with first derivatives by positions, cell, charges and ratios, and no
others: `pair_laws.cpp`. In double precision, or with positions in single precision, they are those functions.
"""

import math
from functools import cached_property, partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from eukrates.matter import Graph
from eukrates.native import kernels
from eukrates.physics.coulomb import SWITCH_ON, coulomb, kernel_at
from eukrates.physics.dispersion import WIDTH, dispersion, of_atoms
from eukrates.physics.pairs import far_edges
from eukrates.shapes import AnyArray
from eukrates.units import BOHR, FINE_STRUCTURE, HARTREE, KE

NAMES = [f"{what}_{way}" for what in ("distances", "coulomb", "dispersion") for way in ("forward", "backward")]

available = partial(kernels, Path(__file__).with_name("pair_laws.cpp"), *NAMES)


class FarLaws:
    """Both laws over the far pairs of one graph, whose distances are taken once."""

    def __init__(self, graph: Graph):
        self.system, self.edges = graph.system, far_edges(graph)

    @cached_property
    def distances(self) -> Float[AnyArray, " half"]:
        """Of all pairs, once, in Å."""
        s, e = self.system, self.edges
        return _distances(s.positions, s.cell, s.owner, e.i, e.j, e.image, e.real)

    def serves(self, has: Float[AnyArray, " atoms"]) -> bool:
        """Whether what atoms have is in single precision, and where they are in double."""
        return has.dtype == jnp.float32 and self.system.positions.dtype == jnp.float64

    def coulomb(
        self, charges: Float[AnyArray, " atoms"], graph: Graph, width: float = 4.0, cutoff: float = math.inf
    ) -> Float[AnyArray, " atoms"]:
        """As `eukrates.physics.coulomb.coulomb`."""
        if not self.serves(charges):
            return coulomb(charges, graph, width, cutoff)
        top, slope = kernel_at(cutoff, width) if math.isfinite(cutoff) else (0.0, 0.0)
        numbers = (KE, width, cutoff, SWITCH_ON * cutoff, top, slope)
        return self._summed("coulomb", numbers, charges[:, None])

    def dispersion(
        self,
        ratios: Float[AnyArray, " atoms"],
        graph: Graph,
        cutoff: float = math.inf,
        fade: float = 2.0,
        damping: float = 1.2,
    ) -> Float[AnyArray, " atoms"]:
        """As `eukrates.physics.dispersion.dispersion`."""
        if not self.serves(ratios):
            return dispersion(ratios, graph, cutoff, fade, damping)
        has = jnp.stack(of_atoms(ratios, graph.system.numbers), axis=1)
        numbers = (HARTREE, BOHR, FINE_STRUCTURE ** (-4 / 21), damping * 2 * 2.54, cutoff, cutoff - fade, *WIDTH)
        return self._summed("dispersion", numbers, has)

    def _summed(self, law: str, numbers: tuple[float, ...], has: Float[AnyArray, "atoms what"]):
        return _sum(law, numbers, self.distances, has, self.edges.i, self.edges.j, self.edges.real)


@jax.custom_vjp
def _distances(positions, cell, *listed):
    r = jax.ShapeDtypeStruct((listed[1].shape[0] // 2,), jnp.float32)
    return _call("distances_forward", r)(positions, cell, *listed)


def _distances_forward(*given):
    r = _distances(*given)
    return r, (given, r)


def _distances_backward(kept, slopes):
    (positions, cell, *listed), r = kept
    found = _call("distances_backward", (positions, cell))(positions, cell, *listed, r, slopes)
    return (*found, *(None for _ in listed))


_distances.defvjp(_distances_forward, _distances_backward)


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _sum(law, numbers, r, has, *listed):
    energies = jax.ShapeDtypeStruct(has.shape[:1], jnp.float64)
    return _call(f"{law}_forward", energies)(r, has, *listed, numbers=np.array(numbers, np.float32))


def _sum_forward(law, numbers, *given):
    return _sum(law, numbers, *given), given


def _sum_backward(law, numbers, given, weight):
    r, has, *listed = given
    call = _call(f"{law}_backward", (r, has))
    return (*call(*given, weight, numbers=np.array(numbers, np.float32)), *(None for _ in listed))


_sum.defvjp(_sum_forward, _sum_backward)


def _call(name: str, like):
    results = jax.tree.map(lambda one: jax.ShapeDtypeStruct(one.shape, one.dtype), like)
    return jax.ffi.ffi_call(f"eukrates.{name}", results, vmap_method="sequential")
