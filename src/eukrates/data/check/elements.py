"""Wrong elements: frames that look like all others, but for one or two names of atoms."""

import dataclasses
from collections import Counter

import numpy as np

from eukrates.data.check.finding import Finding
from eukrates.data.check.fingerprint import fingerprint
from eukrates.data.check.subject import Subject, spread
from eukrates.data.sample import Sample
from eukrates.elements import SYMBOLS

RARE = 0.1  # of the frames with the usual elements


def wrong_elements(subject: Subject, prints: dict[int, np.ndarray]) -> list[Finding]:
    """Frames that, given the elements of the frames around them, have their geometry and their energy."""
    orders = Counter(subject.samples[n].numbers.tobytes() for n in subject.structures)
    found: list[tuple[int, list[tuple[int, int, int]]]] = []
    usual_prints: dict[bytes, np.ndarray] = {}
    for n in subject.structures:
        numbers = subject.samples[n].numbers
        usual = _usual(subject, numbers, orders)
        if usual is None:
            continue
        template = np.frombuffer(usual, numbers.dtype)
        others = [m for m in subject.structures if subject.samples[m].numbers.tobytes() == usual]
        if usual not in usual_prints:
            usual_prints[usual] = np.array([prints[m] for m in others])
        relabelled = _with_numbers(subject.samples[n], template)
        if _fits(fingerprint(relabelled), usual_prints[usual]) and _energy_fits(subject, n, others):
            if Counter(numbers.tolist()) == Counter(template.tolist()) and _fits(prints[n], usual_prints[usual]):
                continue  # the same molecule with its atoms in another order
            found.append(
                (n, [(int(k), int(numbers[k]), int(template[k])) for k in np.flatnonzero(numbers != template)])
            )
    if not found:
        return []
    subject.spoilt.update(n for n, _ in found)
    n, changes = found[0]
    said = ", ".join(f"atom {k} is {SYMBOLS[a]} where the others have {SYMBOLS[b]}" for k, a, b in changes[:3])
    evidence = f"first: {said}; with the usual elements geometry and energy fit"
    fix = f"Correct the element ({SYMBOLS[changes[0][1]]} → {SYMBOLS[changes[0][2]]}), or leave the frames out."
    return [Finding("elements", "error", "wrong element", subject.names(n for n, _ in found), evidence, fix)]


def _usual(subject: Subject, numbers: np.ndarray, orders: Counter) -> bytes | None:
    """The most frequent elements that differ from these in few places, if these are rare beside them."""
    mine = orders[numbers.tobytes()]
    for other, count in orders.most_common(20):
        if mine > RARE * count or count < 5:
            return None
        template = np.frombuffer(other, numbers.dtype)
        if template.size == numbers.size and 0 < np.sum(template != numbers) <= max(2, 0.2 * numbers.size):
            return other
    return None


def _with_numbers(sample: Sample, numbers: np.ndarray) -> Sample:
    return sample.but(system=dataclasses.replace(sample.system, numbers=np.array(numbers)))


def _fits(one: np.ndarray, others: np.ndarray) -> bool:
    """True if the nearest of the others is as near as they are to each other."""
    if one.shape != others[0].shape:
        return False
    some = others[:: max(1, len(others) // 300)]
    apart = np.linalg.norm(some[:, None] - some[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    nearest = apart.min(axis=1)
    return bool(np.linalg.norm(others - one, axis=1).min() <= 3 * np.median(nearest) + 1e-9)


def _energy_fits(subject: Subject, n: int, others: list[int]) -> bool:
    """True if the energy is one of the usual composition, or nobody knows."""
    energies = np.array([subject.samples[m].energy for m in others if subject.samples[m].energy is not None])
    mine = subject.samples[n].energy
    if mine is None or len(energies) < 5:
        return True
    middle, width = spread(energies)
    return abs(mine - middle) < max(10 * width, 0.5)
