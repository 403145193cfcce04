"""From a saddle point down to the minima on both of its sides."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from eukrates.landscape.lbfgs import LBFGS
from eukrates.landscape.paths.saddle import Saddle
from eukrates.landscape.relax import Relaxed, Target, relax
from eukrates.matter import System
from eukrates.potential import Potential

PUSH = 0.1  # Å, that the atom that moves most is pushed along the mode that leads down
CAREFUL = LBFGS(longest=0.1)  # short steps, which hardly ever leave the valley that they set out in


def sides(potential: Potential, saddles: Sequence[Saddle], target: Target) -> list[tuple[Relaxed, Relaxed]]:
    """Where both sides of each saddle point lead, by minimisation with short steps.

    The way down is no intrinsic reaction path: where valleys divide below a saddle point, it ends in one of them.

    Args:
        potential: anything with an energy.
        saddles: true ones, see `Saddle.true`.
        target: where descents end.

    Raises:
        ValueError: a saddle that is none.
    """
    starts: list[System] = []
    for one in saddles:
        if one.vibrations is None or not one.true:
            raise ValueError("Expected saddle points with one mode that leads down, got another structure.")
        mode = one.vibrations.displacements[0]
        mode = PUSH * mode / np.linalg.norm(mode, axis=1).max()
        at = np.asarray(one.structure.positions, np.float64)
        starts += [replace(one.structure, positions=at + sign * mode) for sign in (1, -1)]
    found = relax(potential, starts, target, CAREFUL)
    return [(found[2 * n], found[2 * n + 1]) for n in range(len(saddles))]
