"""Thermochemistry of an ideal gas of molecules: rigid rotors and harmonic oscillators (RRHO).

With q the partition function of a molecule, β = 1/(k_B T) and x = β ħω (McQuarrie, *Statistical Mechanics*, 1976,
ch. 5, 6 and 8):

    translation   U = 3/2 k_B T         S/k_B = ln[(m k_B T / 2π ħ²)^3/2 k_B T / p] + 5/2                  (1)
    rotation      U = f/2 k_B T         S/k_B = ln[(√π Π (2 I k_B T / ħ²)^1/2) / σ] + 3/2      f = 3       (2)
                                        S/k_B = ln[2 I k_B T / (σ ħ²)] + 1                     f = 2       (3)
    vibration     U = Σ ħω (1/2 + n)    S/k_B = Σ [x n - ln(1 - e⁻ˣ)],     n = 1 / (eˣ - 1)                (4)
    electrons     U = E                 S/k_B = ln(2S + 1)                                                 (5)

    H = U + k_B T,   G = H - T S                                                                           (6)

A soft mode is hardly an oscillator, and its entropy (4) grows without bound as ω goes to zero. In the quasi-RRHO
approximation it passes to that of a free rotor (Grimme, Chem. Eur. J. 18, 9955 (2012), doi:10.1002/chem.201200497,
eqs. 4 to 8):

    S = w S_vibration + (1 - w) S_rotor,   w = 1 / (1 + (ω₀/ω)⁴)                                          (7)
    S_rotor/k_B = ½ + ½ ln(2π μ' k_B T / ħ²),   μ' = μ B / (μ + B),   μ = ħ / 2ω,   B = 10⁻⁴⁴ kg m²           (8)
"""

import math
from dataclasses import dataclass

import numpy as np

from eukrates.landscape.symmetry import TOLERANCE, symmetry_number
from eukrates.landscape.vibrations import Vibrations
from eukrates.matter.rigid_motions import moments_of_inertia
from eukrates.units import BAR, HBAR, KELVIN, KILOGRAM, WAVENUMBER

INERTIA = 1e-44 * KILOGRAM * 1e20  # B of (8), u Å²
GRIMME = 100.0  # ω₀ in 1/cm as published


@dataclass(frozen=True)
class Thermochemistry:
    """An ideal gas at one temperature and pressure, per molecule: eV and eV/K. U, H and G contain E."""

    temperature_kelvin: float
    pressure_bar: float
    internal_energy: float  # U
    enthalpy: float  # H
    entropy: float  # S
    gibbs_energy: float  # G
    heat_capacity: float  # at constant pressure
    entropies: dict[str, float]  # S of translation, rotation, vibration, electrons


@dataclass(frozen=True)
class IdealGas:
    """What statistical mechanics must know of a molecule.

    Args:
        energy: E, of the structure at rest, in eV.
        wavenumbers: 1/cm of the vibrations, all above 0.
        moments: u Å², of the axes it turns about: three, two equal ones if linear, none of an atom.
        mass: u.
        symmetry: σ, the order of its group of rotations.
        multiplicity: 2S + 1 of its electrons.
        soft: ω₀ of (7) in 1/cm, `GRIMME` as published; None: all modes are harmonic.
    """

    energy: float
    wavenumbers: tuple[float, ...]
    moments: tuple[float, ...]
    mass: float
    symmetry: int = 1
    multiplicity: int = 1
    soft: float | None = None

    def __post_init__(self):
        if not all(nu > 0 for nu in self.wavenumbers):
            raise ValueError(f"Expected wavenumbers above 0 1/cm, got {min(self.wavenumbers):.4g}.")
        if len(self.moments) not in (0, 2, 3) or not all(moment > 0 for moment in self.moments):
            raise ValueError(f"Expected none, two or three moments of inertia above 0 u Å², got {self.moments}.")
        if self.symmetry < 1 or self.multiplicity < 1:
            raise ValueError(
                "Expected a symmetry number and a multiplicity 2S + 1 of at least 1, got "
                f"{self.symmetry} and {self.multiplicity}."
            )
        if not self.mass > 0 or (self.soft is not None and not self.soft > 0):
            raise ValueError(f"Expected a mass (u) and a soft wavenumber (1/cm) above 0, got {self.mass}, {self.soft}.")

    @property
    def zero_point_energy(self) -> float:
        """½ Σ ħω in eV."""
        return float(np.sum(self._quanta) / 2)

    @property
    def _quanta(self) -> np.ndarray:
        return np.array(self.wavenumbers, np.float64) * HBAR / WAVENUMBER

    def at(self, temperature_kelvin: float | int, pressure_bar: float | int = 1.0) -> Thermochemistry:
        """The gas at a temperature and a pressure, by default that of the standard state.

        Raises:
            ValueError: a temperature or pressure that is not above zero.
        """
        if not (temperature_kelvin > 0 and pressure_bar > 0):
            raise ValueError(f"Expected K and bar above 0, got {temperature_kelvin} K and {pressure_bar} bar.")
        kt, freedom = KELVIN * temperature_kelvin, 3 + len(self.moments)
        x = self._quanta / kt
        n = 1 / np.expm1(np.minimum(x, 700.0))
        internal = self.energy + freedom / 2 * kt + float(np.sum(self._quanta * (0.5 + n)))  # (1) to (5)
        entropies = {
            "translation": self._translation(kt, pressure_bar),
            "rotation": self._rotation(kt),
            "vibration": float(np.sum(self._vibration(kt, x, n))),
            "electrons": math.log(self.multiplicity),  # (5)
        }
        entropies = {name: KELVIN * value for name, value in entropies.items()}
        entropy, enthalpy = sum(entropies.values()), internal + kt  # (6)
        return Thermochemistry(
            temperature_kelvin=float(temperature_kelvin),
            pressure_bar=float(pressure_bar),
            internal_energy=internal,
            enthalpy=enthalpy,
            entropy=entropy,
            gibbs_energy=enthalpy - temperature_kelvin * entropy,  # (6)
            heat_capacity=KELVIN * (freedom / 2 + 1 + float(np.sum(x**2 * n * (n + 1)))),
            entropies=entropies,
        )

    def _translation(self, kt: float, pressure_bar: float) -> float:
        volume = kt / (pressure_bar * BAR)
        return 1.5 * math.log(self.mass * kt / (2 * math.pi * HBAR**2)) + math.log(volume) + 2.5  # (1)

    def _rotation(self, kt: float) -> float:
        turns = [2 * moment * kt / HBAR**2 for moment in self.moments]
        if not turns:
            return 0.0
        half = sum(math.log(turn) for turn in turns) / 2
        linear = len(turns) == 2
        return half - math.log(self.symmetry) + (1.0 if linear else 1.5 + math.log(math.pi) / 2)  # (2), (3)

    def _vibration(self, kt: float, x: np.ndarray, n: np.ndarray) -> np.ndarray:
        harmonic = x * n - np.log(-np.expm1(-x))  # (4)
        if self.soft is None:
            return harmonic
        nu = np.array(self.wavenumbers, np.float64)
        free = HBAR / (2 * nu / WAVENUMBER)
        inertia = free * INERTIA / (free + INERTIA)
        rotor = 0.5 + np.log(2 * math.pi * inertia * kt / HBAR**2) / 2  # (8)
        share = 1 / (1 + (self.soft / nu) ** 4)
        return share * harmonic + (1 - share) * rotor  # (7)


def ideal_gas(
    found: Vibrations,
    *,
    symmetry: int | None = None,
    multiplicity: int | None = None,
    soft: float | None = None,
    saddle: bool = False,
) -> IdealGas:
    """The gas of a molecule of which the vibrations are known.

    Args:
        found: of an open molecule without fixed atoms.
        symmetry: number; None: from the geometry, isotopes told apart, see `symmetry_number`.
        multiplicity: 2S + 1; None: from the unpaired electrons that the structure states, else the lowest that a
            molecule of its charge (none stated: neutral) can have.
        soft: see `IdealGas`.
        saddle: the structure is a transition state: its one imaginary mode is left out.

    Raises:
        ValueError: a periodic or fixed structure; imaginary modes, unless it is one and a saddle is meant.
    """
    s = found.structure
    if np.any(s.cell) or found.fixed.any():
        raise ValueError(
            "An ideal gas is made of open molecules that translate and turn, and this structure is periodic or has "
            "fixed atoms. Make it open (atoms.pbc = False) and free, and compute its vibrations again."
        )
    expected = 1 if saddle else 0
    if found.imaginary != expected:
        worst = ", ".join(f"{-nu:.1f}i" for nu in found.wavenumbers[: found.imaginary][:5]) or "none"
        raise ValueError(
            f"Expected {'one imaginary mode, of a saddle point' if saddle else 'a minimum, without imaginary modes'}, "
            f"got {found.imaginary} ({worst} 1/cm). Displace the atoms along such a mode and relax again"
            + ("." if saddle else ", or say that a saddle point is meant (saddle).")
        )
    rotations = 3 * s.atoms - found.wavenumbers.size - 3
    moments = moments_of_inertia(s.positions, found.masses)[3 - rotations :] if rotations else ()
    if symmetry is None:
        symmetry = symmetry_number(s.positions, s.numbers + 1000j * np.round(found.masses, 3), TOLERANCE)
    if multiplicity is None:
        multiplicity = _multiplicity(found)
    return IdealGas(
        energy=found.energy,
        wavenumbers=tuple(found.wavenumbers[expected:].tolist()),
        moments=tuple(float(moment) for moment in moments),
        mass=float(np.sum(found.masses)),
        symmetry=symmetry,
        multiplicity=multiplicity,
        soft=soft,
    )


def _multiplicity(found: Vibrations) -> int:
    s = found.structure
    if s.spin is not None:
        return round(float(s.spin[0])) + 1
    charge = 0 if s.charge is None else round(float(s.charge[0]))
    return 1 + (int(np.sum(s.numbers)) - charge) % 2
