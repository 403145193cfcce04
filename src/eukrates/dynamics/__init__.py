"""Molecular dynamics with any potential: fast, exact to restart, stopped where it would go wrong."""

from eukrates.dynamics.constrained import Constrained
from eukrates.dynamics.engine import Progress
from eukrates.dynamics.ensemble import Ensemble
from eukrates.dynamics.ensembles import ENSEMBLES, MTK, NPT, NVE, FlexibleNPT, Langevin, NoseHoover, VelocityRescaling
from eukrates.dynamics.phase import Phase
from eukrates.dynamics.run import Run, resume, resume_many, run, run_many
from eukrates.dynamics.schedules import Ramp
from eukrates.dynamics.settings import Record
from eukrates.dynamics.watch import Watch

__all__ = [
    "ENSEMBLES",
    "MTK",
    "NPT",
    "NVE",
    "Constrained",
    "Ensemble",
    "FlexibleNPT",
    "Langevin",
    "NoseHoover",
    "Phase",
    "Progress",
    "Ramp",
    "Record",
    "Run",
    "VelocityRescaling",
    "Watch",
    "resume",
    "resume_many",
    "run",
    "run_many",
]
