"""What is new among the low minima goes on to less force, so that no flat slope passes for one.

On the crests that methyl groups turn over, the force falls below that of rest. So ended one in two hundred quenches of
alanine dipeptide to 0.0005 eV/Å, up to 0.5 kJ/mol above the minimum that was near; all of them left for it before 25
times less force was left. What is a minimum takes some 15 more evaluations.
"""

from collections.abc import Sequence
from dataclasses import replace

from eukrates.landscape.relax import Capacity, Relaxed, Target, quench
from eukrates.landscape.search.plan import Rules
from eukrates.potential import Potential

LOW = 0.21  # eV (20 kJ/mol) above the lowest minimum, up to which what is new must have settled
TIGHTER, MOST = 25, 400  # so many times less force; or, as rounding may leave more, so many evaluations


def settled(potential: Potential, rested: Sequence[Relaxed], rules: Rules, capacity: Capacity) -> list[Relaxed]:
    """Structures that have come to rest by these rules, where they settle."""
    target, found = Target(force=rules.force / TIGHTER, steps=MOST), list(rested)
    for n, one in quench(potential, [before.structure for before in rested], target, capacity=capacity):
        after = one if one.force <= rules.force else rested[n]  # on its way still
        found[n] = replace(after, ending=rested[n].ending, steps=rested[n].steps + one.steps)
    return found
