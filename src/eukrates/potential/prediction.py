"""`Prediction`: what a potential says about a graph."""

import equinox as eqx
from jaxtyping import Float

from eukrates.shapes import AnyArray

OF_ATOMS = ("energies", "charges", "hirshfeld_ratios", "c6", "polarizabilities")  # what potentials say of each
PER_ATOM = (*OF_ATOMS, "forces", "forces_by_term", "forces_by_member")


class Prediction(eqx.Module):
    """Energies and whatever else a potential knows; None where it does not know, or was not asked.

    A potential fills the first block; derivatives are added by `predict`.
    """

    energy: Float[AnyArray, " systems"]  # eV
    terms: dict[str, Float[AnyArray, " systems"]]  # eV, by physical term; they add up to the energy
    energies: Float[AnyArray, " atoms"] | None = None  # eV per atom; they add up to the energy
    energy_by_member: Float[AnyArray, "systems members"] | None = None  # eV, of an ensemble; their mean is the energy
    charges: Float[AnyArray, " atoms"] | None = None  # e
    dipole: Float[AnyArray, "systems 3"] | None = None  # e Å
    hirshfeld_ratios: Float[AnyArray, " atoms"] | None = None
    c6: Float[AnyArray, " atoms"] | None = None  # eV Å⁶, of two such atoms
    polarizabilities: Float[AnyArray, " atoms"] | None = None  # Å³, static

    forces: Float[AnyArray, "atoms 3"] | None = None  # eV/Å
    forces_by_term: dict[str, Float[AnyArray, "atoms 3"]] | None = None  # eV/Å; they add up to the forces
    forces_by_member: Float[AnyArray, "atoms members 3"] | None = None  # eV/Å; their mean are the forces
    stress: Float[AnyArray, "systems 3 3"] | None = None  # eV/Å³, ∂E/∂ε / V: positive when stretched
    hessian: Float[AnyArray, "atoms 3 atoms 3"] | None = None  # eV/Å²
