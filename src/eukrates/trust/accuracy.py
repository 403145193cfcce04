"""Are forces and energies good, measured by how much they vary in the user's own data?

    forces:    root mean square of the errors / root mean square of the reference,  components          (1)
    energies:  root mean square of the errors / of the reference, both from their means within a group  (2)

A group is the structures of one formula, charge and spin: a constant that no force feels does not count. Up to 20 %
averages are recognisable (at 5 % structure and vibrations follow the reference closely); from 20 to 50 % is a reason
for care; beyond 50 % the model has not learnt the surface (predicting zero, or the mean, scores 100 %). Absolute errors
are in `evaluate`.
"""

from collections.abc import Sequence

import numpy as np

from eukrates.data.sample import Sample
from eukrates.potential.evaluator import Answer, Evaluator
from eukrates.trust.errors import errors
from eukrates.trust.finding import Finding, untested

THRESHOLD, SERIOUS = 20.0, 50.0  # per cent
MOST = 100  # structures
FEWEST = 5  # structures of a group


def accuracy(evaluator: Evaluator, samples: Sequence[Sample], rng: np.random.Generator) -> list[Finding]:
    """(1) and (2), each over at most 100 of the structures that have the label."""
    order = [int(n) for n in rng.permutation(len(samples))]
    forces = [n for n in order if samples[n].forces is not None][:MOST]
    groups = _groups(samples, [n for n in order if samples[n].energy is not None])
    asked = list(dict.fromkeys([*forces, *(n for group in groups for n in group)]))
    answers = dict(zip(asked, evaluator.ask([samples[n].system for n in asked]) if asked else (), strict=True))
    return [_forces(samples, answers, forces), _energies(samples, answers, groups)]


def _groups(samples: Sequence[Sample], places: Sequence[int]) -> list[list[int]]:
    """At most 100 structures in groups of five and more."""
    found: dict[tuple, list[int]] = {}
    for n in places:
        s = samples[n].system
        state = tuple(None if x is None else float(x[0]) for x in (s.charge, s.spin))
        found.setdefault((samples[n].formula, *state), []).append(n)
    groups = [group for group in found.values() if len(group) >= FEWEST][: MOST // FEWEST]
    return [group[: MOST // len(groups)] for group in groups]


def _forces(samples: Sequence[Sample], answers: dict[int, Answer], places: Sequence[int]) -> Finding:
    name = "forces against labels"
    if not places:
        return untested(name, "the structures have no force labels")
    reference = np.concatenate([np.asarray(samples[n].forces) for n in places])
    predicted = np.concatenate([answers[n].forces for n in places])
    size, rmse = float(np.sqrt(np.mean(reference**2))), errors(predicted, reference).rmse
    if size == 0 or rmse is None:
        return untested(name, "all force labels are zero")
    told = f"RMSE {1e3 * rmse:.3g} meV/Å where forces are {1e3 * size:.3g} meV/Å, on {len(places)} structures"
    return _graded(name, 100 * rmse / size, told)


def _energies(samples: Sequence[Sample], answers: dict[int, Answer], groups: Sequence[Sequence[int]]) -> Finding:
    name = "energies against labels"
    if not groups:
        return untested(name, f"no {FEWEST} structures of one formula have energy labels")
    reference, predicted = (
        np.concatenate([_about_mean([energy(n) for n in group]) for group in groups])
        for energy in (lambda n: samples[n].energy, lambda n: answers[n].energy)
    )
    spread, rmse = float(np.sqrt(np.mean(reference**2))), errors(predicted, reference).rmse
    if spread == 0 or rmse is None:
        return untested(name, "the energy labels of one formula are all the same")
    told = f"RMSE {1e3 * rmse:.3g} meV where energies of one formula scatter by {1e3 * spread:.3g} meV, on "
    return _graded(name, 100 * rmse / spread, told + f"{len(reference)} structures")


def _about_mean(energies: Sequence[float]) -> np.ndarray:
    values = np.asarray(energies, np.float64)
    return values - values.mean()


def _graded(name: str, per_cent: float, told: str) -> Finding:
    if not np.isfinite(per_cent):
        told, per_cent = "predictions are not finite for some of the structures", np.inf
    elif per_cent > THRESHOLD:
        told += ": not learnt" if per_cent > SERIOUS else ": not well learnt"
    ok, serious = bool(per_cent <= THRESHOLD), bool(per_cent > SERIOUS)
    return Finding(name, float(per_cent), "%", THRESHOLD, ok, told, serious)
