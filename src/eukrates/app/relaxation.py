"""`relax` on files: structures in, structures at rest out."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import ase
import ase.io
import numpy as np
from ase.calculators.singlepoint import SinglePointCalculator

from eukrates.app.opening import open_model
from eukrates.app.structures import read_structures
from eukrates.files import replacing
from eukrates.landscape import FIRE, LBFGS, Relaxed, Target, relax
from eukrates.landscape.descent import Ending
from eukrates.landscape.held import held
from eukrates.near_miss import near_miss
from eukrates.trust import Table

METHODS = {"lbfgs": LBFGS, "fire": FIRE}


def relax_file(
    model: str | Path,
    structures: str | Path,
    out: str | Path,
    target: Target | None = None,
    method: str = "lbfgs",
    choices: Mapping[str, Any] | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> tuple[Table, list[str]]:
    """Relax all structures of a file; a table, and what did not come to rest.

    Args:
        model: model file.
        structures: any file that ASE reads. FixAtoms is obeyed where the format keeps it.
        out: extended XYZ to write: structures where they came to rest, with energy and forces, and in `info` whether
            they did (`relaxed`), the largest force, the evaluations, and under a pressure the `enthalpy`, E + pV in eV.
            Where a structure starts with an energy or forces that are not finite the file has neither.
        target: where to end.
        method: lbfgs or fire.
        choices: precision (of the features), charge, spin, fixed (atoms), far_cutoff, electrostatics.
        progress: is told how many structures are at their end, of how many.

    Raises:
        ValueError: what `load` and `eukrates.landscape.relax` refuse, or an unknown method; nothing is written then.
    """
    if method not in METHODS:
        raise ValueError(f"Unknown method {method!r}{near_miss(method, METHODS)} Known: {', '.join(METHODS)}.")
    potential, electrons = open_model(model, choices, ("charge", "spin", "fixed"))
    fixed = electrons.pop("fixed", ())
    frames = read_structures(structures)
    for atoms in frames:
        atoms.info |= electrons
    starts = [held(atoms, fixed) for atoms in frames]
    found = relax(potential, starts, target, METHODS[method](), progress)
    with replacing(out) as temporary:
        written = [_written(atoms, one) for atoms, one in zip(frames, found, strict=True)]
        ase.io.write(temporary, written, format="extxyz")
    return _table(frames, found), _failures(found)


def _written(atoms: ase.Atoms, one: Relaxed) -> ase.Atoms:
    """Where a structure came to rest, with all that it had besides."""
    after = atoms.copy()
    after.positions = one.structure.positions
    if atoms.pbc.any():
        cell = np.array(atoms.cell)
        cell[atoms.pbc] = one.structure.cell[0][atoms.pbc]
        after.cell = cell
    after.info.pop("enthalpy", None)  # of an earlier relaxation
    after.info |= {"relaxed": one.converged, "largest_force": one.force, "evaluations": one.steps}
    if one.ending == Ending.NOT_FINITE:
        return after
    if one.pressure_gpa:
        after.info["enthalpy"] = one.enthalpy
    after.calc = SinglePointCalculator(after, energy=one.energy, forces=one.forces)
    return after


def _table(frames: Sequence[ase.Atoms], found: Sequence[Relaxed]) -> Table:
    pressed = any(one.pressure_gpa for one in found)
    energies = ("energy eV", "E + pV eV") if pressed else ("energy eV",)
    heads = ("frame", "formula", *energies, "largest force eV/Å", "evaluations", "ending")
    rows = []
    for n, (atoms, one) in enumerate(zip(frames, found, strict=True)):
        told = (one.energy, one.enthalpy) if pressed else (one.energy,)
        rows.append((f"{n}", atoms.get_chemical_formula(), *told, one.force, one.steps, one.ending.words))
    return Table("Relaxed structures", heads, rows)


def _failures(found: Sequence[Relaxed]) -> list[str]:
    return [f"frame {n}: {one.ending.words}" for n, one in enumerate(found) if not one.converged]
