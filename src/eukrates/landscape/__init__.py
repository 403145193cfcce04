"""What a potential's surface looks like around its stationary points."""

from eukrates.landscape.expansion import Expansion, expansion
from eukrates.landscape.infrared import infrared_intensities, polar_tensor
from eukrates.landscape.symmetry import symmetry_number
from eukrates.landscape.thermochemistry import IdealGas, Thermochemistry, ideal_gas
from eukrates.landscape.vibrations import Vibrations, vibrations

__all__ = [
    "Expansion",
    "IdealGas",
    "Thermochemistry",
    "Vibrations",
    "expansion",
    "ideal_gas",
    "infrared_intensities",
    "polar_tensor",
    "symmetry_number",
    "vibrations",
]
