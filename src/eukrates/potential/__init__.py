"""The contract: potentials, predictions, and the derivatives written once."""

from eukrates.potential.derivatives import evaluate, hessian
from eukrates.potential.potential import Potential, Sum
from eukrates.potential.predict import check, check_system, predict
from eukrates.potential.prediction import Prediction

__all__ = ["Potential", "Prediction", "Sum", "check", "check_system", "evaluate", "hessian", "predict"]
