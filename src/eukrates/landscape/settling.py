"""What came to rest is shaken and goes on to less force, so that flat crests do not pass for minima.

On the crests that methyl groups turn over, the force falls below that of rest: so ended one in two hundred quenches of
alanine dipeptide to 0.0005 eV/Å, up to 0.5 kJ/mol above the minimum that was near. Six such places were settled eight
times each: none was left (all that were not shaken but one had gone, too). What was a minimum took 39 more evaluations.
"""

from collections.abc import Mapping, Sequence
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
    which: Sequence[int],
    target: Target,
    rng: np.random.Generator,
    capacity: Capacity | None = None,
) -> list[Relaxed]:
    """All in their order, and some where they settle: with 25 times less force, if 400 evaluations suffice.

    Those that do not get there have converged all the same if their force is that of the target. Others are on their
    way still, and are quenched to the target: an ending other than CONVERGED is that of this quench.

    Args:
        potential: anything with an energy.
        rested: what came to rest, or did not.
        which: the numbers of those that shall settle; they have come to rest.
        target: that they have come to rest by.
        rng: of the shaking.
        capacity: see `quench`.
    """
    found, tight = list(rested), replace(target, force=target.force / TIGHTER, steps=MOST)
    starts = shaken([rested[n].structure for n in which], KICK, rng)
    _go_on(potential, found, dict(zip(which, starts, strict=True)), tight, capacity)
    for n in which:
        if found[n].force <= target.force:
            found[n] = replace(found[n], ending=Ending.CONVERGED)
    going = {n: found[n].structure for n in which if not found[n].converged}
    _go_on(potential, found, going, target, capacity)
    return found


def shaken(structures: Sequence[System], by: float, rng: np.random.Generator) -> list[System]:
    """The same, atoms displaced by so many Å along each axis, normally distributed."""
    return [replace(one, positions=one.positions + rng.normal(0.0, by, one.positions.shape)) for one in structures]


def _go_on(
    potential: Potential, found: list[Relaxed], starts: Mapping[int, System], target: Target, capacity: Capacity | None
) -> None:
    """Quench from these, and put what comes of it in its place, with all the evaluations there were."""
    numbers = list(starts)
    for k, one in quench(potential, list(starts.values()), target, capacity=capacity):
        before = found[numbers[k]]
        found[numbers[k]] = replace(one, steps=before.steps + one.steps)
