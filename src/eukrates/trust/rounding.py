"""How much do forces change when the model, as it is used, is replaced by the same model in double precision?

Threshold 1 meV/Å: rounding in single precision leaves 0.001 to 0.01 meV/Å in a healthy model. A hundred times more
means that large numbers cancel inside, which shows as noise in relaxations, vibrations and long trajectories.
"""

from collections.abc import Sequence

import numpy as np

from eukrates.matter import System
from eukrates.numerics import float_dtype
from eukrates.potential.evaluator import Evaluator
from eukrates.trust.finding import Finding, below, untested

THRESHOLD = 1.0  # meV/Å


def rounding(used: Evaluator, exact: Evaluator, structures: Sequence[System]) -> Finding:
    """The largest difference of a force component between the model as used and in double precision."""
    name = "rounding of forces"
    if not structures:
        return untested(name, "no structure was given")
    if float_dtype(used.potential) == np.float64:
        return untested(name, "the model is in double precision already")
    differences = [
        np.abs(a.forces - b.forces) for a, b in zip(used.ask(structures), exact.ask(structures), strict=True)
    ]
    worst = 1e3 * max(float(np.max(d)) if np.all(np.isfinite(d)) else np.inf for d in differences)
    good = "single precision is enough for these forces"
    bad = "forces lose digits in single precision: use the model in double precision"
    return below(name, worst, "meV/Å", THRESHOLD, good, bad, serious=False)
