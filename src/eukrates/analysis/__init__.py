"""What a trajectory says: drift, temperatures, bond lengths. Arrays in, numbers with errors out."""

from eukrates.analysis.bonds import bond_lengths, distances, find_bonds, histogram, pooled_bond_lengths
from eukrates.analysis.energy import drift
from eukrates.analysis.radial_distribution import RadialDistribution, radial_distribution
from eukrates.analysis.statistics import mean_and_error
from eukrates.analysis.temperature import TemperatureStatistics, temperature_statistics

__all__ = [
    "RadialDistribution",
    "TemperatureStatistics",
    "bond_lengths",
    "distances",
    "drift",
    "find_bonds",
    "histogram",
    "mean_and_error",
    "pooled_bond_lengths",
    "radial_distribution",
    "temperature_statistics",
]
