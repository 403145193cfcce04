"""Frames whose forces do not belong to the rest: turned round, in another unit, or strange."""

import numpy as np

from eukrates.data.check.factors import force_factors, unit_of
from eukrates.data.check.finding import Finding
from eukrates.data.check.subject import Subject
from eukrates.data.check.surrogate import TRUST, Ruler


def forces_of_frames(subject: Subject, ruler: Ruler) -> list[Finding]:
    """Frames whose forces oppose, or are a multiple of, what all other frames teach."""
    if ruler.quality < TRUST:
        return _unlearned(ruler)
    flipped, scaled, strange = [], {}, []  # (frame, evidence)
    units = force_factors(subject.units)
    frames = [
        (int(n), np.asarray(subject.samples[n].forces), s) for n, s in zip(ruler.frames, ruler.forces, strict=True)
    ]
    error = np.array([_rms(f - s) for _, f, s in frames])
    typical = float(np.quantile(error, 0.3))  # not the median: half of the frames may be wrong
    for (n, f, s), half, wrong in zip(frames, ruler.half, error, strict=True):
        if wrong < 4 * typical or not np.any(s):
            continue
        _, second_opinion, _ = ruler.models[1 - half](subject.samples[n])
        if _rms(second_opinion - s) > 0.3 * wrong:
            continue  # the two models disagree here: the frame is outside what they know
        cosine = float(np.sum(f * s) / (np.linalg.norm(f) * np.linalg.norm(s) + 1e-300))
        factor = float(np.sum(f * s) / np.sum(s * s))
        if cosine < -0.6 and _rms(f + s) < 0.7 * _rms(f):
            flipped.append((n, cosine))
        elif cosine > 0.8 and (factor > 5 or factor < 0.2):
            unit = unit_of(factor, units, 0.25)
            if unit:
                scaled.setdefault(unit, []).append((n, factor))
            else:
                strange.append((n, wrong))
        elif cosine < 0.4 and wrong > 10 * typical:
            strange.append((n, wrong))
    return [*_flipped(subject, flipped), *_scaled(subject, scaled), *_strange(subject, strange, typical)]


def _unlearned(ruler: Ruler) -> list[Finding]:
    """Forces of many frames that no single energy explains."""
    if ruler.quality > 0.4 or len(ruler.frames) < 40:
        return []
    evidence = (
        f"a linear model of one half explains {max(ruler.quality, 0):.0%} of the squared forces of the other half"
    )
    fix = "Look for mixed units, signs, charges, spins or methods; with many different molecules this may be harmless."
    return [Finding("forces", "warning", "forces that one energy does not explain", (), evidence, fix)]


def _rms(vectors: np.ndarray) -> float:
    return float(np.sqrt(np.mean(vectors**2)))


def _flipped(subject: Subject, found) -> list[Finding]:
    if not found:
        return []
    subject.spoilt.update(n for n, _ in found)
    return [
        Finding(
            "forces",
            "error",
            "forces with the wrong sign",
            subject.names(n for n, _ in found),
            f"they oppose what the other frames teach: cosine {np.median([c for _, c in found]):.2f}",
            "Multiply the forces of these frames by -1 (gradients were stored instead of forces), or leave them out.",
        )
    ]


def _scaled(subject: Subject, found) -> list[Finding]:
    findings = []
    for unit, members in found.items():
        subject.spoilt.update(n for n, _ in members)
        factor = np.median([f for _, f in members])
        findings.append(
            Finding(
                "forces",
                "error",
                f"forces in another unit than in the rest: {unit}",
                subject.names(n for n, _ in members),
                f"{factor:.4g} times what the other frames teach",
                f"Convert these frames from {unit} to the unit of the rest, or leave them out.",
            )
        )
    return findings


def _strange(subject: Subject, found, typical: float) -> list[Finding]:
    if not found:
        return []
    return [
        Finding(
            "forces",
            "warning",
            "forces that do not fit their structure",
            subject.names(n for n, _ in found),
            f"{max(w for _, w in found):.3g} eV/Å away from what the other frames teach; typical is {typical:.2g}",
            "Look at these frames: a wrong element, a moved atom, an unconverged calculation, or a rare structure.",
        )
    ]
