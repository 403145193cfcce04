"""`label_file`: structures of a file, labelled with quantum chemistry."""

from collections.abc import Callable
from pathlib import Path

from eukrates.app.structures import read_structures
from eukrates.near_miss import near_miss
from eukrates.reference import MP2, Campaign, CoupledCluster, FocalPoint, Labeller, PySCF, TBLite, label
from eukrates.reference.cluster import connect

TIGHT_BINDING = {"gfn2": "GFN2-xTB", "gfn1": "GFN1-xTB", "ipea1": "IPEA1-xTB"}


KNOWN = (
    *TIGHT_BINDING,
    "pyscf:FUNCTIONAL/BASIS",
    "pyscf:mp2/BASIS",
    "pyscf:ccsd(t)/BASIS",
    "pyscf:mp2/LARGE+ccsd(t)/SMALL",
)
COMPOSITE = "+ccsd(t)/"  # between the bases of a focal point; "+" alone is part of names such as 6-31+G*


def labeller(name: str) -> Labeller:
    """The labeller that a name at the door stands for:

    - "gfn2": TBLite("GFN2-xTB"), and gfn1, ipea1;
    - "pyscf:PBE0/def2-svp": PySCF("pbe0", "def2-svp");
    - "pyscf:mp2/cc-pvtz": MP2("cc-pvtz"), with density fitting;
    - "pyscf:ccsd(t)/cc-pvdz", "pyscf:ccsd/cc-pvdz": CoupledCluster("cc-pvdz");
    - "pyscf:mp2/cc-pvtz+ccsd(t)/cc-pvdz": FocalPoint("cc-pvtz", "cc-pvdz"), and with two large bases to be extrapolated
      from, "pyscf:mp2/cc-pvtz,cc-pvqz+ccsd(t)/cc-pvdz".

    Correlated levels have a frozen core, and energies alone.

    Raises:
        ValueError: an unknown name.
    """
    lower = name.lower()
    if lower in TIGHT_BINDING:
        return TBLite(TIGHT_BINDING[lower])
    engine, _, theory = name.partition(":")
    method, _, basis = theory.partition("/")
    method = method.lower()
    if engine.lower() != "pyscf" or not method or not basis:
        raise ValueError(f"Unknown labeller {name!r}{near_miss(lower, KNOWN)} Known: {', '.join(KNOWN)}.")
    if method == "mp2":
        return _perturbation(basis)
    if method in ("ccsd", "ccsd(t)"):
        return CoupledCluster(basis, triples=method == "ccsd(t)")
    return PySCF(method, basis)


def _perturbation(basis: str) -> Labeller:
    """MP2, or a composite of it with CCSD(T)."""
    at = basis.lower().find(COMPOSITE)
    if at < 0:
        return MP2(basis)
    large, small = basis[:at].split(","), basis[at + len(COMPOSITE) :]
    if not small or not all(large) or len(large) > 2:
        raise ValueError(
            f"A composite needs one or two large bases and a small one, as in pyscf:mp2/cc-pvtz{COMPOSITE}cc-pvdz or "
            f"pyscf:mp2/cc-pvtz,cc-pvqz{COMPOSITE}cc-pvdz; it got {basis!r}."
        )
    return FocalPoint(large[0] if len(large) == 1 else (large[0], large[1]), small)


def label_file(
    source: str | Path,
    how: str,
    out: str | Path,
    charge: float | int | None = None,
    spin: float | int | None = None,
    workers: int | str = 1,
    progress: Callable | None = None,
    tell: Callable[[str], None] = print,
) -> Campaign:
    """Label every structure of a file; killed and started again, the campaign goes on where it stopped.

    Args:
        source: any file that ASE reads.
        how: see `labeller`.
        out: extended XYZ; a journal is kept beside it.
        charge, spin: e, and unpaired electrons, of every structure, instead of what the file states.
        workers: how many processes at once on this machine, or where a Dask scheduler is: see `cluster.connect`.
        progress: called with (entry, done, total).
        tell: receives a sentence where something else than what the file states is used.

    Raises:
        ValueError: unreadable structures, an unknown labeller, structures without charge or spin, an output that
            exists.
        ImportError: the engine, or Dask, is not installed; names the extra.
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
    if isinstance(workers, int):
        return label(frames, engine, out, processes=workers, progress=progress)
    with connect(workers) as client:
        return label(frames, engine, out, client=client, progress=progress)
