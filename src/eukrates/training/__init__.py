"""Training: loss, optimiser, loop, checkpoints."""

from eukrates.training.loop import Progress, Run, Trained
from eukrates.training.loss import Loss
from eukrates.training.optimiser import Optimiser
from eukrates.training.plan import Plan
from eukrates.training.schedule import Schedule

__all__ = ["Loss", "Optimiser", "Plan", "Progress", "Run", "Schedule", "Trained"]
