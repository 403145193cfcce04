"""Are the labels there, in every part, on every frame? Keys that look like a missing label are named."""

from collections import Counter
from collections.abc import Sequence

from eukrates.data.advice import say_keys
from eukrates.data.atomic_energies import is_isolated_atom
from eukrates.data.check.finding import Finding
from eukrates.data.check.subject import Subject
from eukrates.data.dataset import STATED, stated
from eukrates.data.keys import look_alikes
from eukrates.data.sample import Sample

_PLURAL = ("forces", "charges", "hirshfeld_ratios")


def labels(subject: Subject, want: Sequence[str] | None) -> list[Finding]:
    """Labels that are wanted and missing somewhere.

    Without `want`: energy and forces, and every other label, charge and spin that some frame has.
    """
    have = Counter(label for sample in subject.samples for label in STATED if stated(sample, label))
    wanted = list(want) if want is not None else ["energy", "forces", *(x for x in STATED[2:] if have[x])]
    unknown = sorted(set(wanted) - set(STATED))
    if unknown:
        raise ValueError(f"Unknown label {', '.join(unknown)}. Known: {', '.join(STATED)}.")
    findings = [finding for label in wanted for finding in _missing(subject, label)]
    return findings + [_impossible(subject, label) for label in want or () if not _can_have(subject, label)]


def _can_have(subject: Subject, label: str) -> bool:
    return any(_due(sample, label) for sample in subject.samples)


def _impossible(subject: Subject, label: str) -> Finding:
    """A label that is asked for and that no structure can have."""
    why, fix = "there are only free atoms", "Add structures of more than one atom"
    if not subject.samples:
        why, fix = "there are no structures", "Add some"
    elif label == "stress" and subject.structures:
        why = "no structure is periodic along all three axes, and stress is energy per volume"
        fix = "Give the cells and pbc of the structures if they are crystals or liquids"
    verb = "are" if label in _PLURAL else "is"
    evidence = f"structures that may have {label}: 0 of {len(subject.samples)}; {why}"
    return Finding(
        "labels", "error", f"{label} {verb} wanted and in no structure", (), evidence, f"{fix}, or do not want {label}."
    )


def _missing(subject: Subject, label: str) -> list[Finding]:
    due = [n for n, sample in enumerate(subject.samples) if _due(sample, label)]
    absent = [n for n in due if not stated(subject.samples[n], label)]
    if not absent:
        return []
    everywhere = len(absent) == len(due)
    inside = {name: set(indices) for name, indices in subject.parts.items()}
    by_part = {name: sum(n in part for n in absent) for name, part in inside.items()}
    counts = ", ".join(
        f"{name}: {sum(n in part for n in due) - by_part[name]} of {sum(n in part for n in due)}"
        for name, part in inside.items()
    )
    unread = Counter()
    for source in subject.sources:
        unread.update(source.unread)
    like = look_alikes(label, unread)
    also = (
        f"; keys that nobody read: {', '.join(f'{k} ({unread[k]})' for k in like or sorted(unread))}" if unread else ""
    )
    return [
        Finding(
            "labels",
            "error",
            f"{label} {'are' if label in _PLURAL else 'is'} missing"
            + (" everywhere" if len(absent) == len(due) else " on some frames"),
            () if everywhere else subject.names(absent),
            f"frames with {label}: {counts}{also}",
            _fix(label, like, everywhere),
        )
    ]


def _fix(label: str, like: list[str], everywhere: bool) -> str:
    if like and everywhere:
        return f"Say which key holds it: {say_keys({label: like[0]})}."
    if like:
        return f"One key for all frames: some have it as {like[0]!r}. Rename it there, or leave the frames out."
    if label == "charge":
        return "State the total charge (info key charge, in e) of every frame, 0 for neutral ones, or of none."
    if label == "spin":
        return "State the number of unpaired electrons (info key spin) of every frame, 0 for closed shells, or of none."
    if everywhere:
        return f"Add {label}, name its key with {say_keys({label: '…'})}, or do not want it."
    return f"Compute {label} of these frames, leave them out, or do not want it."


def _due(sample: Sample, label: str) -> bool:
    """A free atom needs nothing but its energy; stress belongs to fully periodic systems."""
    if label != "energy" and is_isolated_atom(sample):
        return False
    return label != "stress" or bool((sample.system.cell[0] != 0).any(axis=1).all())
