"""How a molecule at a temperature is shared out among its minima.

    w_i = g_i exp(-ΔF_i / k_B T) / Σ_j g_j exp(-ΔF_j / k_B T)                                                   (1)

with F the energy E of the minimum, or its Gibbs energy as an ideal gas (`eukrates.landscape.ideal_gas`), and g the
number of minima that a listed one stands for: 2 if mirror images are merged and it is not its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eukrates.landscape.relax import Target, relax
from eukrates.landscape.thermochemistry import GRIMME, ideal_gas
from eukrates.landscape.vibrations import STATIONARY, vibrations
from eukrates.matter import System
from eukrates.potential import Potential
from eukrates.units import KELVIN


def boltzmann_weights(
    energies: Sequence[float], temperature_kelvin: float | int, degeneracies: Sequence[int] | None = None
) -> Float[np.ndarray, " minima"]:
    """(1) of energies, or of Gibbs energies, in eV.

    Raises:
        ValueError: a temperature that is not above 0, no energies, or energies that are not finite.
    """
    e = np.asarray(energies, np.float64)
    if not temperature_kelvin > 0 or not e.size or not np.all(np.isfinite(e)):
        raise ValueError(f"Expected a temperature above 0 K and finite energies, got {temperature_kelvin} K, {e[:5]} …")
    weights = np.exp(-(e - e.min()) / (KELVIN * temperature_kelvin)) * (1 if degeneracies is None else degeneracies)
    return weights / weights.sum()


@dataclass(frozen=True)
class Gibbs:
    """The Gibbs energy of a minimum as an ideal gas."""

    energies: tuple[float, ...] | None  # eV, at each of the temperatures, E included; None: there is none
    zero_point_energy: float  # eV
    imaginary: int  # modes that lead downhill: it is no minimum then


def gibbs_energies(
    potential: Potential,
    minima: Sequence[System],
    temperatures_kelvin: Sequence[float],
    pressure_bar: float = 1.0,
    soft: float | None = GRIMME,
) -> list[Gibbs]:
    """Harmonic free energies of minima, soft modes as free rotors below about `soft` 1/cm (see `ideal_gas`).

    Minima are relaxed further first, to a quarter of the force above which `vibrations` refuses a structure.

    Args:
        potential: with second derivatives.
        minima: of an open molecule.
        temperatures_kelvin, pressure_bar: of the gas.
        soft: 1/cm; None: all modes are harmonic.
    """
    found = []
    for one in relax(potential, minima, Target(force=STATIONARY / 4, steps=2000)):
        modes = vibrations(potential, one.structure)
        good = modes.imaginary == 0
        gas = ideal_gas(modes, soft=soft) if good else None
        energies = None if gas is None else tuple(gas.at(t, pressure_bar).gibbs_energy for t in temperatures_kelvin)
        found.append(Gibbs(energies, modes.zero_point_energy, modes.imaginary))
    return found
