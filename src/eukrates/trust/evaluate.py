"""`evaluate`: the errors of a potential on labelled structures."""

from collections.abc import Sequence

import numpy as np

from eukrates.data.sample import LABELS, Sample
from eukrates.potential import Potential, Prediction, check_system, deviation
from eukrates.potential.evaluator import Evaluator
from eukrates.trust.comparison import Comparison
from eukrates.trust.evaluation import Evaluation
from eukrates.trust.structures import without_free_atoms

DERIVED = ("forces", "stress")  # labels that are derivatives of the energy; every potential has them


def evaluate(
    potential: Potential, samples: Sequence[Sample], want: Sequence[str] | None = None, batch_size: int = 64
) -> Evaluation:
    """Predictions of `potential` for labelled structures, compared with their labels.

    Args:
        potential: any potential; its precision is that of its parameters.
        samples: labelled structures. A label that a structure does not have is skipped and counted. Free atoms are
            left out, unless there is nothing else.
        want: of "energy", "forces", "stress", "dipole", "charges", "hirshfeld_ratios"; default: all that at least one
            structure has a label for and the potential predicts.
        batch_size: structures evaluated at once (fewer where they are large).

    Raises:
        ValueError: no structures; a property in `want` that is unknown, nowhere labelled or not predicted; labels that
            are not finite; elements the potential does not know; charge or spin it needs and a structure does not
            state. Structures are named.
    """
    named = [s if s.name else s.but(name=f"structure {n}") for n, s in enumerate(samples)]
    samples = without_free_atoms(named) or named
    wanted = _wanted(samples, want)
    _refuse_unfit(potential, samples)
    _refuse_broken_labels(samples, wanted)
    evaluator = Evaluator(potential, batch_size)
    predictions: list = [None] * len(samples)
    for stressed in (False, True):
        places = [n for n, s in enumerate(samples) if ("stress" in wanted and s.stress is not None) == stressed]
        asked = ["energy", *(["forces"] if "forces" in wanted else []), *(["stress"] if stressed else [])]
        for n, prediction in zip(places, evaluator([samples[n].system for n in places], asked), strict=True):
            predictions[n] = prediction
    silent = [name for name in wanted if name not in DERIVED and getattr(predictions[0], name) is None]
    if silent and want is not None:
        raise ValueError(f"This potential does not predict {', '.join(silent)}: leave it out of `want`.")
    broken = [n for n, p in enumerate(predictions) if not _finite(p, wanted)]
    answered = [name for name in wanted if name not in silent]
    return Evaluation(
        comparisons=_comparisons(samples, predictions, answered, set(broken)),
        names=[s.name for s in samples],
        formulas=[s.formula for s in samples],
        groups=[s.group for s in samples],
        atoms=np.array([s.system.atoms for s in samples]),
        absent={name: sum(getattr(s, name) is None for s in samples) for name in answered},
        unpredicted=tuple(silent),
        broken=tuple(broken),
        free_atoms=len(named) - len(samples),
        energy_deviation=_deviations(predictions),
    )


def _deviations(predictions: list[Prediction]) -> np.ndarray | None:
    """Of the energies of members, eV [structures]; None where the potential is no ensemble."""
    if predictions[0].energy_by_member is None:
        return None
    return np.array([float(deviation(p)[0]) for p in predictions])


def _wanted(samples: list[Sample], want: Sequence[str] | None) -> tuple[str, ...]:
    if not samples:
        raise ValueError("Expected at least one structure to evaluate, got none.")
    labelled = [name for name in LABELS if any(getattr(s, name) is not None for s in samples)]
    if want is None:
        if not labelled:
            raise ValueError(
                f"None of the {len(samples)} structures has a label ({', '.join(LABELS)}): nothing to compare."
            )
        return tuple(labelled)
    unknown = sorted(set(want) - set(LABELS))
    if unknown:
        raise ValueError(f"Cannot evaluate {', '.join(unknown)}. Known: {', '.join(LABELS)}.")
    missing = sorted(set(want) - set(labelled))
    if missing or not want:
        raise ValueError(
            f"Asked to evaluate {', '.join(missing) or 'nothing'}; this data has {', '.join(labelled) or 'no labels'}. "
            "Check the label names on reading, or ask for what is there."
        )
    return tuple(name for name in LABELS if name in want)


def _refuse_unfit(potential: Potential, samples: list[Sample]) -> None:
    problems: dict[str, list[str]] = {}
    for sample in samples:
        try:
            check_system(potential, sample.system)
        except ValueError as error:
            problems.setdefault(str(error), []).append(sample.name)
    if problems:
        raise ValueError("\n".join(f"{_names(names)}: {error}" for error, names in problems.items()))


def _refuse_broken_labels(samples: list[Sample], wanted: tuple[str, ...]) -> None:
    for label in wanted:
        bad = [s.name for s in samples if not np.all(np.isfinite(_label(s, label)))]
        if bad:
            raise ValueError(f"{_names(bad)}: the label {label} is not finite. Remove or repair these structures.")
    flat = [s.name for s in samples if s.stress is not None and not bool(s.system.periodic.all())]
    if flat and "stress" in wanted:
        raise ValueError(
            f"{_names(flat)}: labelled with a stress, but not periodic along three axes, so without a volume. "
            "Give these structures their cell, or leave the stress out of `want`."
        )


def _label(sample: Sample, label: str):
    value = getattr(sample, label)
    return 0.0 if value is None else value


def _names(names: list[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(names[:10]) + more


def _finite(prediction, wanted: tuple[str, ...]) -> bool:
    values = [getattr(prediction, name) for name in {"energy", *wanted}]
    return all(value is None or bool(np.all(np.isfinite(value))) for value in values)


def _comparisons(samples, predictions, wanted: list[str], broken: set[int]) -> dict[str, Comparison]:
    found = {}
    for name in wanted:
        places = [n for n, s in enumerate(samples) if getattr(s, name) is not None and n not in broken]
        one = found[name] = _comparison(name, [samples[n] for n in places], [predictions[n] for n in places], places)
        if name == "energy":
            per = np.array([samples[n].system.atoms for n in places], float).reshape(-1, 1)
            per_atom = Comparison("energy_per_atom", one.predicted / per, one.reference / per, one.sample, one.numbers)
            found["energy_per_atom"] = per_atom
        if name == "forces":
            told, true = (np.linalg.norm(f, axis=1, keepdims=True) for f in (one.predicted, one.reference))
            found["force_magnitude"] = Comparison("force_magnitude", told, true, one.sample, one.numbers)
    return found


def _comparison(name: str, samples: list[Sample], predictions: list, places: list[int]) -> Comparison:
    width = {"forces": 3, "stress": 6, "dipole": 3}.get(name, 1)
    predicted, reference = (
        np.concatenate([np.zeros((0, width)), *(_rows(getattr(one, name), name) for one in ones)])
        for ones in (predictions, samples)
    )
    atomic = name in ("forces", "charges", "hirshfeld_ratios")
    count = [s.system.atoms if atomic else 1 for s in samples]
    numbers = np.concatenate([np.zeros(0, int), *(s.numbers if atomic else [0] for s in samples)]).astype(int)
    return Comparison(name, predicted, reference, np.repeat(places, count).astype(int), numbers)


def _rows(value, name: str) -> np.ndarray:
    """[rows, components] in float64; a stress by its six independent components."""
    value = np.asarray(value, np.float64)
    if name == "stress":
        a, b = np.triu_indices(3)
        return value.reshape(3, 3)[a, b][None]
    return value.reshape(-1, 3) if name in ("forces", "dipole") else value.reshape(-1, 1)
