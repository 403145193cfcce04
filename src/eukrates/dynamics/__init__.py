"""Molecular dynamics with any potential: fast, exact to restart, stopped where it would go wrong."""

from eukrates.dynamics.engine import Progress
from eukrates.dynamics.ensembles import ENSEMBLES, NVE, Ensemble, Langevin
from eukrates.dynamics.phase import Phase
from eukrates.dynamics.run import Run, resume, run
from eukrates.dynamics.settings import Record

__all__ = ["ENSEMBLES", "NVE", "Ensemble", "Langevin", "Phase", "Progress", "Record", "Run", "resume", "run"]
