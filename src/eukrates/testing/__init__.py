"""The laws that every potential obeys, generated systems to try them on, and the suite for plugins to inherit."""

from eukrates.testing.laws import LAWS, equivariance_error
from eukrates.testing.measured import TOLERANCES, room
from eukrates.testing.suite import PotentialLaws
from eukrates.testing.weights import shaken

__all__ = ["LAWS", "TOLERANCES", "PotentialLaws", "equivariance_error", "room", "shaken"]
