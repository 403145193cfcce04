"""`inspect`: is this potential sound, on structures like those of its user?"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from eukrates.data.sample import Sample
from eukrates.matter import System
from eukrates.numerics import cast
from eukrates.potential import Potential, check_system
from eukrates.potential.evaluator import Evaluator
from eukrates.trust import conservation, gradients, repulsion
from eukrates.trust.accuracy import accuracy
from eukrates.trust.card import card
from eukrates.trust.finding import Finding, untested
from eukrates.trust.inspection import Inspection
from eukrates.trust.rounding import rounding
from eukrates.trust.run import ShortRun
from eukrates.trust.separation import size_consistency
from eukrates.trust.smoothness import smoothness
from eukrates.trust.structures import bare, chosen, cluster, rattled, tested_elements, without_free_atoms
from eukrates.trust.symmetry import symmetry

STRUCTURES = 3  # of the user's, drawn at random, for each test of a law


def inspect(
    potential: Potential,
    structures: Sequence[Sample | System] = (),
    header: Mapping[str, Any] | None = None,
    run: ShortRun | None = None,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Inspection:
    """The card of a potential and a verdict on it.

    Laws are tested in double precision on up to three of the structures and on a random cluster of the elements that
    the potential knows; rounding, accuracy and the run at constant energy on the potential as it is.

    Args:
        potential: any potential.
        structures: of the user's domain; with labels (samples), the accuracy is judged too. Free atoms are left out.
            Without any, what needs them is reported as not tested.
        header: of the model file, see `eukrates.models.file.read_header`.
        run: the short run at constant energy; default: 1 ps at 300 K from the first structure; `ShortRun(0.0)`: none.
        seed: of random structures, directions and velocities.
        progress: called with a sentence before each test.

    Raises:
        ValueError: a structure with elements the potential does not know, or without the charge or spin it needs.
    """
    tell = progress or (lambda words: None)
    rng = np.random.default_rng(seed)
    structures = without_free_atoms(structures)
    systems = bare(structures)
    for structure in systems:
        check_system(potential, structure)
    elements = tested_elements(potential, systems)
    exact, used = Evaluator(cast(potential, np.float64), batch_size=32), Evaluator(potential, batch_size=32)
    few = chosen(systems, STRUCTURES, rng)
    generic = [rattled(s, rng) for s in few] + ([cluster(potential, elements, rng)] if elements else [])
    tell("forces and stress against energy differences")
    derivatives = [gradients.forces(exact, generic, rng), gradients.stress(exact, generic, rng)]
    tell("symmetries of space, two copies against one, continuity at the cutoff")
    findings = symmetry(exact, generic, rng) + derivatives + [size_consistency(exact, few or generic)]
    findings += smoothness(exact, few or generic, elements)
    tell("walls between all pairs of elements")
    dimers, in_place = repulsion.dimer_scans(exact, elements), repulsion.scans_in_place(exact, few)
    no_elements = "the potential does not say which elements it knows, and no structure was given"
    findings.append(repulsion.judged("walls between free atoms", dimers, no_elements))
    findings.append(repulsion.judged("walls inside structures", in_place, "no structure was given, or no close pair"))
    tell("accuracy and rounding")
    right = accuracy(used, [s for s in structures if isinstance(s, Sample)], rng)
    findings += [rounding(used, exact, few), *right]
    tell("run at constant energy")
    series, judged = _run(potential, systems, run or ShortRun(), seed)
    findings += judged
    return Inspection(card(potential, header), tuple(findings), tuple(dimers), tuple(in_place), series)


def _run(potential, systems, run: ShortRun, seed: int) -> tuple[conservation.Series | None, list[Finding]]:
    name = "drift at constant energy"
    if run.steps == 0:
        return None, [untested(name, "skipped on request")]
    if not systems:
        return None, [untested(name, "no structure was given to start from")]
    series = run(potential, systems[0], seed)
    return series, conservation.judged(series)
