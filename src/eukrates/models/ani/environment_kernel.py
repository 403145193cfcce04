"""Environment vectors for inference on the CPU, in one kernel that forms triples itself: `environment.cpp`.

The same vectors as `environment`, each block of one element or pair of elements filled up with zeros to a multiple of
16 numbers. They have first derivatives by positions and cell, and no others.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxtyping import Float, Int

from eukrates.elements import number
from eukrates.matter import Graph
from eukrates.models.ani.environment import Angular, Radial
from eukrates.native import kernels
from eukrates.shapes import AnyArray

MULTIPLE = 16  # of numbers in a block
MOST = 64  # shifts, or sections, that the kernel has room for

available = partial(
    kernels, Path(__file__).with_name("environment.cpp"), "ani_environment_forward", "ani_environment_backward"
)


@dataclass(frozen=True)
class Layout:
    """What the vectors are made of, and where it is."""

    elements: tuple[str, ...]
    radial: Radial
    angular: Angular

    @property
    def fits(self) -> bool:
        """Whether the kernel can make them."""
        return max(len(self.angular.shifts), len(self.angular.sections)) <= MOST

    @property
    def sizes(self) -> list[int]:
        """Numbers in each block, of elements and then of pairs of elements."""
        count, angles = len(self.elements), len(self.angular.shifts) * len(self.angular.sections)
        return [len(self.radial.shifts)] * count + [angles] * (count * (count + 1) // 2)

    @property
    def bounds(self) -> np.ndarray:
        """Where the blocks begin and the last one ends."""
        return np.cumsum([0, *(-(-size // MULTIPLE) * MULTIPLE for size in self.sizes)])

    @property
    def places(self) -> Int[np.ndarray, " inputs"]:
        """Where the numbers of `environment` are."""
        return np.concatenate([start + np.arange(size) for start, size in zip(self.bounds, self.sizes, strict=False)])

    @property
    def attributes(self) -> dict[str, np.ndarray]:
        """For the kernel."""
        radial, angular, real = self.radial, self.angular, partial(np.array, dtype=np.float64)
        return {
            "elements": np.array([number(symbol) for symbol in self.elements], np.int64),
            "radial": real([radial.cutoff, radial.eta]),
            "angular": real([angular.cutoff, angular.eta, angular.zeta]),
            "radial_shifts": real(radial.shifts),
            "shifts": real(angular.shifts),
            "sections": real(angular.sections),
        }


def padded_environment(graph: Graph, layout: Layout, dtype: np.dtype) -> Float[AnyArray, "atoms padded"]:
    """The vectors of all atoms, from the near pairs of a graph."""
    s, near = graph.system, graph.near
    listed = s.numbers, s.owner, near.i, near.j, near.image, near.real
    return _vectors((layout, np.dtype(dtype).name), s.positions, s.cell, *listed)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _vectors(plan, positions, cell, *listed):
    layout, dtype = plan
    x = jax.ShapeDtypeStruct((positions.shape[0], int(layout.bounds[-1])), np.dtype(dtype))
    return _call("ani_environment_forward", x, layout, positions, cell, *listed)


def _forward(plan, *given):
    return _vectors(plan, *given), given


def _backward(plan, given, slopes):
    positions, cell, *listed = given
    like = tuple(jax.ShapeDtypeStruct(one.shape, one.dtype) for one in (positions, cell))
    found = _call("ani_environment_backward", like, plan[0], *given, slopes)
    return (*found, *(None for _ in listed))


_vectors.defvjp(_forward, _backward)


def _call(name: str, like, layout: Layout, *given) -> Any:
    call = jax.ffi.ffi_call(f"eukrates.{name}", like, vmap_method="sequential")
    return call(*given, **layout.attributes)
