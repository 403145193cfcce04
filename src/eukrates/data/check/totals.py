"""Total energies against what all electrons can give: a wrong unit, or wrong elements, throughout.

    E(Z) ≈ -(0.768745 Z^(7/3) - Z²/2 + 0.269900 Z^(5/3)) Hartree                                    (1)

Thomas, Fermi, Scott and Schwinger (Phys. Rev. A 24, 2353 (1981), doi:10.1103/PhysRevA.24.2353): within 2 % of the exact
non-relativistic energy from H to Kr; a molecule has its atoms' energy within another 1 %. Pseudopotentials and energies
relative to atoms lie far below, in steps that this check leaves alone.
"""

from dataclasses import dataclass

import numpy as np

from eukrates.data.check.evidence import SAME_TOTAL
from eukrates.data.check.factors import energy_factors, unit_of
from eukrates.data.check.finding import Finding
from eukrates.data.check.subject import Subject
from eukrates.units import HARTREE


def all_electrons(numbers: np.ndarray) -> float:
    """Equation (1) summed over atoms, eV."""
    z = np.asarray(numbers, np.float64)
    return float(-np.sum(0.768745 * z ** (7 / 3) - z**2 / 2 + 0.269900 * z ** (5 / 3)) * HARTREE)


@dataclass(frozen=True)
class Totals:
    """Energies over (1): their median, or none where some frames are in another unit than the rest."""

    ratio: float | None
    frames: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def words(self) -> str:
        """The ratio in words."""
        return f"median energy is {self.ratio:.4g} times that of all electrons of the atoms ({self.frames} frames)"


def total_energies(subject: Subject) -> Totals:
    """Ratios of energies to (1); frames in another unit than the rest are findings."""
    known = {
        n: energy / all_electrons(sample.numbers)
        for n in subject.good
        if (energy := (sample := subject.samples[n]).energy) is not None and 2 < sample.numbers.max() <= 36
    }
    if not known:
        return Totals(None)
    frames, ratios = list(known), np.array(list(known.values()))
    if 0.05 < np.mean(np.abs(ratios - 1) < 0.05) < 0.95:
        return Totals(None, 0, tuple(_some(subject, frames, ratios)))
    return Totals(float(np.median(ratios)), len(frames))


def odd_elements(totals: Totals) -> list[Finding]:
    """Energies that are a little off, where no unit explains it."""
    if totals.ratio is None or not 0.6 < totals.ratio < 0.96:
        return []
    fix = "Check the elements against the calculation (or know that core electrons are missing)."
    return [Finding("elements", "warning", "energies do not fit the elements", (), totals.words, fix)]


def _some(subject: Subject, frames: list[int], ratios: np.ndarray) -> list[Finding]:
    """Some frames have the energy of all electrons in the declared unit, others the same in another unit."""
    by_unit: dict[str, list[int]] = {}
    factors, declared = energy_factors(subject.units), subject.units.energy
    for n, ratio in zip(frames, ratios, strict=True):
        unit = unit_of(float(ratio), factors, SAME_TOTAL)
        if unit:
            by_unit.setdefault(unit, []).append(n)
    findings = []
    for unit, members in by_unit.items():
        subject.spoilt.update(members)
        evidence = f"their energies over those of all electrons of the atoms: {factors[unit]:.4g}, where others have 1"
        fault = f"energies in another unit than the rest: {unit} read as {declared}"
        fix = f"Convert the energies of these frames from {unit} to {declared}, and look at their forces."
        findings.append(Finding("units", "error", fault, subject.names(members), evidence, fix))
    return findings
