"""Which units fit all evidence at once? Every combination is tried; the one with the lowest cost is proposed.

    cost = (ln(s a_E / a_F) / σ_s)² + (ln(k a_F) / σ_k)² + min((ln(ρ a_E) / σ_ρ)², c) + rarity            (1)

a_E, a_F: the unit of energy and of force of a candidate over the declared one; s, k, ρ: slope, force constants and
total energies (`Evidence`). Energies need not be those of all electrons (but of pseudopotentials, or of formation): the
third term is bounded by c, unless they would be deeper than all electrons allow.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import log

from eukrates.data.check.evidence import BEYOND, SAME_TOTAL, Evidence
from eukrates.data.check.factors import force_unit
from eukrates.data.check.temperature import HOTTEST, STIFFEST
from eukrates.units import LENGTH, energy_unit, length_unit

RARE_ENERGY = {"eV": 0.0, "kcal/mol": 0.0, "Hartree": 0.0, "kJ/mol": 0.5, "Rydberg": 1.5, "meV": 2.0, "mHartree": 3.0}
ATOMIC = ("Hartree", "Rydberg")
PARTIAL, IMPOSSIBLE = 9.0, 50.0  # cost of energies that are not those of all electrons; of what cannot be


@dataclass(frozen=True)
class Candidate:
    """Units of energy, forces and length that a file may have."""

    energy: str
    forces: str
    length: str

    def changes(self, evidence: Evidence) -> tuple[float, float]:
        """a_E, a_F of (1)."""
        d = evidence.declared
        return energy_unit(self.energy) / d.energy_factor, force_unit(self.forces) / d.forces_factor

    @property
    def natural(self) -> bool:
        """Forces are in the units of energy and length."""
        return self.forces == f"{self.energy}/{self.length}"


def candidates(evidence: Evidence) -> Iterator[Candidate]:
    """Every combination; lengths are as `evidence` says."""
    d = evidence.declared
    length = d.length if evidence.lengths is None else evidence.lengths.unit
    energies = [d.energy, *(e for e in RARE_ENERGY if not _equal(energy_unit(e), d.energy_factor))]
    lengths = [length, *(name for name in LENGTH if not _equal(length_unit(name), length_unit(length)))]
    for energy in energies:
        for of_forces in energies:
            for per in lengths:
                if per == "nm" and length != "nm" and of_forces != "kJ/mol":
                    continue
                yield Candidate(energy, f"{of_forces}/{per}", length)


def cost(candidate: Candidate, evidence: Evidence) -> float:
    """Equation (1)."""
    a_energy, a_forces = candidate.changes(evidence)
    total = _rarity(candidate, evidence) + force_cost(a_forces, evidence)
    if evidence.slope is not None:
        miss = abs(log(evidence.slope * a_energy / a_forces))
        total += (3 * miss / log(1 + evidence.tolerance)) ** 2
    if evidence.total is not None:
        total += _total_cost(evidence.total * a_energy)
    return total


def force_cost(a_forces: float, evidence: Evidence) -> float:
    """The second term of (1), or a loose preference for usual stiffness where no bond gives force constants."""
    if evidence.stiffness is not None:
        return (log(evidence.stiffness * a_forces) / (0.3 if evidence.hydrogen else 0.5)) ** 2
    if evidence.hot is None:
        return 0.0
    stiff, kelvin = evidence.hot[0] * a_forces, evidence.hot[1] * a_forces
    return (IMPOSSIBLE if stiff > STIFFEST or kelvin > HOTTEST else 0.0) + (log(stiff / 5) / 2) ** 2


def fits(candidate: Candidate, evidence: Evidence) -> bool:
    """True if no term of (1) speaks against a candidate."""
    a_energy, a_forces = candidate.changes(evidence)
    slope, k = evidence.slope, evidence.stiffness
    if slope is not None and abs(log(slope * a_energy / a_forces)) > log(1 + evidence.tolerance):
        return False
    if evidence.total is not None and evidence.total * a_energy > BEYOND:
        return False
    if evidence.hot is not None and force_cost(a_forces, evidence) >= IMPOSSIBLE:
        return False
    return k is None or 1 / 4 < k * a_forces < 4


def total_of_all_electrons(candidate: Candidate, evidence: Evidence) -> bool:
    """True if energies of the candidate are total energies of all electrons."""
    if evidence.total is None:
        return False
    return abs(evidence.total * candidate.changes(evidence)[0] - 1) < SAME_TOTAL


def _total_cost(ratio: float) -> float:
    if ratio > BEYOND:
        return IMPOSSIBLE
    return PARTIAL if ratio <= 0 else min((log(ratio) / 0.015) ** 2, PARTIAL)


def _rarity(candidate: Candidate, evidence: Evidence) -> float:
    """What people mix up rarely costs more; a unit that stays as declared costs nothing."""
    energy, (of_forces, _, per) = candidate.energy, candidate.forces.rpartition("/")
    a_energy, a_forces = candidate.changes(evidence)
    found = RARE_ENERGY.get(energy, 0.0) if not _equal(a_energy, 1.0) else 0.0
    found += RARE_ENERGY.get(of_forces, 0.0) if of_forces != energy and not _equal(a_forces, 1.0) else 0.0
    found += (not _equal(a_energy, 1.0)) + (not _equal(a_forces, 1.0))
    if not _equal(energy_unit(of_forces), energy_unit(energy)):
        found += 3.0
    if per != candidate.length:
        usual = (of_forces in ATOMIC and per == "Bohr") or (of_forces, per) == ("eV", "Angstrom")
        found += 1.0 if usual else 4.0
    return found


def _equal(a: float, b: float) -> bool:
    return abs(a / b - 1) < 1e-6
