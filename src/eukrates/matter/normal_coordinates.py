"""Normal coordinates: the directions along which a harmonic surface falls apart into oscillators."""

import numpy as np
from jaxtyping import Float


def normal_coordinates(
    hessian: Float[np.ndarray, "coordinates coordinates"],
    masses: Float[np.ndarray, " atoms"],
    basis: Float[np.ndarray, "coordinates directions"],
) -> tuple[Float[np.ndarray, " directions"], Float[np.ndarray, "directions atoms 3"]]:
    """Curvatures ω², ascending, and modes v of M^-1/2 H M^-1/2 inside the space of an orthonormal basis.

    The modes are mass-weighted and orthonormal: atoms move by M^-1/2 v.

    Args:
        hessian: ∂²E/∂r∂r in eV/Å², 3 × atoms rows; symmetric.
        masses: u.
        basis: mass-weighted directions in columns, see `eukrates.matter.rigid_motions`.
    """
    weights = np.repeat(np.sqrt(masses), 3)
    curvature, coordinates = np.linalg.eigh(basis.T @ (hessian / np.outer(weights, weights)) @ basis)
    return curvature, (basis @ coordinates).T.reshape(-1, len(masses), 3)
