"""Do two copies of a structure cost twice the energy of one?

Open structures: a second copy 100 Å away. Periodic ones: the cell doubled along its first axis.
Threshold 0.01 meV per atom: rounding leaves a millionth of it; anything larger grows with the size of the system and
makes energies of large systems, solvation and binding energies meaningless.
"""

from collections.abc import Sequence

import numpy as np

from eukrates.matter import System, system
from eukrates.potential import Potential
from eukrates.potential.evaluator import Evaluator
from eukrates.trust.finding import Finding, below, untested

APART = 100.0  # Å between the copies
THRESHOLD = 0.01  # meV per atom


def size_consistency(evaluator: Evaluator, structures: Sequence[System]) -> Finding:
    """The worst |E(two) - 2 E(one)| per atom over the structures."""
    name = "size consistency"
    if not structures:
        return untested(name, "no structure was given and the potential does not say which elements it knows")
    energies = np.array([a.energy for a in evaluator.ask([*structures, *(doubled(s) for s in structures)])])
    one, two = energies[: len(structures)], energies[len(structures) :]
    atoms = np.array([2 * s.atoms for s in structures])
    error = np.abs(two - 2 * one) / atoms
    worst = 1e3 * float(np.max(error)) if np.all(np.isfinite(error)) else np.inf
    good = "two copies far apart cost twice the energy of one"
    bad = "two copies far apart do not cost twice the energy of one: energies of different sizes cannot be compared"
    reach = _reads_the_whole(evaluator.potential)
    return below(name, worst, "meV/atom", THRESHOLD, good, bad + reach, serious=not reach)


def doubled(structure: System) -> System:
    """Two copies that do not see each other; a periodic structure in a cell doubled along its first periodic axis."""
    cell = np.array(structure.cell[0])
    axes = np.flatnonzero(np.any(cell != 0, axis=1))
    if axes.size:
        shift = cell[axes[0]].copy()
        cell[axes[0]] *= 2
    else:
        shift = np.array([np.ptp(structure.positions[:, 0]) + APART, 0, 0])
    twice = lambda x: None if x is None else 2 * float(x[0])
    return system(
        np.concatenate([structure.numbers] * 2),
        np.concatenate([structure.positions, structure.positions + shift]),
        cell,
        np.any(cell != 0, axis=1),
        twice(structure.charge),
        twice(structure.spin),
    )


def _reads_the_whole(potential: Potential) -> str:
    if potential.far_cutoff is not None:
        return " (this potential has long-range terms, for which copies at 100 Å still interact weakly)"
    if potential.needs:
        return f" (this potential distributes the total {' and '.join(potential.needs)} over all atoms)"
    return ""
