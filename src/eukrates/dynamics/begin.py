"""From a structure to the first point of a run: masses, momenta, degrees of freedom."""

import ase
import numpy as np
from jaxtyping import Array, Key

from eukrates.data.atoms import to_system
from eukrates.dynamics.clusters import along
from eukrates.dynamics.constrained import Constrained
from eukrates.dynamics.constraints import Constraints
from eukrates.dynamics.ensembles import Ensemble
from eukrates.dynamics.momenta import maxwell_boltzmann, without_drift
from eukrates.elements import MASSES
from eukrates.matter import System

NEGLIGIBLE = 1e-6  # of the kinetic energy


Start = System | ase.Atoms | Constrained


def structure_and_masses(start: Start) -> tuple[System, np.ndarray, Constraints | None]:
    """One structure on the host, its masses in u, and what holds its atoms.

    Isotopes, custom masses, FixAtoms and FixBondLengths of `ase.Atoms` count.

    Raises:
        ValueError: several structures, a mass that is not positive, constraints that cannot be obeyed.
    """
    wanted = start if isinstance(start, Constrained) else Constrained(start)
    if isinstance(wanted.start, ase.Atoms):
        structure, masses = to_system(wanted.start), np.asarray(wanted.start.get_masses(), np.float64)
    else:
        structure = wanted.start
        if structure.systems != 1 or not np.all(structure.real):
            raise ValueError(f"Expected one structure without padding, got {structure.systems} systems.")
        masses = MASSES[np.asarray(structure.numbers)]
    if not np.all(masses > 0):
        raise ValueError(f"Expected positive masses, got {sorted(set(masses.tolist()))[:3]} u.")
    return wanted.apply(structure, masses)


def initial_momenta(
    start: Start,
    structure: System,
    masses: np.ndarray,
    ensemble: Ensemble,
    key: Key[Array, ""],
    constraints: Constraints | None = None,
) -> tuple[np.ndarray, str]:
    """Momenta in √(u eV), [atoms, 3], and a sentence that says where they come from.

    Those of `ase.Atoms` if it has any, else drawn from the Maxwell-Boltzmann distribution at the temperature of the
    ensemble. What constraints forbid is taken off. Where total momentum and angular momentum would stay for ever (no
    bath, no fixed atom), they are removed.

    Raises:
        ValueError: neither the structure nor the ensemble says how the atoms move.
    """
    told = start.start if isinstance(start, Constrained) else start
    given = told.get_momenta() if isinstance(told, ase.Atoms) and told.has("momenta") else None
    if given is not None:
        momenta, source = np.asarray(given, np.float64), "Momenta are those of the given structure"
    elif ensemble.start_kelvin is None:
        raise ValueError(
            "Nothing says how the atoms move at first: give the ensemble a temperature_kelvin (0 for a start at rest), "
            "or a structure with momenta."
        )
    else:
        momenta = maxwell_boltzmann(masses, ensemble.start_kelvin, key)
        source = f"Momenta were drawn from the Maxwell-Boltzmann distribution at {ensemble.start_kelvin:g} K"
    energy = lambda p: float(np.sum(p * p / masses[:, None]) / 2)
    if constraints is not None:
        thrown, momenta = momenta, along(constraints, structure, masses, momenta)
        if given is not None and energy(thrown) - energy(momenta) > NEGLIGIBLE * energy(thrown):
            source += f"; what constraints forbid ({energy(thrown) - energy(momenta):.4g} eV) was taken off"
    if not ensemble.free or (constraints is not None and constraints.fixed.any()):
        return momenta, f"{source}."
    still = without_drift(structure, masses, momenta)
    taken = energy(momenta) - energy(still)
    if given is not None and taken <= NEGLIGIBLE * energy(momenta):
        return momenta, f"{source}."
    return still, f"{source}; the motion of the whole ({taken:.4g} eV) was taken off."
