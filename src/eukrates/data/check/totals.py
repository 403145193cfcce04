"""Total energies against what all electrons can give: a wrong unit, or wrong elements, throughout.

    E(Z) ≈ -(0.768745 Z^(7/3) - Z²/2 + 0.269900 Z^(5/3)) Hartree                                    (1)

Thomas, Fermi, Scott and Schwinger (Phys. Rev. A 24, 2353 (1981), doi:10.1103/PhysRevA.24.2353): within 2 % of the exact
non-relativistic energy from H to Kr; a molecule has its atoms' energy within another 1 %. Pseudopotentials and energies
relative to atoms lie far below, in steps that this check leaves alone.
"""

import numpy as np

from eukrates.data.advice import say_units
from eukrates.data.check.factors import ENERGY_FACTORS, unit_of
from eukrates.data.check.finding import Finding
from eukrates.data.check.subject import Subject
from eukrates.units import HARTREE


def all_electrons(numbers: np.ndarray) -> float:
    """Equation (1) summed over atoms, eV."""
    z = np.asarray(numbers, np.float64)
    return float(-np.sum(0.768745 * z ** (7 / 3) - z**2 / 2 + 0.269900 * z ** (5 / 3)) * HARTREE)


def total_energies(subject: Subject) -> list[Finding]:
    """Ratios of energies to (1), and what they mean: of all frames, or of some."""
    known = {
        n: energy / all_electrons(sample.numbers)
        for n in subject.good
        if (energy := (sample := subject.samples[n]).energy) is not None and 2 < sample.numbers.max() <= 36
    }
    if not known:
        return []
    frames, ratios = list(known), np.array(list(known.values()))
    ratio = float(np.median(ratios))
    if 0.05 < np.mean(np.abs(ratios - 1) < 0.05) < 0.95:
        return _some(subject, frames, ratios)
    evidence = f"median energy is {ratio:.4g} times that of all electrons of the atoms ({len(frames)} frames)"
    unit = unit_of(ratio, ENERGY_FACTORS, 0.025)
    if unit and ratio > 1:
        fix = f"Declare {say_units({'energy': unit})} when reading, or convert the file."
        return [Finding("units", "error", f"energies look like {unit}, labelled as eV", (), evidence, fix)]
    if unit:
        fix = f"If these are total energies of all electrons, declare {say_units({'energy': unit})}."
        return [Finding("units", "warning", f"energies look like {unit}, labelled as eV", (), evidence, fix)]
    if ratio > 1.06:
        fix = "No electrons can bind so much: check the unit of energy and the elements."
        return [Finding("units", "error", "energies beyond all electrons: wrong unit or elements", (), evidence, fix)]
    if 0.6 < ratio < 0.96:
        fix = "Check the elements against the calculation (or know that core electrons are missing)."
        return [Finding("elements", "warning", "energies do not fit the elements", (), evidence, fix)]
    return []


def _some(subject: Subject, frames: list[int], ratios: np.ndarray) -> list[Finding]:
    """Some frames have the energy of all electrons in eV, others the same in another unit."""
    by_unit: dict[str, list[int]] = {}
    for n, ratio in zip(frames, ratios, strict=True):
        unit = unit_of(float(ratio), ENERGY_FACTORS, 0.025)
        if unit:
            by_unit.setdefault(unit, []).append(n)
    findings = []
    for unit, members in by_unit.items():
        subject.spoilt.update(members)
        evidence = (
            f"their energies over those of all electrons of the atoms: {ENERGY_FACTORS[unit]:.4g}, where others have 1"
        )
        fault = f"energies in another unit than the rest: {unit} labelled as eV"
        fix = f"Convert the energies of these frames from {unit} to eV, and look at their forces."
        findings.append(Finding("units", "error", fault, subject.names(members), evidence, fix))
    return findings
