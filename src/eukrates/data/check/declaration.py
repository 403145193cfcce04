"""From evidence about units to one finding with one fix: the declaration under which everything fits."""

from dataclasses import fields
from math import log

from eukrates.data.advice import say_units
from eukrates.data.check.candidates import Candidate, candidates, cost, fits, force_cost, total_of_all_electrons
from eukrates.data.check.evidence import Evidence
from eukrates.data.check.finding import Finding
from eukrates.data.declared import Units

CLEAR = 4.0  # how much lower the cost of another unit must be where nothing else is amiss
NEARLY = 3.0  # candidates whose cost is within this of the best are named
STRESSES = ("eV/Angstrom^3", "GPa", "kbar", "bar", "Hartree/Bohr^3", "Rydberg/Bohr^3")


def judge_units(evidence: Evidence, closed: bool = False) -> list[Finding]:
    """Nothing, or what is wrong with the units and the one declaration that mends it.

    Args:
        evidence: all that is known.
        closed: the files state their units themselves, so that declaring others is refused.
    """
    ranked = sorted(candidates(evidence), key=lambda c: cost(c, evidence))
    best = ranked[0]
    wrong = evidence.apart or evidence.odd_stiffness or evidence.too_deep or evidence.lengths is not None
    changed = _changed(best, evidence)
    words = "; ".join(evidence.words)
    if not wrong:
        stays = min(cost(c, evidence) for c in ranked if not _changed(c, evidence))
        clear = changed and total_of_all_electrons(best, evidence) and stays - cost(best, evidence) > CLEAR
        if not (clear and fits(best, evidence)):
            return []
    if not changed or not fits(best, evidence):
        return [_unknown(evidence, words)]
    others = [c for c in ranked[1:] if cost(c, evidence) - cost(best, evidence) < NEARLY and fits(c, evidence)]
    words += f"; with the fix {_after(best, evidence)}"
    if others:
        words += f" ({others[0].energy} with {others[0].forces} fits nearly as well)"
    fault = _fault(best, evidence, changed)
    declare = declaration(best, evidence)
    if not wrong and not _confirmed(best, evidence):
        fix = f"If these are total energies of all electrons, {_advice(declare, closed, start='declare')}"
        return [Finding("units", "warning", fault, (), words, fix, None if closed else declare)]
    return [Finding("units", "error", fault, (), words, _advice(declare, closed), None if closed else declare)]


def judge_stress(evidence: Evidence, closed: bool = False) -> list[Finding]:
    """The unit of stress where those of energy, forces and length are right."""
    if evidence.stress is None or 1 / evidence.stress_far < evidence.stress < evidence.stress_far:
        return []
    unit = None if evidence.virial else stress_option(evidence, 1 / evidence.stress, 1.0)
    words, d = evidence.stress_words, evidence.declared
    if unit is None:
        fix = f"Declare {say_units({'stress': '…'})}: eV/Angstrom^3, GPa, kbar, virial (-volume · stress, eV); or, if "
        fix += f"the stress is right, the units of energies and forces: {say_units({'energy': '…', 'forces': '…'})}."
        return [Finding("units", "error", "stress in another unit than energies and forces", (), words, fix)]
    read = d.stress or f"{d.energy}/{d.length}^3"
    declare = {**declared(d), "stress": unit}
    fault = f"stress in {unit}, read as {read}"
    return [Finding("units", "error", fault, (), words, _advice(declare, closed), None if closed else declare)]


def declared(units: Units) -> dict[str, str]:
    """The declaration as it is, without defaults."""
    values = {f.name: getattr(units, f.name) for f in fields(units)}
    return {name: value for name, value in values.items() if value != getattr(Units(), name)}


def declaration(best: Candidate, evidence: Evidence) -> dict[str, str]:
    """The units to read with: what differs from the defaults or from what was declared."""
    d, (a_energy, a_forces) = evidence.declared, best.changes(evidence)
    found = {} if same(a_energy) and d.energy == "eV" else {"energy": best.energy}
    if not same(evidence.length_change) or d.length != "Angstrom":
        found["length"] = best.length
    if not best.natural or (not same(a_forces) and same(a_energy) and same(evidence.length_change)):
        found["forces"] = best.forces
    found |= {name: value for name, value in declared(d).items() if name in ("stress_positive", "voigt", "dipole")}
    stress = _stress(evidence, a_energy)
    return found if stress is None else found | {"stress": stress}


def stress_option(evidence: Evidence, wanted: float, kept: float) -> str | None:
    """The unit of stress, or None to keep the declaration.

    Args:
        evidence: units and tolerance.
        wanted: the unit of stress over the one that it was read with, as energies say.
        kept: the same if the declaration of stress stays.
    """
    if abs(log(wanted / kept)) < log(evidence.stress_far):
        return None
    read = abs(evidence.declared.stress_factor)
    options = {unit: abs(Units(stress=unit).stress_factor) / read for unit in STRESSES}
    best = min(options, key=lambda unit: abs(log(options[unit] / wanted)))
    return best if abs(log(options[best] / wanted)) < log(1.6) else None


def same(change: float) -> bool:
    """True if a unit over the declared one is 1."""
    return abs(change - 1) < 1e-6


def _stress(evidence: Evidence, a_energy: float) -> str | None:
    """`stress` of the declaration, None to leave it out."""
    said = evidence.declared.stress
    follows = said is None or said == "virial"
    if evidence.stress is None or evidence.virial:
        return said
    kept = a_energy / evidence.length_change**3 if follows else 1.0
    return stress_option(evidence, a_energy / evidence.stress, kept) or said


def _changed(candidate: Candidate, evidence: Evidence) -> tuple[bool, ...] | tuple[()]:
    """Which of energy, forces, length differ from the declaration, among those that are there; () for none."""
    a_energy, a_forces = candidate.changes(evidence)
    found = (
        evidence.has_energy and not same(a_energy),
        evidence.has_forces and not same(a_forces),
        not same(evidence.length_change),
    )
    return found if any(found) else ()


def _fault(best: Candidate, evidence: Evidence, changed: tuple[bool, ...]) -> str:
    d = evidence.declared
    as_read = (d.energy, d.forces or f"{d.energy}/{d.length}", d.length)
    names = [
        (f"{what} in {unit}", read)
        for what, unit, read, differs in zip(
            ("energies", "forces", "lengths"),
            (best.energy, best.forces, best.length),
            as_read,
            changed,
            strict=True,
        )
        if differs
    ]
    return f"{', '.join(n for n, _ in names)}: read as {', '.join(read for _, read in names)}"


def _after(best: Candidate, evidence: Evidence) -> str:
    """The evidence as it will be."""
    a_energy, a_forces = best.changes(evidence)
    said = []
    if evidence.lengths is not None:
        said.append(f"distances are {evidence.lengths.median * evidence.length_change:.2f}")
    if evidence.total is not None:
        said.append(f"total energies {evidence.total * a_energy:.3g}")
    if evidence.slope is not None:
        said.append(f"the slope {evidence.slope * a_energy / a_forces:.3g}")
    if evidence.stiffness is not None:
        said.append(f"force constants {evidence.stiffness * a_forces:.2g}")
    if evidence.hot is not None:
        said.append(f"temperature {evidence.hot[1] * a_forces:.3g} K")
    return ", ".join(said)


def _confirmed(best: Candidate, evidence: Evidence) -> bool:
    """True if force constants, too, speak for the other unit."""
    if evidence.stiffness is None:
        return False
    return force_cost(1.0, evidence) - force_cost(best.changes(evidence)[1], evidence) > 2


def _advice(declare: dict[str, str], closed: bool, start: str = "Declare") -> str:
    if closed:
        units = ", ".join(f"{what} {unit}" for what, unit in declare.items())
        return f"The file states its units itself, and wrongly: repair it ({units}), or convert its numbers."
    return f"{start} {say_units(dict(declare))} when reading, or convert the file."


def _unknown(evidence: Evidence, words: str) -> Finding:
    """No unit that is known here explains it."""
    if evidence.too_deep and not (evidence.apart or evidence.odd_stiffness or evidence.lengths):
        fault = "energies beyond all electrons: wrong unit or elements"
        fix = "No electrons can bind so much: check the unit of energy and the elements."
        return Finding("units", "error", fault, (), words, fix)
    if evidence.apart:
        fault = "energies and forces do not belong together"
    elif evidence.odd_stiffness:
        fault = "forces in another unit than declared"
    else:
        fault = "lengths in another unit than declared, but no unit of energies and forces fits them"
    fix = f"Find out the unit of each and declare it: {say_units({'energy': '…', 'forces': '…', 'length': '…'})}."
    return Finding("units", "error", fault, (), words, fix)
