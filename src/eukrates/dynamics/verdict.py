"""Why a system's last step was not taken, as a value and in words."""

from enum import IntEnum

import numpy as np

from eukrates.dynamics.settings import Settings
from eukrates.dynamics.watch import bounds_of, closest_atoms, longest_bond
from eukrates.elements import SYMBOLS
from eukrates.matter import System


class Verdict(IntEnum):
    """What was found in a step."""

    FINE = 0
    OUTRAN = 1  # in one step an atom moved beyond the reach of the neighbour list
    NOT_FINITE = 2  # a position, momentum or energy is NaN or infinite
    TOO_HOT = 3  # the instantaneous temperature is beyond its bound
    COLLIDED = 4  # two atoms are closer than `Watch.contact` allows
    BROKEN = 5  # a bond of the start is longer than `Watch.bonds` allows
    UNSURE = 6  # the members of an ensemble disagree by more than `Watch.rho` allows


def explained(verdict: Verdict, s: Settings, step: int | None, refused: System, warmth: np.ndarray) -> str:
    """What happened where, and what to look at.

    Args:
        verdict: on the step after `step`.
        s: of the system.
        step: the last good one; None where the very start is refused.
        refused: the structure that was not accepted.
        warmth: the kinetic energy of every atom then, infinite where it is not finite.
    """
    atom = int(np.argmax(warmth))
    name = f"atom {atom} ({SYMBOLS[int(s.structure.numbers[atom])]})"
    watch, radii = s.record.watch, "times their covalent radii"
    kept = "" if s.constraints is None else ", or its rigid bonds cannot be kept"
    what = {
        Verdict.NOT_FINITE: lambda: f"something about {name} is NaN or infinite{kept}",
        Verdict.TOO_HOT: lambda: f"the temperature is above {s.ensemble.bound_kelvin:g} K, {name} being the fastest",
        Verdict.OUTRAN: lambda: f"an atom moved by more than {s.skin / 2:g} Å",
        Verdict.COLLIDED: lambda: f"{closest_atoms(refused)}, below {watch.contact:g} {radii}",
        Verdict.BROKEN: lambda: (
            f"{longest_bond(refused, bounds_of(watch, [s.structure], s.structure.atoms))}, above {watch.bonds:g} "
            f"{radii} (where bonds are meant to break: `--reactive`, or Watch(bonds=None))"
        ),
        Verdict.UNSURE: lambda: f"the members of the ensemble disagree by more than {watch.rho:g} eV per √atom",
    }[verdict]()
    if step is None:
        return f"Stopped before the first step: {what}. Nothing was run. Look at the start, and at stopped.extxyz."
    return (
        f"Stopped: in step {step + 1} ({(step + 1) * s.timestep_fs:g} fs) {what}. Everything up to step {step} is "
        "kept. Look at the last frames: either the potential is used where it was not trained (atoms too close, "
        "bonds breaking), or the time step is too long, or the start is far from equilibrium and needs relaxing."
    )
