"""Eukrates: machine learning coupled with fundamental physics for atomistic simulation.

Names are fetched when they are first used, so that importing the package (and `eukrates --help`) starts nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from eukrates.version import __version__

if TYPE_CHECKING:
    from eukrates.data import Dataset, Sample, atomic_energies, read, split, write
    from eukrates.dynamics import NVE, Langevin, run
    from eukrates.matter import Edges, Graph, System, batch, graph, system
    from eukrates.models import SO3LR, SO3krates, load, save
    from eukrates.potential import Potential, Prediction, Sum, predict
    from eukrates.training import Plan
    from eukrates.trust import evaluate, inspect

_HOMES = {
    "eukrates.data": ("Dataset", "Sample", "atomic_energies", "read", "split", "write"),
    "eukrates.dynamics": ("NVE", "Langevin", "run"),
    "eukrates.matter": ("Edges", "Graph", "System", "batch", "graph", "system"),
    "eukrates.models": ("SO3LR", "SO3krates", "load", "save"),
    "eukrates.potential": ("Potential", "Prediction", "Sum", "predict"),
    "eukrates.training": ("Plan",),
    "eukrates.trust": ("evaluate", "inspect"),
}

_CHAPTERS = ("analysis", "data", "dynamics", "interfaces", "matter", "models", "physics", "plots", "potential")
_CHAPTERS += ("landscape", "reference", "testing", "training", "trust", "units")

__all__ = [
    "NVE",
    "SO3LR",
    "Dataset",
    "Edges",
    "Graph",
    "Langevin",
    "Plan",
    "Potential",
    "Prediction",
    "SO3krates",
    "Sample",
    "Sum",
    "System",
    "__version__",
    "atomic_energies",
    "batch",
    "evaluate",
    "graph",
    "inspect",
    "load",
    "predict",
    "read",
    "run",
    "save",
    "split",
    "system",
    "write",
]


def __getattr__(name: str):
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    if name in _CHAPTERS:
        return import_module(f"eukrates.{name}")
    raise AttributeError(f"module 'eukrates' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
