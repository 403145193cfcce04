"""Neighbour pairs on the CPU inside compiled code, by linked cells in C++: `search.cpp`."""

from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int

from eukrates.matter.edges import Edges
from eukrates.native import kernels
from eukrates.shapes import AnyArray

available = partial(kernels, Path(__file__).with_name("search.cpp"), "search_pairs")


def search_kernel(
    positions: Float[AnyArray, "atoms 3"],
    cell: Float[AnyArray, "systems 3 3"],
    owner: Int[AnyArray, " atoms"],
    real: Bool[AnyArray, " atoms"],
    cutoff: float,
    half: int,
) -> tuple[Edges, Int[AnyArray, ""]]:
    """As `eukrates.matter.search.search`, for any cell and any number of images."""
    row = lambda dtype, *shape: jax.ShapeDtypeStruct((2 * half, *shape), dtype)
    shapes = row(jnp.int32), row(jnp.int32), row(jnp.int32, 3), row(jnp.bool_), jax.ShapeDtypeStruct((), jnp.int64)
    call = jax.ffi.ffi_call("eukrates.search_pairs", shapes, vmap_method="sequential")
    *pairs, needed = call(positions, cell, owner.astype(jnp.int32), real, cutoff=np.float64(cutoff))
    return Edges(*pairs, cutoff=cutoff), needed
