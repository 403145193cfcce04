"""Matter: systems, pairs, graphs, batches."""

from eukrates.matter.batch import Size, batch, pad, rounded, size
from eukrates.matter.edges import Edges
from eukrates.matter.graph import Graph
from eukrates.matter.neighbours import graph, neighbours
from eukrates.matter.system import System, system

__all__ = ["Edges", "Graph", "Size", "System", "batch", "graph", "neighbours", "pad", "rounded", "size", "system"]
