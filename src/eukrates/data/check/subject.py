"""`Subject`: the data under examination, and what several checks need to know of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from eukrates.data.atomic_energies import is_isolated_atom
from eukrates.data.check.finding import names
from eukrates.data.dataset import Source
from eukrates.data.declared import Units
from eukrates.data.sample import Sample

State = tuple[float | None, float | None]  # charge, unpaired electrons


@dataclass(eq=False)
class Subject:
    """Samples, their split, and the frames that an earlier check has already named: later checks leave those out."""

    samples: Sequence[Sample]
    parts: Mapping[str, Sequence[int]]  # name of the part → indices
    sources: Sequence[Source] = ()
    spoilt: set[int] = field(default_factory=set)

    @cached_property
    def structures(self) -> list[int]:
        """Frames that are not free atoms."""
        return [n for n, sample in enumerate(self.samples) if not is_isolated_atom(sample)]

    @cached_property
    def units(self) -> Units:
        """What the numbers were taken for; eV and Å where nobody says or several files differ."""
        said = [source.units for source in self.sources]
        return said[0] if said and all(units == said[0] for units in said) else Units()

    @property
    def good(self) -> list[int]:
        """Structures that no check has named so far."""
        return [n for n in self.structures if n not in self.spoilt]

    def names(self, indices: Iterable[int]) -> tuple[str, ...]:
        """Names of frames."""
        return names(self.samples, indices)

    def alike(self, indices: Iterable[int]) -> list[np.ndarray]:
        """Frames of one composition, one charge and spin, one periodicity."""
        groups: dict[tuple, list[int]] = defaultdict(list)
        for n in indices:
            sample = self.samples[n]
            groups[sample.formula, state(sample), bool(np.any(sample.system.cell))].append(n)
        return [np.array(group) for group in groups.values()]


def state(sample: Sample) -> State:
    """Charge and spin, None where not stated."""
    charge, spin = sample.system.charge, sample.system.spin
    return (None if charge is None else float(charge[0]), None if spin is None else float(spin[0]))


def spread(values: np.ndarray) -> tuple[float, float]:
    """Median, and standard deviation estimated from the median absolute deviation (robust)."""
    middle = float(np.median(values))
    return middle, 1.4826 * float(np.median(np.abs(values - middle)))
