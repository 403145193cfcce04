"""Training: loss, optimiser, loop, checkpoints."""

from eukrates.training.loop import Progress, Run, Trained
from eukrates.training.loss import Loss
from eukrates.training.moving import Moving, choose
from eukrates.training.optimiser import Optimiser
from eukrates.training.plan import Plan
from eukrates.training.schedule import Schedule
from eukrates.training.transfer import shifted_energies

__all__ = [
    "Loss",
    "Moving",
    "Optimiser",
    "Plan",
    "Progress",
    "Run",
    "Schedule",
    "Trained",
    "choose",
    "shifted_energies",
]
