"""Electrons counted: parity of their number against the number of unpaired ones."""

from collections.abc import Mapping, Sequence

import numpy as np

from eukrates.data.advice import say_keys
from eukrates.data.frame import Fault, Frame
from eukrates.elements import spin_possible


def spin_is_multiplicity(file: str, frames: Sequence[Frame], chosen: Mapping[str, str]) -> list[Fault]:
    """A fault of the file if its detected `spin` is impossible as unpaired electrons and possible as 2S+1 throughout.

    Several projects store the multiplicity under the name spin; reading it as unpaired electrons would be silent harm.
    """
    seen = []
    for frame in frames:
        charge, spin = (frame.fields.get(chosen.get(label, "")) for label in ("charge", "spin"))
        try:
            charge, spin = float(np.asarray(charge).reshape(())), float(np.asarray(spin).reshape(()))
        except (TypeError, ValueError):
            continue
        periodic = frame.periodic is not None and np.any(frame.periodic)
        if not periodic and np.isfinite(charge) and spin >= 1 and spin == round(spin):
            seen.append((spin_possible(frame.numbers, charge, spin), spin_possible(frame.numbers, charge, spin - 1)))
    if not seen or any(as_unpaired for as_unpaired, _ in seen) or not all(as_2s1 for _, as_2s1 in seen):
        return []
    key = chosen["spin"]
    return [
        Fault(
            file,
            None,
            "charge or spin",
            f"{key!r} cannot be the number of unpaired electrons (the parity of the electrons forbids it in all "
            f"{len(seen)} structures where it can be tested) and fits a multiplicity 2S+1. Say which it is: "
            f"{say_keys({'multiplicity': key})} or {say_keys({'spin': key})}.",
        )
    ]
