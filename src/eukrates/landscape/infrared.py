"""Infrared intensities of harmonic modes, from how the dipole follows the atoms.

    P_ia,x = ∂μ_x / ∂r_ia                                                          (1)
    ∂μ/∂Qₖ = Σᵢₐ P_ia vₖ_ia / √mᵢ                                                   (2)
    Aₖ     = N_A / (12 ε₀ c²) |∂μ/∂Qₖ|²                                             (3)

(1) is the atomic polar tensor; (3) the integrated absorption of the fundamental, double harmonic: 42.26 km/mol for
1 D/(Å √u) (Person & Zerbi (eds.), *Vibrational Intensities in Infrared and Raman Spectroscopy*, 1982).
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from eukrates.analysis.spectra import STRENGTH
from eukrates.landscape.vibrations import Vibrations
from eukrates.matter import Graph, System, pad
from eukrates.numerics import cast, to_device
from eukrates.potential import Potential, check


def infrared_intensities(potential: Potential, found: Vibrations) -> Float[np.ndarray, " modes"]:
    """(3) in km/mol of every mode of an open structure; raises as `polar_tensor`."""
    slopes = np.einsum("aix,kai->kx", polar_tensor(potential, found.structure), _moved(found))  # (2)
    return STRENGTH * np.sum(slopes**2, axis=1)  # (3)


def polar_tensor(potential: Potential, structure: System) -> Float[np.ndarray, "atoms 3 3"]:
    """(1) in e, [atom, direction it moves in, direction of the dipole], in double precision.

    Of a potential that knows charges and no dipole, μ is Σ q r. Derivatives of charges count.

    Raises:
        ValueError: a potential that knows neither dipole nor charges; a periodic structure, whose dipole depends on
            which images of its atoms are counted; what `eukrates.predict` refuses.
    """
    if np.any(structure.cell):
        raise ValueError(
            "Infrared intensities were asked of a periodic structure, whose dipole depends on which images of its "
            "atoms are counted. Compute them for an open cluster, or from dynamics (docs/dynamics.md)."
        )
    exact, graph = cast(potential, "float64"), potential.graph(structure)
    check(exact, graph)
    with jax.enable_x64(True):
        found = np.asarray(_polar(to_device(exact), to_device(pad(graph))))
    return np.moveaxis(found[:, : structure.atoms], 0, 2)


@eqx.filter_jit
def _polar(potential: Potential, graph: Graph) -> jax.Array:
    return jax.jacrev(lambda r: _dipole(potential, eqx.tree_at(lambda g: g.system.positions, graph, r)))(
        graph.system.positions
    )


def _dipole(potential: Potential, graph: Graph) -> jax.Array:
    """μ of the first system, e Å."""
    found = potential(graph)
    if found.dipole is not None:
        return found.dipole[0]
    if found.charges is None:
        raise ValueError(
            "This potential knows neither a dipole nor charges, and infrared intensities are changes of the dipole. "
            "Leave them out, or use a model with partial charges, such as SO3LR."
        )
    mine = graph.system.owner == 0
    return jnp.sum(jnp.where(mine, found.charges, 0.0)[:, None] * graph.system.positions, axis=0)


def _moved(found: Vibrations) -> np.ndarray:
    return found.vectors / np.sqrt(found.masses)[:, None]
