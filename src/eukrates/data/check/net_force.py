"""Σ F = 0, and Σ r × F = 0 for open systems: nothing pushes or turns a system from inside."""

import numpy as np

from eukrates.data.check.finding import Finding
from eukrates.data.check.subject import Subject

LOUD, TOLERABLE = 0.2, 0.01  # relative to what independent random forces of the same size would add up to


def net_force_and_torque(subject: Subject) -> list[Finding]:
    """Frames whose forces add up to something, relative to random forces of the same size."""
    found = {"force": [], "torque": []}
    for n in subject.good:
        sample = subject.samples[n]
        forces = sample.forces
        if forces is None or sample.system.atoms < 2 or not np.any(forces):
            continue
        net = np.linalg.norm(forces.sum(axis=0)) / np.sqrt(np.sum(forces**2))
        found["force"].append((n, float(net), float(np.linalg.norm(forces.sum(axis=0)))))
        if not np.any(sample.system.cell):
            arm = np.asarray(sample.system.positions) - np.asarray(sample.system.positions).mean(axis=0)
            torque = np.linalg.norm(np.cross(arm, forces).sum(axis=0))
            scale = np.sqrt(np.sum(np.sum(arm**2, axis=1) * np.sum(forces**2, axis=1)))
            found["torque"].append((n, float(torque / scale) if scale > 0 else 0.0, float(torque)))
    return [finding for kind, rows in found.items() for finding in _judge(subject, kind, rows)]


def _judge(subject: Subject, kind: str, rows: list[tuple[int, float, float]]) -> list[Finding]:
    unit = "eV/Å" if kind == "force" else "eV"
    findings = []
    loud = [row for row in rows if row[1] > LOUD]
    if loud:
        evidence = f"up to {max(r[2] for r in loud):.3g} {unit}, {max(r[1] for r in loud):.0%} of random forces"
        fix = (
            "Look for forces of other frames, atoms in another order, fixed atoms, or an external field; "
            "a model that conserves momentum cannot learn these."
        )
        names = subject.names(r[0] for r in loud)
        severity = "error" if len(loud) > 0.5 * len(rows) else "warning"
        findings.append(Finding("net force", severity, f"a net {kind} on isolated systems", names, evidence, fix))
    rest = [row for row in rows if TOLERABLE < row[1] <= LOUD]
    if rest:
        evidence = f"up to {max(r[2] for r in rest):.3g} {unit}, median {np.median([r[1] for r in rest]):.1%} of random"
        fix = "Usually a coarse grid or loose convergence: tighten it, or know that errors below this mean nothing."
        names = subject.names(r[0] for r in rest)
        findings.append(Finding("net force", "note", f"a small net {kind}", names, evidence, fix))
    return findings
