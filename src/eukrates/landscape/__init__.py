"""The landscape of a potential: where structures come to rest, and which of the minima are the same."""

from eukrates.landscape.automorphisms import Relabellings
from eukrates.landscape.bond_graph import BondChanges, BondGraph, bond_graph, changed_bonds, same_bonds
from eukrates.landscape.catalogue import Catalogue, Entry, Minimum
from eukrates.landscape.fire import FIRE
from eukrates.landscape.lbfgs import LBFGS
from eukrates.landscape.relax import Relaxed, Target, quench, relax
from eukrates.landscape.stereochemistry import Configuration, ConfigurationChanges, configuration
from eukrates.landscape.superposition import Superposition, superpose

__all__ = [
    "FIRE",
    "LBFGS",
    "BondChanges",
    "BondGraph",
    "Catalogue",
    "Configuration",
    "ConfigurationChanges",
    "Entry",
    "Minimum",
    "Relabellings",
    "Relaxed",
    "Superposition",
    "Target",
    "bond_graph",
    "changed_bonds",
    "configuration",
    "quench",
    "relax",
    "same_bonds",
    "superpose",
]
