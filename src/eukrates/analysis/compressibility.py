"""Isothermal compressibility from the fluctuations of the volume."""

import numpy as np
from jaxtyping import Float

from eukrates.analysis.statistics import mean_and_error
from eukrates.units import GPA, KELVIN


def compressibility_per_gpa(volumes: Float[np.ndarray, " frames"], temperature_kelvin: float) -> tuple[float, float]:
    """Isothermal compressibility and its standard error in 1/GPa, of a run at constant pressure and temperature.

    κ = (⟨V²⟩ - ⟨V⟩²) / (k_B T ⟨V⟩)                                                                             (1)

    (Allen & Tildesley, Computer Simulation of Liquids, 2nd ed. 2017, eq. 2.88.) The variance has the squared error of
    the mean added, as the mean of a finite run follows the run. The error is the block-averaged one of κ linearised in
    what each frame adds (the infinitesimal jackknife), correlation in time included:

    err κ = err ⟨ ((V - V̄)² - σ²) / (k_B T V̄) - κ (V - V̄) / V̄ ⟩                                               (2)

    Only a barostat that samples the isothermal-isobaric ensemble (stochastic cell rescaling, MTK) has these
    fluctuations; Berendsen's has not. The volume must fluctuate as a whole: cells of several shapes count by volume.

    Args:
        volumes: Å³, [frames], after equilibration.
        temperature_kelvin: of the ensemble.

    Raises:
        ValueError: fewer than two volumes, volumes or a temperature that are not positive and finite.
    """
    v = np.asarray(volumes, np.float64)
    if not (temperature_kelvin > 0 and np.isfinite(temperature_kelvin)):
        raise ValueError(f"Expected a temperature above 0 K, got {temperature_kelvin!r}.")
    if not np.all(v > 0):
        raise ValueError(f"Expected volumes above 0 Å³, got {v.min() if v.size else 'none'}: an open cell has none.")
    mean, error = mean_and_error(v)
    away, scale = v - mean, 1 / (KELVIN * temperature_kelvin * mean)
    kappa = (np.mean(away**2) + error**2) * scale  # (1)
    _, spread = mean_and_error(away**2 * scale - kappa * away / mean)  # (2)
    return float(kappa * GPA), float(spread * GPA)
