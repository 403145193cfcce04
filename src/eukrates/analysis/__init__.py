"""What a trajectory says. Arrays in, numbers with errors out.

Structure: radial distributions, bond lengths, torsions. Motion: diffusion, vibrational and infrared spectra. Soundness:
drift, temperature, stability, mean and fluctuation of any logged series, compressibility.
"""

from eukrates.analysis.bonds import bond_lengths, distances, find_bonds, histogram, pooled_bond_lengths
from eukrates.analysis.compressibility import compressibility_per_gpa
from eukrates.analysis.diffusion import Diffusion, diffusion_coefficient, mean_square_displacement, without_drift
from eukrates.analysis.energy import drift
from eukrates.analysis.power_spectrum import Spectrum, power_spectrum
from eukrates.analysis.radial_distribution import RadialDistribution, radial_distribution
from eukrates.analysis.series import SeriesStatistics, log_statistics, series_statistics
from eukrates.analysis.spectra import infrared_spectrum, velocity_spectrum
from eukrates.analysis.stability import Stability, stability
from eukrates.analysis.statistics import mean_and_error
from eukrates.analysis.temperature import TemperatureStatistics, temperature_statistics
from eukrates.analysis.torsions import proper_torsions, rotatable_torsions, torsion_angles, torsion_distribution

__all__ = [
    "Diffusion",
    "RadialDistribution",
    "SeriesStatistics",
    "Spectrum",
    "Stability",
    "TemperatureStatistics",
    "bond_lengths",
    "compressibility_per_gpa",
    "diffusion_coefficient",
    "distances",
    "drift",
    "find_bonds",
    "histogram",
    "infrared_spectrum",
    "log_statistics",
    "mean_and_error",
    "mean_square_displacement",
    "pooled_bond_lengths",
    "power_spectrum",
    "proper_torsions",
    "radial_distribution",
    "rotatable_torsions",
    "series_statistics",
    "stability",
    "temperature_statistics",
    "torsion_angles",
    "torsion_distribution",
    "velocity_spectrum",
    "without_drift",
]
