"""The contract: potentials, predictions, and the derivatives written once."""

from eukrates.potential.derivatives import evaluate, hessian
from eukrates.potential.free_atoms import free_atom_energies, sum_of_free_atoms
from eukrates.potential.potential import Potential, Sum
from eukrates.potential.predict import check, check_electrons, check_system, predict
from eukrates.potential.prediction import Prediction

__all__ = [
    "Potential",
    "Prediction",
    "Sum",
    "check",
    "check_electrons",
    "check_system",
    "evaluate",
    "free_atom_energies",
    "hessian",
    "predict",
    "sum_of_free_atoms",
]
