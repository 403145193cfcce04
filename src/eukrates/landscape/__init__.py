"""The landscape of a potential: where structures come to rest, and what lies between."""

from eukrates.landscape.fire import FIRE
from eukrates.landscape.lbfgs import LBFGS
from eukrates.landscape.relax import Relaxed, Target, quench, relax

__all__ = ["FIRE", "LBFGS", "Relaxed", "Target", "quench", "relax"]
