"""Ways from minimum to minimum: elastic bands, saddle points, the network of both."""

from eukrates.landscape.paths.band import Band, Stretch, check_ends, nudge
from eukrates.landscape.paths.connect import Attempt, Connections
from eukrates.landscape.paths.crossing import Crossing, crossings
from eukrates.landscape.paths.idpp import idpp
from eukrates.landscape.paths.network import Join, Network, Pass
from eukrates.landscape.paths.saddle import Saddle, climbing_direction, refine_saddle
from eukrates.landscape.paths.sides import sides

__all__ = [
    "Attempt",
    "Band",
    "Connections",
    "Crossing",
    "Join",
    "Network",
    "Pass",
    "Saddle",
    "Stretch",
    "check_ends",
    "climbing_direction",
    "crossings",
    "idpp",
    "nudge",
    "refine_saddle",
    "sides",
]
