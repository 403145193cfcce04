"""Are the forces good, measured by how much they vary in the user's own data?

    relative error = force RMSE / root mean square of the reference forces,  components                 (1)

Threshold 20 %: at 5 % structure and vibrations follow the reference closely, at 20 % averages are still recognisable,
beyond it the model has not learnt the surface (predicting zero scores 100 %). Absolute errors are in `evaluate`.
"""

from collections.abc import Sequence

import numpy as np

from eukrates.data.sample import Sample
from eukrates.trust.errors import errors
from eukrates.trust.evaluator import Evaluator
from eukrates.trust.finding import Finding, below, untested

THRESHOLD = 20.0  # per cent
MOST = 100  # structures


def accuracy(evaluator: Evaluator, samples: Sequence[Sample], rng: np.random.Generator) -> Finding:
    """(1) over at most 100 of the structures that have force labels."""
    name = "forces against labels"
    labelled = [s for s in samples if s.forces is not None]
    if not labelled:
        return untested(name, "the structures have no force labels")
    drawn = [labelled[int(n)] for n in rng.permutation(len(labelled))[:MOST]]
    reference = np.concatenate([np.asarray(s.forces) for s in drawn])
    predicted = np.concatenate([a.forces for a in evaluator.ask([s.system for s in drawn])])
    if not np.all(np.isfinite(predicted)):
        return Finding(
            name, np.inf, "%", THRESHOLD, False, "predicted forces are not finite for some of the structures"
        )
    size, rmse = float(np.sqrt(np.mean(reference**2))), errors(predicted, reference).rmse
    if size == 0 or rmse is None:
        return untested(name, "all force labels are zero")
    told = f"RMSE {1e3 * rmse:.3g} meV/Å where forces are {1e3 * size:.3g} meV/Å, on {len(drawn)} structures"
    return below(name, 100 * rmse / size, "%", THRESHOLD, told, f"{told}: not well learnt", serious=False)
