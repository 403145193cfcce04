"""Charge and spin: stated, whole, and possible for the number of electrons."""

import numpy as np

from eukrates.data.advice import say_keys
from eukrates.data.check.finding import Finding
from eukrates.data.check.subject import Subject, state
from eukrates.elements import spin_possible


def charge_and_spin(subject: Subject) -> list[Finding]:
    """Impossible charges and spins; charges of atoms that do not add up; what is not stated at all."""
    return [*_impossible(subject), *_sums(subject), *_silent(subject)]


def _impossible(subject: Subject) -> list[Finding]:
    broken, forbidden = [], []
    for n, sample in enumerate(subject.samples):
        charge, spin = state(sample)
        if n in subject.spoilt:
            continue
        if any(value is not None and abs(value - round(value)) > 1e-6 for value in (charge, spin)):
            broken.append(n)
        elif charge is None or spin is None or np.any(sample.system.cell):
            continue
        elif not spin_possible(sample.numbers, charge, spin):
            forbidden.append(n)
    findings = []
    if broken:
        values = state(subject.samples[broken[0]])
        evidence = f"first: charge {values[0]}, spin {values[1]}"
        fix = "State whole numbers: charge in e, spin as the number of unpaired electrons (not S = 1/2)."
        findings.append(
            Finding("charge and spin", "error", "charge or spin is not whole", subject.names(broken), evidence, fix)
        )
    if forbidden:
        sample = subject.samples[forbidden[0]]
        charge, spin = state(sample)
        electrons = int(sample.numbers.sum()) - round(charge or 0)
        evidence = (
            f"first: {sample.formula}, charge {charge:g}, {electrons} electrons, {spin:g} unpaired: parity forbids it"
        )
        fix = f"Correct charge or spin; multiplicities 2S+1 are read with {say_keys({'multiplicity': '…'})}."
        findings.append(
            Finding(
                "charge and spin", "error", "impossible spin for the charge", subject.names(forbidden), evidence, fix
            )
        )
    return findings


def _sums(subject: Subject) -> list[Finding]:
    off = []
    for n, sample in enumerate(subject.samples):
        charge = state(sample)[0]
        if charge is not None and sample.charges is not None and abs(sample.charges.sum() - charge) > 0.05:
            off.append((n, float(sample.charges.sum()), charge))
    if not off:
        return []
    evidence = f"first: atoms add up to {off[0][1]:.3f} e, the total charge is {off[0][2]:g} e"
    fix = "Correct the total charge, or the charges of the atoms."
    fault = "charges of the atoms do not add up to the total charge"
    return [Finding("charge and spin", "error", fault, subject.names(n for n, _, _ in off), evidence, fix)]


def _silent(subject: Subject) -> list[Finding]:
    """Nothing stated anywhere: a note for closed shells, a warning where the electrons are odd."""
    if any(sample.system.charge is not None for sample in subject.samples):
        if any(sample.system.spin is not None for sample in subject.samples):
            return []
        return _odd(subject, "spin")
    if any(sample.system.spin is not None for sample in subject.samples):
        fix = "State the total charge (info key charge, in e) of every frame, 0 for neutral ones."
        evidence = "spin is stated, the charge is not: the number of electrons is unknown"
        return [Finding("charge and spin", "error", "charge is missing everywhere", (), evidence, fix)]
    return _odd(subject, "charge")


def _odd(subject: Subject, what: str) -> list[Finding]:
    odd = [
        n
        for n in subject.structures
        if not np.any(subject.samples[n].system.cell)
        and (int(subject.samples[n].numbers.sum()) - round(state(subject.samples[n])[0] or 0)) % 2
    ]
    told = (
        "the total charge (info key charge, in e)"
        if what == "charge"
        else "the spin (info key spin: unpaired electrons)"
    )
    fix = f"State {told} of every frame if the model is to know it; a model that reads it refuses frames without."
    if not odd:
        evidence = f"no frame states a {what}; the numbers of electrons allow closed shells"
        return [Finding("charge and spin", "note", f"{what} is not stated", (), evidence, fix)]
    sample = subject.samples[odd[0]]
    kind = "if neutral" if what == "charge" else "with the stated charge"
    evidence = f"{sample.formula} has an odd number of electrons {kind}: a radical, or an ion"
    fault = f"{what} is missing and the electrons are odd"
    return [Finding("charge and spin", "warning", fault, subject.names(odd), evidence, fix)]
