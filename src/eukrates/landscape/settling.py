"""What came to rest is shaken and goes on to less force, so that flat crests do not pass for minima.

On the crests that methyl groups turn over, the force falls below that of rest: so ended one in two hundred quenches of
alanine dipeptide to 0.0005 eV/Å, up to 0.5 kJ/mol above the minimum that was near. Six such places were settled eight
times each: none was left (all that were not shaken but one had gone, too). What was a minimum took 39 more evaluations.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from eukrates.landscape.descent import Ending
from eukrates.landscape.relax import Capacity, Relaxed, Target, quench
from eukrates.matter import System
from eukrates.potential import Potential

KICK = 0.05  # Å, by which atoms are displaced along each axis, normally distributed
TIGHTER, MOST = 25, 400  # so many times less force; or, as rounding may leave more, so many evaluations


def settled(
    potential: Potential,
    rested: Sequence[Relaxed],
    target: Target,
    rng: np.random.Generator,
    capacity: Capacity | None = None,
) -> list[Relaxed]:
    """Structures where they settle: with 25 times less force than the target asks for, if 400 evaluations suffice.

    Those that do not get there have converged all the same if their force is that of the target. Others are on their
    way still, and are quenched to the target: an ending other than CONVERGED is that of this quench.

    Args:
        potential: anything with an energy.
        rested: what has come to rest.
        target: that they have come to rest by.
        rng: of the shaking.
        capacity: see `quench`.
    """
    shaken = [_moved(one.structure, rng) for one in rested]
    found = _quenched(potential, rested, shaken, replace(target, force=target.force / TIGHTER, steps=MOST), capacity)
    found = [replace(one, ending=Ending.CONVERGED) if one.force <= target.force else one for one in found]
    going = [n for n, one in enumerate(found) if not one.converged]
    some = [found[n] for n in going]
    after = _quenched(potential, some, [one.structure for one in some], target, capacity)
    for n, one in zip(going, after, strict=True):
        found[n] = one
    return found


def _moved(structure: System, rng: np.random.Generator) -> System:
    return replace(structure, positions=structure.positions + rng.normal(0.0, KICK, structure.positions.shape))


def _quenched(
    potential: Potential,
    before: Sequence[Relaxed],
    starts: Sequence[System],
    target: Target,
    capacity: Capacity | None,
) -> list[Relaxed]:
    """In their order, with all the evaluations there were."""
    found = dict(quench(potential, starts, target, capacity=capacity))
    return [replace(found[n], steps=one.steps + found[n].steps) for n, one in enumerate(before)]
