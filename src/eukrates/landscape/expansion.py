"""Energy, forces and exact Hessian of one structure, in double precision."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from eukrates.matter import System
from eukrates.numerics import cast
from eukrates.potential import Potential, predict


class NotFinite(ValueError):
    """Energy, forces or Hessian are not finite at a structure."""


class Expansion(NamedTuple):
    """E(r + d) ≈ E - F · d + ½ d H d."""

    energy: float  # eV
    forces: Float[np.ndarray, "atoms 3"]  # eV/Å
    hessian: Float[np.ndarray, "atoms 3 atoms 3"]  # eV/Å², symmetric


def expansion(potential: Potential, structure: System) -> Expansion:
    """The surface around one structure to second order, by automatic differentiation.

    The features of the potential are float64, whatever its parameters were. Rows of the Hessian are computed in batches
    of bounded memory (see `eukrates.potential.hessian`), by one program that structures of similar size share.

    Raises:
        ValueError: a potential without second derivatives, or one that is not entitled to an answer (see
            `eukrates.predict`).
        NotFinite: energy or derivatives that are not finite.
    """
    exact = cast(potential, "float64")
    try:
        found = predict(exact, potential.graph(structure), ("energy", "forces", "hessian"))
    except (TypeError, ValueError, NotImplementedError) as error:
        _refuse_kernels(potential, error)
        raise
    energy, forces, curvature = float(found.energy[0]), np.asarray(found.forces), np.asarray(found.hessian)
    if not all(np.all(np.isfinite(one)) for one in (energy, forces, curvature)):
        raise NotFinite(
            "Energy, forces or Hessian are not finite here. Look for atoms on top of each other; if there are none, "
            "the potential has no second derivative at this structure."
        )
    return Expansion(energy, forces, (curvature + np.transpose(curvature, (2, 3, 0, 1))) / 2)


def _refuse_kernels(potential: Potential, error: Exception) -> None:
    """Kernels for inference have first derivatives only, of which JAX speaks in terms of its own."""
    if "custom_vjp" in str(error) or "differentiat" in str(error):
        raise ValueError(
            f"{type(potential).__name__} has no second derivatives, which a Hessian is made of. If it was made by "
            "`for_inference()`, whose kernels know forces alone, give the model as it was loaded."
        ) from error
