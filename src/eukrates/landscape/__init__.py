"""The landscape of a potential: where structures rest, which minima are the same, how they vibrate."""

from eukrates.landscape.automorphisms import Relabellings
from eukrates.landscape.bond_graph import BondChanges, BondGraph, bond_graph, changed_bonds, same_bonds
from eukrates.landscape.catalogue import Catalogue, Entry, Minimum
from eukrates.landscape.expansion import Expansion, expansion
from eukrates.landscape.fire import FIRE
from eukrates.landscape.infrared import infrared_intensities, polar_tensor
from eukrates.landscape.lbfgs import LBFGS
from eukrates.landscape.relax import Relaxed, Target, quench, relax
from eukrates.landscape.stereochemistry import Configuration, ConfigurationChanges, configuration
from eukrates.landscape.superposition import Superposition, superpose
from eukrates.landscape.symmetry import symmetry_number
from eukrates.landscape.thermochemistry import IdealGas, Thermochemistry, ideal_gas
from eukrates.landscape.vibrations import Vibrations, vibrations

__all__ = [
    "FIRE",
    "LBFGS",
    "BondChanges",
    "BondGraph",
    "Catalogue",
    "Configuration",
    "ConfigurationChanges",
    "Entry",
    "Expansion",
    "IdealGas",
    "Minimum",
    "Relabellings",
    "Relaxed",
    "Superposition",
    "Target",
    "Thermochemistry",
    "Vibrations",
    "bond_graph",
    "changed_bonds",
    "configuration",
    "expansion",
    "ideal_gas",
    "infrared_intensities",
    "polar_tensor",
    "quench",
    "relax",
    "same_bonds",
    "superpose",
    "symmetry_number",
    "vibrations",
]
