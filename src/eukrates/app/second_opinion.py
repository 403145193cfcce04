"""The lowest minima, checked by another level of theory: a labeller, or another model."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import ase
import ase.io
import numpy as np

from eukrates.app.frames import frame
from eukrates.app.labelling import labeller
from eukrates.data import to_system
from eukrates.data.atoms import to_atoms
from eukrates.files import replacing
from eukrates.landscape import Target, relax
from eukrates.landscape.search import Rest, Search
from eukrates.landscape.second_opinion import SecondOpinion, as_they_were, second_opinion
from eukrates.matter import System
from eukrates.models import load
from eukrates.potential import check_system
from eukrates.potential.evaluator import Evaluator
from eukrates.reference import Labeller, Relaxing
from eukrates.reference.kept_labels import label_once

NAMES = {"tblite": "gfn2", "pyscf": "pyscf:pbe0/def2-svp"}
# eV/Å and at most, of minima that are relaxed by the other level. With GFN2-xTB energies of alanine dipeptide so are
# within 0.06 meV of those at 0.0005 eV/Å (with 0.01: 0.7 meV). A structure of docosahexaenoic acid lost 149 meV more
# after 0.01, in 1400 steps.
FORCE, STEPS = 0.002, 3000
KEPT, STRUCTURES = "checks", "second_opinion.extxyz"


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
        if self.processes < 1:
            raise ValueError(f"Expected at least one process that labels, got {self.processes}.")

    @property
    def by_model(self) -> bool:
        """Whether the other level is a model."""
        return self.by.endswith(".safetensors")

    def labeller(self) -> Labeller:
        """The other level, where it is no model. Raises ValueError for one that is not known."""
        how = labeller(NAMES.get(self.by, self.by))
        return Relaxing(how, FORCE, STEPS) if self.relaxed else how

    def refuse(self, start: ase.Atoms) -> None:
        """Refuse, before anything is searched, what could not check minima of these atoms in the end.

        Raises:
            ValueError: a level or a model file that is not known; charge or spin that it needs and does not get;
                elements that it does not know; forces that it would relax with and does not have.
            ImportError: its engine is not installed.
        """
        if not self.by_model:
            self.labeller().check(start)
        elif os.path.exists(self.by):
            check_system(load(self.by), to_system(start))
        else:
            raise ValueError(f"There is no model file {self.by}.")


def check_lowest(
    check: Check, search: Search, folder: Path, progress: Callable[[int, int], None] = lambda done, of: None
) -> SecondOpinion:
    """What the other level says of the lowest minima of a search.

    Where it relaxes them, those whose bonds or configuration have changed are left out; of minima that became one, the
    lowest by the energies of the search stays. Structures are in second_opinion.extxyz. What a labeller said is kept in
    the folder: done again, or of more minima, only what is new is computed.

    Args:
        check: how.
        search: that has begun.
        folder: of the search.
        progress: is told how many minima are labelled, of how many.
    """
    minima = search.lowest(check.count)
    energies, structures = [float(one.energy) for one in minima], [search.structure(one) for one in minima]
    model = f"{Path(check.by).stem}{', relaxed' if check.relaxed else ''}"
    level = model if check.by_model else check.labeller().level
    if len(minima) < 2:
        return second_opinion(energies, ["the only minimum: there is nothing to compare"], level)
    asked = _by_model(check, structures) if check.by_model else _by_labeller(check, structures, folder / KEPT, progress)
    found = as_they_were(search.catalogue, structures, asked) if check.relaxed else asked
    known = [(n, rest) for n, rest in enumerate(found) if not isinstance(rest, str)]
    (folder / STRUCTURES).unlink(missing_ok=True)  # of an earlier list
    if known:
        with replacing(folder / STRUCTURES) as temporary:
            ase.io.write(temporary, [_frame(structures[n], rest, rank=n, level=level) for n, rest in known], "extxyz")
    others = [rest if isinstance(rest, str) else float(rest.energy) for rest in found]
    return second_opinion(energies, others, level, search.rules.window)


def _by_labeller(
    check: Check, structures: Sequence[System], kept: Path, progress: Callable[[int, int], None]
) -> list[Rest | str]:
    used = check.labeller()
    frames = [to_atoms(one) for one in structures]
    folder = kept / sha256(repr(used).encode()).hexdigest()[:8]
    found: list[Rest | str] = []
    entries = label_once(frames, used, folder, processes=check.processes, progress=progress)
    for entry, atoms in zip(entries, frames, strict=True):
        labels = entry.labels
        if labels is None:
            found.append(entry.reason or "not labelled")
        else:
            found.append(Rest(atoms.positions if labels.positions is None else labels.positions, labels.energy))
    return found


def _by_model(check: Check, structures: Sequence[System]) -> list[Rest | str]:
    potential = load(check.by)
    at = lambda one: np.asarray(one.positions, np.float64)
    if not check.relaxed:
        told = Evaluator(potential)(structures, ["energy"])
        return [Rest(at(one), float(p.energy[0])) for one, p in zip(structures, told, strict=True)]
    return [
        Rest(at(one.structure), one.energy)
        if one.converged
        else f"not at rest: {one.ending.words}, {one.force:.2g} eV/Å"
        for one in relax(potential, structures, Target(force=FORCE, steps=STEPS))
    ]


def _frame(structure: System, rest: Rest, **info: Any) -> ase.Atoms:
    return frame(replace(structure, positions=rest.positions), rest.energy, **info)
