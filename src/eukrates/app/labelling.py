"""`label_file`: structures of a file, labelled with quantum chemistry."""

from collections.abc import Callable
from pathlib import Path

from eukrates.app.structures import read_structures
from eukrates.near_miss import near_miss
from eukrates.reference import Campaign, Labeller, PySCF, TBLite, label

TIGHT_BINDING = {"gfn2": "GFN2-xTB", "gfn1": "GFN1-xTB", "ipea1": "IPEA1-xTB"}


def labeller(name: str) -> Labeller:
    """ "gfn2" → TBLite("GFN2-xTB"); "pyscf:PBE0/def2-svp" → PySCF("PBE0", "def2-svp").

    Raises:
        ValueError: an unknown name.
    """
    lower = name.lower()
    if lower in TIGHT_BINDING:
        return TBLite(TIGHT_BINDING[lower])
    engine, _, theory = name.partition(":")
    functional, _, basis = theory.partition("/")
    if engine.lower() == "pyscf" and functional and basis:
        return PySCF(functional.lower(), basis)
    known = (*TIGHT_BINDING, "pyscf:FUNCTIONAL/BASIS")
    raise ValueError(f"Unknown labeller {name!r}{near_miss(lower, known)} Known: {', '.join(known)}.")


def label_file(
    source: str | Path,
    how: str,
    out: str | Path,
    charge: float | int | None = None,
    spin: float | int | None = None,
    processes: int = 1,
    progress: Callable | None = None,
    tell: Callable[[str], None] = print,
) -> Campaign:
    """Label every structure of a file; killed and started again, the campaign goes on where it stopped.

    Args:
        source: any file that ASE reads.
        how: see `labeller`.
        out: extended XYZ; a journal is kept beside it.
        charge, spin: e, and unpaired electrons, of every structure, instead of what the file states.
        processes: at once.
        progress: called with (entry, done, total).
        tell: receives a sentence where something else than what the file states is used.

    Raises:
        ValueError: unreadable structures, an unknown labeller, structures without charge or spin, an output that
            exists.
        ImportError: the engine is not installed; names the extra.
    """
    engine = labeller(how)
    frames = read_structures(source)
    for frame in frames:
        frame.calc = None
    for name, value in (("charge", charge), ("spin", spin)):
        if value is not None:
            other = sum(frame.info.get(name, value) != value for frame in frames)
            if other:
                tell(f"The {name} is {value:g}, as asked, for {other} of {len(frames)} structures that state another.")
            for frame in frames:
                frame.info[name] = value
    return label(frames, engine, out, processes=processes, progress=progress)
