"""Energies and forces far from all others, by robust statistics; units are named where the factor says so."""

import numpy as np

from eukrates.data.check.factors import energy_factors, force_factors, unit_of
from eukrates.data.check.finding import Finding
from eukrates.data.check.subject import Subject, spread

FAR = 50  # robust standard deviations


def odd_totals(subject: Subject) -> list[Finding]:
    """Energies far from those of the same composition, or from the sums of E0."""
    frames = [n for n in subject.good if subject.samples[n].energy is not None]
    found: dict[int, tuple[float, float]] = {}  # frame → (energy, expected)
    small = []
    for group in subject.alike(frames):
        energy = np.array([subject.samples[n].energy for n in group])
        if len(group) < 5:
            small += group.tolist()
            continue
        middle, width = spread(energy)
        limit = max(FAR * width, 0.5 * subject.samples[group[0]].system.atoms)
        found |= {int(n): (e, middle) for n, e in zip(group, energy, strict=True) if abs(e - middle) > limit}
    found |= _against_composition(subject, frames, small)
    if not found:
        return []
    subject.spoilt.update(found)
    units: dict[str | None, list[int]] = {}
    factors = energy_factors(subject.units)
    for n, (energy, expected) in found.items():
        units.setdefault(unit_of(energy / expected, factors, 0.03) if expected else None, []).append(n)
    return [_energy_finding(subject, unit, members, found) for unit, members in units.items()]


def _energy_finding(subject: Subject, unit: str | None, members: list[int], found: dict) -> Finding:
    worst = max(members, key=lambda n: abs(found[n][0] - found[n][1]))
    evidence = f"{subject.samples[worst].formula}: {found[worst][0]:.6g} eV, others have {found[worst][1]:.6g} eV"
    if unit:
        fault = f"energies in another unit than the rest: {unit} read as {subject.units.energy}"
        evidence += f" (a factor of {found[worst][0] / found[worst][1]:.4g})"
        fix = f"Convert the energies of these frames from {unit} to {subject.units.energy}, and look at their forces."
    else:
        fault = "energies far from all others"
        fix = (
            "Look for another unit, method, charge or element, or an unconverged calculation; or leave the frames out."
        )
    return Finding("energies", "error", fault, subject.names(members), evidence, fix)


def _against_composition(subject: Subject, frames: list[int], judged: list[int]) -> dict[int, tuple[float, float]]:
    """Frames of rare compositions against a robust least squares of E0 over all frames."""
    elements = sorted({int(z) for n in frames for z in np.unique(subject.samples[n].numbers)})
    if not judged or len(frames) < 5 * len(elements) + 10:
        return {}
    counts = np.array([[np.sum(subject.samples[n].numbers == z) for z in elements] for n in frames], np.float64)
    energy = np.array([subject.samples[n].energy for n in frames])
    atoms = counts.sum(axis=1)
    weights, said = np.ones(len(frames)), energy
    for _ in range(30):
        solution = np.linalg.lstsq(counts * weights[:, None] / atoms[:, None], energy * weights / atoms, rcond=1e-9)[0]
        said = counts @ solution
        rest = (energy - said) / atoms
        weights = 1 / (1 + (rest / (3 * spread(rest)[1] + 1e-9)) ** 2)
    limit = max(FAR * spread(rest)[1], 1.0)
    chosen = set(judged)
    return {n: (float(energy[k]), float(said[k])) for k, n in enumerate(frames) if n in chosen and abs(rest[k]) > limit}


def large_forces(subject: Subject) -> list[Finding]:
    """Frames whose forces are far beyond those of the others."""
    forces = {n: f for n in subject.good if (f := subject.samples[n].forces) is not None and np.any(f)}
    frames = list(forces)
    if len(frames) < 5:
        return []
    size = np.array([np.sqrt(np.mean(np.square(forces[n]))) for n in frames])
    middle = float(np.median(size))
    far = [(n, s) for n, s in zip(frames, size, strict=True) if s > 12 * middle and s > np.quantile(size, 0.75) * 6]
    if not far:
        return []
    worst, largest = max(far, key=lambda f: f[1])
    unit = unit_of(float(np.median([s for _, s in far])) / middle, force_factors(subject.units), 0.35)
    atom = int(np.argmax(np.linalg.norm(forces[worst], axis=1)))
    evidence = f"{largest:.4g} eV/Å root mean square (largest on atom {atom}), the median frame has {middle:.3g} eV/Å"
    maybe = f"; the factor suggests {unit}" if unit else ""
    fix = f"Look for another unit{maybe}, an unconverged calculation or overlapping atoms; or leave the frames out."
    severity = "error" if largest > 20 * middle and largest > 20 else "warning"
    return [
        Finding("forces", severity, "forces far beyond all others", subject.names(n for n, _ in far), evidence, fix)
    ]
