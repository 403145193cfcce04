"""Frames that are there twice: copies, and copies that were turned or renumbered."""

from collections import defaultdict

import numpy as np
from scipy.spatial import KDTree
from scipy.spatial.distance import pdist

from eukrates.data.check.finding import Finding
from eukrates.data.check.subject import Subject
from eukrates.data.sample import Sample
from eukrates.matter import neighbours

STATES = "electronic states"  # the check that says: one geometry, several labels
SAME = 1e-6  # fingerprints (per atom) this near belong to one structure; thermal motion changes them 1000 times more


def duplicates(subject: Subject, prints: dict[int, np.ndarray]) -> list[Finding]:
    """Copies within the data (error), copies across parts (error: validation sees training data), turned copies."""
    exact, turned = _copies(subject), []
    copied = {n for group in exact for n in group[1:]}
    for a, b in _resembling(subject, prints):
        if a not in copied and b not in copied and _confirmed(subject, a, b):
            turned.append((a, b))
    findings = []
    part = {n: name for name, indices in subject.parts.items() for n in indices}
    pairs = [(group[0], n) for group in exact for n in group[1:]]
    leaks = [(a, b) for a, b in [*pairs, *turned] if part.get(a) != part.get(b)]
    if leaks:
        fix = "Split again so that copies stay together; validation on training data says nothing."
        names = subject.names(b for _, b in leaks)
        first = [
            f"{name} ({part.get(n, 'no part')})" for n, name in zip(leaks[0], subject.names(leaks[0]), strict=True)
        ]
        evidence = f"{len(leaks)} pairs; first: {' and '.join(first)}"
        findings.append(Finding("duplicates", "error", "one structure in two parts of the split", names, evidence, fix))
    different = [g for g in exact if _labels_differ(subject, g)]
    if different and len(different) > 0.5 * len(exact):
        findings.append(_several_states(subject, different))
    elif exact:
        names = subject.names(n for group in exact for n in group[1:])
        evidence = (
            f"positions, cell, elements and state agree to 1e-6; first: {' = '.join(subject.names(exact[0])[:3])}"
        )
        if different:
            evidence += f"; labels differ in {len(different)} of {len(exact)} groups"
        fix = "Keep one of each" + (", the one whose labels are right." if different else ".")
        findings.append(Finding("duplicates", "error", "duplicated frames", names, evidence, fix))
    if turned:
        names = subject.names(sorted({b for _, b in turned}))
        evidence = f"first: {subject.names(turned[0])[0]} and {subject.names(turned[0])[1]}"
        fix = "Harmless, but they carry no more information: keep one of each, and keep them in one part of a split."
        fault = "frames that are copies up to rotation, reflection or the order of atoms"
        findings.append(Finding("duplicates", "warning", fault, names, evidence, fix))
    return findings


def _several_states(subject: Subject, groups: list[list[int]]) -> Finding:
    """One geometry with several energies: something that is not stated tells them apart."""
    first = subject.samples[groups[0][0]]
    silent = [what for what in ("charge", "spin") if getattr(first.system, what) is None]
    energies = [subject.samples[n].energy for n in groups[0]]
    shown = f": {energies[0]:.4f} and {energies[1]:.4f} eV" if None not in energies else ""
    evidence = f"{len(groups)} geometries come more than once; first: {', '.join(subject.names(groups[0])[:3])}{shown}"
    unread = sorted({key for source in subject.sources for key in source.unread})
    keys = f" (keys that nobody read: {', '.join(unread)})" if unread else ""
    fix = "Keep one of each, the one whose labels are right."
    if silent:
        fix = f"State {' and '.join(silent)} of every frame{keys}; if they do not differ, keep one of each."
    fault = "duplicated frames with different labels" + (f": {' or '.join(silent)} is missing?" if silent else "")
    return Finding(STATES, "error", fault, subject.names(n for g in groups for n in g[1:]), evidence, fix)


def _copies(subject: Subject) -> list[list[int]]:
    groups: dict[tuple, list[int]] = defaultdict(list)
    for n in subject.structures:
        s = subject.samples[n].system
        state = tuple(None if x is None else float(x[0]) for x in (s.charge, s.spin))
        shape = (np.asarray(s.numbers).tobytes(), state)
        groups[*shape, np.round(s.positions, 5).tobytes(), np.round(s.cell, 5).tobytes()].append(n)
    return [group for group in groups.values() if len(group) > 1]


def _resembling(subject: Subject, prints: dict[int, np.ndarray]) -> list[tuple[int, int]]:
    found = []
    for group in subject.alike(subject.structures):
        points = np.array([prints[int(n)] for n in group])
        if len(group) > 1 and subject.samples[int(group[0])].system.atoms > 1:
            found += [(int(group[a]), int(group[b])) for a, b in KDTree(points).query_pairs(SAME)]
    return sorted(found)


def _confirmed(subject: Subject, a: int, b: int) -> bool:
    """True if energies (where known) and all distances agree: the fingerprint looks no farther than its cutoff."""
    first, second = subject.samples[a], subject.samples[b]
    if first.energy is not None and second.energy is not None and abs(first.energy - second.energy) > 1e-3:
        return False
    lengths = [np.sort(_distances(sample)) for sample in (first, second)]
    return len(lengths[0]) == len(lengths[1]) and np.allclose(*lengths, atol=1e-4)


def _distances(sample: Sample) -> np.ndarray:
    """All distances of an open system, those below 10 Å of a periodic one."""
    if not np.any(sample.system.cell):
        return pdist(np.asarray(sample.system.positions))
    edges = neighbours(sample.system, 10.0)
    i, j, h = edges.i, edges.j, edges.half
    r, cell = np.asarray(sample.system.positions), np.asarray(sample.system.cell[0])
    return np.linalg.norm(r[j[:h]] - r[i[:h]] + edges.image[:h] @ cell, axis=1)


def _labels_differ(subject: Subject, group: list[int]) -> bool:
    samples = [subject.samples[n] for n in group]
    energies = [energy for s in samples if (energy := s.energy) is not None]
    forces = [f for s in samples if (f := s.forces) is not None]
    different = len(energies) > 1 and np.ptp(energies) > 1e-4
    return bool(different or any(np.abs(f - forces[0]).max() > 1e-3 for f in forces))
