"""Are the forces good, measured by how much they vary in the user's own data?

    relative error = force RMSE / root mean square of the reference forces,  components                 (1)

Threshold 20 %: at 5 % structure and vibrations follow the reference closely, at 20 % averages are still recognisable,
beyond it the model has not learnt the surface (predicting zero scores 100 %). Absolute errors are in `evaluate`.
"""

from collections.abc import Sequence

import numpy as np

from eukrates.data.sample import Sample
from eukrates.potential import Potential
from eukrates.trust.evaluate import evaluate
from eukrates.trust.finding import Finding, below, untested

THRESHOLD = 20.0  # per cent
MOST = 100  # structures


def accuracy(potential: Potential, samples: Sequence[Sample], rng: np.random.Generator) -> Finding:
    """(1) over at most 100 of the structures that have force labels."""
    name = "forces against labels"
    labelled = [s for s in samples if s.forces is not None]
    if not labelled:
        return untested(name, "the structures have no force labels")
    drawn = [labelled[int(n)] for n in rng.permutation(len(labelled))[:MOST]]
    result = evaluate(potential, drawn, want=["forces"])
    if result.broken:
        return Finding(name, np.inf, "%", THRESHOLD, False, "; ".join(result.remarks()))
    size = float(np.sqrt(np.mean(result.comparisons["forces"].reference ** 2)))
    rmse = result.errors["forces"].rmse
    if size == 0:
        return untested(name, "all force labels are zero")
    told = f"RMSE {1e3 * rmse:.3g} meV/Å where forces are {1e3 * size:.3g} meV/Å, on {len(drawn)} structures"
    return below(name, 100 * rmse / size, "%", THRESHOLD, told, f"{told}: the surface is not learnt", serious=False)
