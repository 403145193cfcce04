"""How a molecule at a temperature is shared out among its minima.

    w_i = g_i exp(-ΔF_i / k_B T) / Σ_j g_j exp(-ΔF_j / k_B T)                                                   (1)
    g_i = m_i / σ_i  where F is the energy E of a minimum,  g_i = m_i  where it is its Gibbs energy             (2)

with g in proportion to the number of wells that a listed minimum stands for. Mirror images are two wells: m is 2 where
they are merged, and 1 for a minimum that is its own. So are relabellings of atoms that are alike, of which a catalogue
lists one, but for those that a rotation makes as well; there are σ of these (`symmetry_number`). Of n-pentane, for one,
trans-trans (σ = 2) is one well, and trans-gauche (σ = 1) two, gauche-trans being the other. The Gibbs energy of an
ideal gas (`eukrates.landscape.ideal_gas`) has σ in its entropy of rotation.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eukrates.landscape.catalogue import Catalogue, Minimum
from eukrates.landscape.relax import Target, relax
from eukrates.landscape.symmetry import symmetry_number
from eukrates.landscape.thermochemistry import GRIMME, ideal_gas
from eukrates.landscape.vibrations import STATIONARY, vibrations
from eukrates.matter import System
from eukrates.potential import Potential
from eukrates.units import KELVIN


def boltzmann_weights(
    energies: Sequence[float], temperature_kelvin: float | int, degeneracies: Sequence[float | int] | None = None
) -> Float[np.ndarray, " minima"]:
    """(1) of energies, or of Gibbs energies, in eV, with the g of (2); None: all are alike.

    Raises:
        ValueError: a temperature that is not above 0, no energies, or energies that are not finite.
    """
    e = np.asarray(energies, np.float64)
    if not temperature_kelvin > 0 or not e.size or not np.all(np.isfinite(e)):
        raise ValueError(f"Expected a temperature above 0 K and finite energies, got {temperature_kelvin} K, {e[:5]} …")
    many = 1.0 if degeneracies is None else np.asarray(degeneracies, np.float64)
    weights = np.exp(-(e - e.min()) / (KELVIN * temperature_kelvin)) * many
    return weights / weights.sum()


def symmetry_numbers(catalogue: Catalogue, minima: Sequence[Minimum]) -> list[int]:
    """σ of (2) of each: in how many ways it can be turned onto itself within 0.05 Å, as in its Gibbs energy.

    It takes 1 to 3 ms for each with up to 56 atoms. Minima of butane, ethanediol and a cluster of 7 atoms, relaxed to
    0.0005 eV/Å, missed their symmetry by less than 0.001 Å, and have the same σ with any tolerance from 0.005 to 0.2 Å.
    """
    return [symmetry_number(one.positions, catalogue.graph.classes) for one in minima]


@dataclass(frozen=True)
class Gibbs:
    """The Gibbs energy of a minimum as an ideal gas, or why there is none."""

    energies: tuple[float, ...] | None  # eV, at each of the temperatures, E included; None: there is none
    zero_point_energy: float | None  # eV; None: unknown
    imaginary: int | None  # modes that lead downhill: it is no minimum where there are any; None: unknown
    said: str = ""  # why there is none


def gibbs_energies(
    potential: Potential,
    minima: Sequence[System],
    temperatures_kelvin: Sequence[float],
    pressure_bar: float = 1.0,
    soft: float | None = GRIMME,
) -> list[Gibbs]:
    """Harmonic free energies of minima, soft modes as free rotors below about `soft` 1/cm (see `ideal_gas`).

    Minima are relaxed further first, to a quarter of the force above which `vibrations` refuses a structure. One that
    fails takes no other along: it has no energies, and `Gibbs.said` is the reason.

    Args:
        potential: with second derivatives.
        minima: of an open molecule.
        temperatures_kelvin, pressure_bar: of the gas.
        soft: 1/cm; None: all modes are harmonic.
    """
    rested = relax(potential, minima, Target(force=STATIONARY / 4, steps=2000))
    return [_gibbs(potential, one.structure, temperatures_kelvin, pressure_bar, soft) for one in rested]


def _gibbs(
    potential: Potential, structure: System, temperatures: Sequence[float], pressure: float, soft: float | None
) -> Gibbs:
    try:
        modes = vibrations(potential, structure)
        if modes.imaginary:
            down = ", ".join(f"{-nu:.1f}i" for nu in modes.wavenumbers[: modes.imaginary][:5])
            return Gibbs(None, modes.zero_point_energy, modes.imaginary, f"A saddle point: {down} 1/cm lead down.")
        gas = ideal_gas(modes, soft=soft)
        energies = tuple(gas.at(kelvin, pressure).gibbs_energy for kelvin in temperatures)
        return Gibbs(energies, modes.zero_point_energy, 0)
    except (ValueError, RuntimeError) as error:  # the latter: no memory for the Hessian
        return Gibbs(None, None, None, str(error))
