"""The first guess of a path: images whose interatomic distances go evenly from those of one end to those of the other.

    S(r) = Σ_{i<j} w_ij (d_ij - |r_i - r_j|)²,   w_ij = 1 / |r_i - r_j|⁴                                         (1)

with d between those of the ends, by the place of the image on the band. A band is nudged on this surface. Smidstrup,
Pedersen, Stokbro & Jónsson, J. Chem. Phys. 140, 214106 (2014), doi:10.1063/1.4878664.

Where the straight line leads atoms through each other, (1) throws them apart so far that nothing pulls them back. There
the band is nudged with w_ij = 1/d_ij⁴ first, from images that are a little beside the line.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from eukrates.landscape.minimiser import Spectrum
from eukrates.landscape.paths.climb import MEMORY, RECENT, Bands, Ending, Pace, walk
from eukrates.matter.superposition import superposed
from eukrates.shapes import AnyArray

PACE = Pace(force=0.05, climbing=0.0, spring=1.0, longest=0.3, steps=300)
STIFF = 1.0  # 1/Å², of B₀
NEAR = 0.7  # times the least distance at the ends, below which atoms go through each other
ASTRAY = 0.1  # Å, by which images leave the straight line at first: along it atoms may not get past each other


def idpp(first: Float[np.ndarray, "atoms 3"], last: Float[np.ndarray, "atoms 3"], images: int) -> np.ndarray:
    """Positions [images, atoms, 3] in Å, the ends included; each image, the last too, lies over the one before it.

    (1) does not see how images are turned, which therefore is settled afterwards.

    Args:
        first, last: Å, the ends, which should lie over each other.
        images: of the path.
    """
    share = np.linspace(0.0, 1.0, images)[:, None, None]
    straight = (1 - share) * first + share * last
    if images < 3:
        return straight
    apart = np.min(np.array(distances(straight)), axis=(1, 2))
    with jax.enable_x64(True):
        begun = jnp.asarray(straight)
        if apart.min() < NEAR * min(apart[0], apart[-1]):
            aside = np.random.default_rng(0).normal(0.0, ASTRAY, first.shape) * np.sin(np.pi * share)  # to one side
            begun = _walked(begun + aside, False)
        found = np.array(_walked(begun, True))
    if not np.all(np.isfinite(found)):
        return straight
    for n in range(1, images):
        found[n] = superposed(found[n], found[n - 1])
    return found


def distances(r: Float[AnyArray, "*many atoms 3"]) -> Float[Array, "*many atoms atoms"]:
    """Å; 1 on the diagonal."""
    squared = jnp.sum((r[..., :, None, :] - r[..., None, :, :]) ** 2, axis=-1)
    return jnp.sqrt(squared + jnp.eye(r.shape[-2]))


@eqx.filter_jit
def _walked(begun: Float[Array, "images atoms 3"], own: bool) -> Float[Array, "images atoms 3"]:
    """Where a band comes to rest on (1), or with weights of the wanted distances instead of its own."""
    images, atoms, _ = begun.shape
    share = jnp.linspace(0.0, 1.0, images)[1:-1, None, None]
    ends = distances(begun[jnp.array([0, -1])])
    wanted = (1 - share) * ends[0] + share * ends[1]

    def surface(r, d):
        apart = distances(r)
        return jnp.sum((d - apart) ** 2 / (apart if own else d) ** 4) / 2  # (1), every pair twice

    slope = jax.vmap(jax.value_and_grad(surface))

    def feel(inner):
        energies, slopes = slope(inner[0].reshape(-1, atoms, 3), wanted)
        return energies[None], -slopes.reshape(inner.shape), jnp.asarray(True), jnp.zeros(3, jnp.int64)

    nothing = jnp.zeros((1, MEMORY, (images - 2) * 3 * atoms))
    unit = Spectrum(jnp.full((1, images - 2, 3 * atoms), STIFF), jnp.tile(jnp.eye(3 * atoms), (1, images - 2, 1, 1)))
    band = Bands(
        positions=begun.reshape(1, images, 3 * atoms),
        energies=jnp.zeros((1, images)),
        pulls=jnp.zeros((1, images - 2, 3 * atoms)),
        largest=jnp.full(1, jnp.inf),
        learned=nothing,
        changes=nothing,
        scale=jnp.ones(1),
        recent=jnp.full((1, RECENT), jnp.inf),
        refused=jnp.zeros(1, jnp.int64),
        radius=jnp.full(1, PACE.longest),
        climbs=jnp.zeros(1, bool),
        model=unit,
        steps=jnp.zeros(1, jnp.int64),
        ending=jnp.full(1, int(Ending.ON_THE_WAY)),
    )
    return walk(feel, band, jax.tree.map(jnp.asarray, PACE)).bands.positions.reshape(images, atoms, 3)
