"""The contract: potentials, predictions, and the derivatives written once."""

from eukrates.potential.derivatives import evaluate, hessian
from eukrates.potential.ensemble import Ensemble, calibrated_scale, deviation, ensemble_of, rho
from eukrates.potential.free_atoms import FreeAtoms, bound_energy, free_atom_energies, sum_of_free_atoms
from eukrates.potential.parameters import (
    Constants,
    named_parameters,
    parameter_groups,
    trainable_parameters,
    with_parameters,
)
from eukrates.potential.potential import Potential, Sum
from eukrates.potential.predict import check, check_system, predict
from eukrates.potential.prediction import Prediction
from eukrates.potential.ready import Ready

__all__ = [
    "Constants",
    "Ensemble",
    "FreeAtoms",
    "Potential",
    "Prediction",
    "Ready",
    "Sum",
    "bound_energy",
    "calibrated_scale",
    "check",
    "check_system",
    "deviation",
    "ensemble_of",
    "evaluate",
    "free_atom_energies",
    "hessian",
    "named_parameters",
    "parameter_groups",
    "predict",
    "rho",
    "sum_of_free_atoms",
    "trainable_parameters",
    "with_parameters",
]
