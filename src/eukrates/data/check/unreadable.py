"""What reading already found: frames that are no samples."""

from collections import defaultdict

from eukrates.data.advice import say_keys
from eukrates.data.check.finding import Finding
from eukrates.data.check.subject import Subject
from eukrates.data.frame import Fault

_FIX = {
    "not finite": "Compute these frames again, or remove them: a NaN in one label ruins every weight of a model.",
    "shape": "Repair these frames: a label must have one row for each atom.",
    "charge or spin": "State charge in e and spin as unpaired electrons, or, for 2S+1, say "
    f"{say_keys({'multiplicity': '…'})}.",
    "structure": "Repair or remove these frames.",
    "unreadable": "Repair or remove these frames; the message says what the reader met.",
}
_FAULT = {
    "not finite": "NaN or infinity",
    "shape": "labels of the wrong shape",
    "charge or spin": "impossible charge or spin",
    "structure": "impossible structure",
    "unreadable": "frames that cannot be read",
}


def unreadable(subject: Subject) -> list[Finding]:
    """One finding for each kind of fault."""
    kinds: defaultdict[str, list[Fault]] = defaultdict(list)
    for source in subject.sources:
        for fault in source.faults:
            kinds[fault.kind].append(fault)
    return [
        Finding(
            "reading",
            "error",
            _FAULT.get(kind, kind),
            tuple(fault.name for fault in faults),
            faults[0].message,
            _FIX.get(kind, "Repair or remove these frames."),
        )
        for kind, faults in kinds.items()
    ]
