"""The search for minima: candidates from explorers, quenched in rounds, each minimum listed once."""

from eukrates.landscape.search.basin_hopping import BasinHopping
from eukrates.landscape.search.coverage import Coverage, coverage
from eukrates.landscape.search.explorer import Explorer, Memory, Rest, Scene
from eukrates.landscape.search.hot_dynamics import HotDynamics
from eukrates.landscape.search.plan import Budget, Rules, Standing
from eukrates.landscape.search.random_torsions import RandomTorsions
from eukrates.landscape.search.screen import Screen
from eukrates.landscape.search.search import Aside, Search

__all__ = [
    "Aside",
    "BasinHopping",
    "Budget",
    "Coverage",
    "Explorer",
    "HotDynamics",
    "Memory",
    "RandomTorsions",
    "Rest",
    "Rules",
    "Scene",
    "Screen",
    "Search",
    "Standing",
    "coverage",
]
