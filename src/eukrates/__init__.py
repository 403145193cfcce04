"""Eukrates: machine learning coupled with fundamental physics for atomistic simulation."""

from eukrates.matter import Edges, Graph, System, batch, graph, system
from eukrates.models import SO3krates, load, save
from eukrates.potential import Potential, Prediction, Sum, predict
from eukrates.version import __version__

__all__ = [
    "Edges",
    "Graph",
    "Potential",
    "Prediction",
    "SO3krates",
    "Sum",
    "System",
    "__version__",
    "batch",
    "graph",
    "load",
    "predict",
    "save",
    "system",
]
