"""Charge and spin of structures whose file does not state them."""

from dataclasses import replace

import numpy as np

from eukrates.data.dataset import Dataset
from eukrates.data.sample import Sample


def with_state(dataset: Dataset, charge: float | int | None = None, spin: float | int | None = None) -> Dataset:
    """The structures with this total charge (e) and number of unpaired electrons where theirs is not stated.

    What a file states is never replaced; None leaves a quantity as it is.
    """
    given = {name: float(value) for name, value in (("charge", charge), ("spin", spin)) if value is not None}

    def stated(sample: Sample) -> Sample:
        silent = {name: np.array([value]) for name, value in given.items() if getattr(sample.system, name) is None}
        return sample.but(system=replace(sample.system, **silent)) if silent else sample

    return replace(dataset, samples=tuple(stated(sample) for sample in dataset)) if given else dataset
