"""Energy landscapes: minima, and which of them are the same."""

from eukrates.landscape.automorphisms import Relabellings
from eukrates.landscape.bond_graph import BondChanges, BondGraph, bond_graph, changed_bonds, same_bonds
from eukrates.landscape.catalogue import Catalogue, Entry, Minimum
from eukrates.landscape.stereochemistry import Configuration, ConfigurationChanges, configuration
from eukrates.landscape.superposition import Superposition, superpose

__all__ = [
    "BondChanges",
    "BondGraph",
    "Catalogue",
    "Configuration",
    "ConfigurationChanges",
    "Entry",
    "Minimum",
    "Relabellings",
    "Superposition",
    "bond_graph",
    "changed_bonds",
    "configuration",
    "same_bonds",
    "superpose",
]
