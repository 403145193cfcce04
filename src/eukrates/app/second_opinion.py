"""The lowest minima, checked by another level of theory: a labeller, or another model."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import ase
import ase.io

from eukrates.app.labelling import labeller
from eukrates.data.atoms import to_atoms
from eukrates.landscape import Target, relax
from eukrates.landscape.second_opinion import SecondOpinion, second_opinion
from eukrates.matter import System
from eukrates.models import load
from eukrates.potential.evaluator import Evaluator
from eukrates.reference import Labeller, Relaxing, label
from eukrates.reference.journal import fingerprint

NAMES = {"tblite": "gfn2", "pyscf": "pyscf:pbe0/def2-svp"}
FORCE = 0.01  # eV/Å, of minima that are relaxed by the other level


@dataclass(frozen=True)
class Check:
    """How minima are checked.

    Args:
        by: tblite (GFN2-xTB), pyscf (PBE0/def2-SVP), any other labeller of `eukrates label`, or a model file.
        count: of the lowest minima.
        relaxed: whether the other level relaxes them first, or takes them as they are.
        processes: that label at once.
    """

    by: str
    count: int = 20
    relaxed: bool = False
    processes: int = 1

    def __post_init__(self):
        if self.count < 2:
            raise ValueError(f"Expected at least two minima to be checked, got {self.count}.")

    def refuse_unknown(self) -> None:
        """Raises ValueError for a level or a model file that is not known, before anything is computed."""
        if not self.by.endswith(".safetensors"):
            labeller(NAMES.get(self.by, self.by))
        elif not os.path.exists(self.by):
            raise ValueError(f"There is no model file {self.by}.")


def check_lowest(check: Check, minima: Sequence[System], energies: Sequence[float], folder: Path) -> SecondOpinion:
    """What the other level says of minima, in the order of their energies; done again, it goes on where it stopped.

    Raises:
        ValueError: an unknown level, structures that it cannot label, fewer than two that it labelled.
    """
    check.refuse_unknown()
    if check.by.endswith(".safetensors"):
        return second_opinion(energies, _by_model(check, minima), Path(check.by).stem)
    how = labeller(NAMES.get(check.by, check.by))
    frames = [to_atoms(one) for one in minima]
    used: Labeller = Relaxing(how, FORCE) if check.relaxed else how
    out = folder / "checks" / f"{fingerprint(frames)}_{sha256(repr(used).encode()).hexdigest()[:8]}.extxyz"
    out.parent.mkdir(exist_ok=True)
    campaign = label(frames, used, out, processes=check.processes)
    told = iter(ase.io.iread(out, ":") if campaign.labelled else ())
    found = [None if n in campaign.failures else next(told).get_potential_energy() for n in range(len(frames))]
    return second_opinion(energies, found, used.level)


def _by_model(check: Check, minima: Sequence[System]) -> list[float | None]:
    potential = load(check.by)
    if check.relaxed:
        found = relax(potential, minima, Target(force=FORCE))
        return [one.energy if one.converged else None for one in found]
    return [float(p.energy[0]) for p in Evaluator(potential)(minima, ["energy"])]
