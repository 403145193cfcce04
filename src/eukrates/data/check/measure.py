"""All measurements that bear on units, put together as evidence, and judged once."""

from dataclasses import dataclass

import numpy as np

from eukrates.data.check.bonds import bond_ratio, say_bonds, stiffness
from eukrates.data.check.consistency import Line, line, say_line
from eukrates.data.check.declaration import judge_stress, judge_units
from eukrates.data.check.evidence import Evidence
from eukrates.data.check.finding import Finding
from eukrates.data.check.lengths import Lengths
from eukrates.data.check.stress import Measured, measure_stress
from eukrates.data.check.subject import Subject
from eukrates.data.check.surrogate import Ruler
from eukrates.data.check.temperature import HOTTEST, STIFFEST, stiffness_and_temperature
from eukrates.data.check.totals import Totals, odd_elements

STATED = "stated in the file"  # `Source.units_from` of files that nobody may declare otherwise


@dataclass(frozen=True, eq=False)
class Measurements:
    """What was measured; `lengths` only if their unit is wrong (the rest is then measured after its correction)."""

    lengths: Lengths | None
    totals: Totals
    bonds: dict[str, tuple[float, float, int]]  # `stiffness`
    line: Line | None = None
    hot: tuple[float, float] | None = None  # eV/Å², K
    stress: Measured | None = None
    done: tuple[str, ...] = ()


def measure(
    subject: Subject, lengths: Lengths | None, totals: Totals, rulers: list[Ruler], prints: dict[int, np.ndarray]
) -> Measurements:
    """Every scale that the data have, of the frames that no check has named."""
    bonds, hot = stiffness(subject), None
    if bonds:
        shown = ", ".join(f"{name} {k:.3g}" for name, (k, _, _) in bonds.items())
        done = [f"force constants of bonds to terminal atoms, eV/Å²: {shown}"]
    else:
        done = ["force constants of bonds to terminal atoms: none to measure"]
        seen = [one for ruler in rulers if (one := stiffness_and_temperature(subject, ruler)) is not None]
        done += [f"atoms sit with {k:.3g} eV/Å², configurational temperature {t:.0f} K" for k, t in seen]
        hot = (max(k for k, _ in seen), max(t for _, t in seen)) if seen else None
    found = line(subject, rulers, prints)
    if found is None:
        done.append("forces against energy differences: too few near frames to tell")
    else:
        done.append(
            f"forces against energy differences: slope {found.slope:.3f} (expected 1), correlation "
            f"{found.correlation:.3f}, {len(found.pairs)} pairs"
        )
    slope = found.slope if found is not None and found.clear else 1.0
    stress = measure_stress(subject, rulers, prints, slope)
    return Measurements(lengths, totals, bonds, found, hot, stress, tuple(done))


def units_of(subject: Subject, measured: Measurements) -> list[Finding]:
    """One finding about units, or a remark about energies that fit no elements."""
    evidence = _evidence(subject, measured)
    fixed = closed(subject)
    return judge_units(evidence, fixed) or [*judge_stress(evidence, fixed), *odd_elements(measured.totals)]


def closed(subject: Subject) -> bool:
    """True if files state their units themselves: declaring others is then refused."""
    return any(source.units_from == STATED for source in subject.sources)


def _evidence(subject: Subject, m: Measurements) -> Evidence:
    samples = [subject.samples[n] for n in subject.good]
    line = m.line if m.line is not None and m.line.clear else None
    stress = m.stress.worst if m.stress is not None else None
    words = []
    if m.lengths is not None:
        words.append(
            f"nearest neighbours are {m.lengths.median:.3g} times the sum of their covalent radii apart (usual: 0.8 to "
            f"1.1); after correction of the lengths"
        )
    if m.totals.ratio is not None:
        words.append(m.totals.words)
    if line is not None:
        words.append(say_line(line))
    if m.bonds:
        words.append(f"{say_bonds(m.bonds)}, {abs(bond_ratio(m.bonds)):.3g} times the rule")
    if m.hot is not None and (m.hot[0] > STIFFEST or m.hot[1] > HOTTEST):
        words.append(
            f"atoms sit with {m.hot[0]:.3g} eV/Å² (possible: up to {STIFFEST:g}) and look {m.hot[1]:.3g} K hot "
            f"(possible: up to {HOTTEST:g})"
        )
    return Evidence(
        declared=subject.units,
        lengths=m.lengths,
        total=m.totals.ratio,
        slope=None if line is None else abs(line.slope),
        correlation=0.0 if line is None else abs(line.correlation),
        stiffness=abs(bond_ratio(m.bonds)) if m.bonds else None,
        hydrogen=any(name.endswith("–H") for name in m.bonds),
        hot=m.hot,
        stress=None if stress is None else abs(stress.value),
        stress_far=2.0 if stress is None else stress.far,
        stress_words="" if stress is None else stress.words,
        has_energy=any(sample.energy is not None for sample in samples),
        has_forces=any(sample.forces is not None for sample in samples),
        virial=subject.units.stress == "virial" or any(_virial(source.keys) for source in subject.sources),
        words=tuple(words),
    )


def _virial(keys: dict[str, str]) -> bool:
    """True if stress is read from a key that is called virial."""
    key = keys.get("stress", "").lower()
    return "virial" in key and "stress" not in key
