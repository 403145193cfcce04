"""Molecular dynamics with any potential: fast, exact to restart, stopped where it would go wrong."""

from eukrates.dynamics.constrained import Constrained
from eukrates.dynamics.engine import Progress
from eukrates.dynamics.ensembles import ENSEMBLES, NPT, NVE, Ensemble, Langevin, NoseHoover, VelocityRescaling
from eukrates.dynamics.phase import Phase
from eukrates.dynamics.run import Run, resume, resume_many, run, run_many
from eukrates.dynamics.settings import Record
from eukrates.dynamics.watch import Watch

__all__ = [
    "ENSEMBLES",
    "NPT",
    "NVE",
    "Constrained",
    "Ensemble",
    "Langevin",
    "NoseHoover",
    "Phase",
    "Progress",
    "Record",
    "Run",
    "VelocityRescaling",
    "Watch",
    "resume",
    "resume_many",
    "run",
    "run_many",
]
