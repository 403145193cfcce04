"""Ways from minimum to minimum: elastic bands, saddle points, the network of both."""

from eukrates.landscape.paths.band import Band, Stretch, nudge
from eukrates.landscape.paths.connect import Connections
from eukrates.landscape.paths.idpp import idpp
from eukrates.landscape.paths.network import Join, Network, Pass
from eukrates.landscape.paths.saddle import Saddle, climbing_direction, refine_saddle
from eukrates.landscape.paths.sides import sides

__all__ = [
    "Band",
    "Connections",
    "Join",
    "Network",
    "Pass",
    "Saddle",
    "Stretch",
    "climbing_direction",
    "idpp",
    "nudge",
    "refine_saddle",
    "sides",
]
