"""SO3krates for inference: what its filters make of distances is tabulated once, instead of computed for every pair."""

from dataclasses import fields

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.interpolate import CubicHermiteSpline

from eukrates.models.so3krates.layer import Radial
from eukrates.models.so3krates.model import SO3krates
from eukrates.numerics import cast, to_host
from eukrates.shapes import AnyArray

SPACING = 1 / 256  # Å between knots
TOLERANCE = 1e-8  # singular values relative to the largest


class RadialTable(eqx.Module):
    """The radial parts W(r) of all filters, one after the other.

    W(r) ≈ Σ_k c_k(r) U_k,   singular values below `TOLERANCE` of the largest left out           (1)
    c_k(r) = Σ_n a_kn t^n,   t = r/spacing - its integer part; values and slopes exact at knots   (2)
    """

    powers: Float[AnyArray, "intervals four rank"]  # a
    directions: Float[AnyArray, "rank values"]  # U
    spacing: float = eqx.field(static=True)

    def __call__(self, r: Float[Array, " half"]) -> Float[Array, "half values"]:
        place = r / self.spacing
        interval = jnp.clip(place.astype(jnp.int32), 0, self.powers.shape[0] - 1)
        t = jnp.minimum(place - interval, 1.0)[:, None]
        a = self.powers[interval]
        c = a[:, 0] + t * (a[:, 1] + t * (a[:, 2] + t * a[:, 3]))  # (2)
        return c @ self.directions  # (1)


class Tabulated(SO3krates):
    """The same potential to rounding, faster, in single precision. It cannot be saved: save what it was made from."""

    table: RadialTable

    def __init__(self, network: SO3krates):
        for field in fields(SO3krates):
            setattr(self, field.name, getattr(network, field.name))
        self.table = _table(network)

    @property
    def network(self) -> SO3krates:
        """What it was made from."""
        plain = object.__new__(SO3krates)
        for field in fields(SO3krates):
            object.__setattr__(plain, field.name, getattr(self, field.name))
        return plain

    def for_inference(self) -> "Tabulated":
        """Itself."""
        return self

    def radial(self, r: Float[Array, " half"]) -> list[Radial]:
        """From the table."""
        branches = len(self.blocks[0].filters)
        parts = iter(jnp.split(self.table(r), self.layers * branches, axis=1))
        return [tuple(next(parts) for _ in range(branches)) for _ in range(self.layers)]


def _table(network: SO3krates) -> RadialTable:
    knots = np.arange(0.0, network.cutoff + SPACING, SPACING)
    knots[0] = 1e-6  # at zero a basis says what suits padding, not its limit
    with jax.enable_x64(True):
        exact = cast(network, np.float64)

        def all_of_them(r):
            return jnp.concatenate([part[0] for layer in exact.radial(r[None]) for part in layer])

        both = jax.jit(jax.vmap(lambda r: jax.jvp(all_of_them, (r,), (jnp.ones_like(r),))))
        values, slopes = to_host(both(jnp.asarray(knots)))
    _, sizes, directions = np.linalg.svd(np.concatenate([values, SPACING * slopes]), full_matrices=False)
    kept = directions[sizes > TOLERANCE * sizes[0]]  # (1)
    spline = CubicHermiteSpline(np.arange(len(knots)), values @ kept.T, SPACING * slopes @ kept.T)
    powers = np.moveaxis(spline.c[::-1], 0, 1)  # (2)
    return RadialTable(powers.astype(np.float32), kept.astype(np.float32), SPACING)
