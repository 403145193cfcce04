"""Active learning: label what an ensemble does not know, until it knows, or the labels are used up."""

from eukrates.active.dimers import Dimers
from eukrates.active.dynamics import Dynamics
from eukrates.active.loop import Generation, Loop, Outcome
from eukrates.active.modes import Modes
from eukrates.active.policy import Policy
from eukrates.active.sampler import Sampler
from eukrates.active.torsions import Torsions

__all__ = ["Dimers", "Dynamics", "Generation", "Loop", "Modes", "Outcome", "Policy", "Sampler", "Torsions"]
