"""`Dataset`: samples together with what was understood of the file they came from."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from eukrates.data.declared import Units
from eukrates.data.frame import Fault
from eukrates.data.sample import LABELS, Sample
from eukrates.elements import symbols

STATED = (*LABELS, "charge", "spin")  # what a table of counts lists


@dataclass(frozen=True)
class Source:
    """What was understood of one file."""

    path: str
    frames: int  # in the file, unreadable ones included
    keys: dict[str, str]  # label → name in the file it was read from
    units: Units
    units_from: str  # who says so: "declared", "stated in the file", "convention of ASE"
    unread: dict[str, int] = field(default_factory=dict)  # names in the file that nobody read → frames that have them
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Dataset(Sequence[Sample]):
    """An immutable sequence of samples and the sources they came from. Slices and `take` keep the sources."""

    samples: tuple[Sample, ...]
    sources: tuple[Source, ...] = ()

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return replace(self, samples=self.samples[index])
        return self.samples[index]

    def take(self, indices: Iterable[int]) -> "Dataset":
        """The samples at `indices`, in that order."""
        return replace(self, samples=tuple(self.samples[int(i)] for i in indices))

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Frames that could not be read, of all sources."""
        return tuple(fault for source in self.sources for fault in source.faults)

    @property
    def keys(self) -> dict[str, str]:
        """label → the names it was read from, of all sources."""
        found: dict[str, list[str]] = {}
        for source in self.sources:
            for label, key in source.keys.items():
                if key not in found.setdefault(label, []):
                    found[label].append(key)
        return {label: ", ".join(names) for label, names in found.items()}

    @property
    def counts(self) -> dict[str, int]:
        """How many samples have each label, charge and spin."""
        return count_labels(self.samples)

    @property
    def elements(self) -> tuple[str, ...]:
        """Chemical symbols that occur, by atomic number."""
        return elements_of(self.samples)

    def describe(self, parts: Mapping[str, Sequence[int]] | None = None) -> str:
        """A plain table: files, keys, counts (also of `parts`, indices by name), units, what was left unread."""
        lines = [f"{len(self)} structures, {_atoms(self.samples)}, elements {' '.join(self.elements) or 'none'}"]
        for source in self.sources:
            bad = f", {len(source.faults)} unreadable" if source.faults else ""
            lines += [
                f"{source.path}: {source.frames} frames{bad}",
                f"  units: {source.units.text()} ({source.units_from})",
            ]
            if source.unread:
                lines.append("  not read: " + ", ".join(f"{k} ({n})" for k, n in sorted(source.unread.items())))
            lines += [f"  note: {note}" for note in source.notes]
        keys, counts, parts = self.keys, self.counts, parts or {}
        inside = {name: count_labels([self.samples[n] for n in indices]) for name, indices in parts.items()}
        heads = "".join(f"{name:>{_width(name)}}" for name in inside)
        lines.append(f"  {'label':<18}{'structures':>10}{heads}  read from")
        if inside:
            sizes = "".join(f"{len(parts[name]):>{_width(name)}}" for name in inside)
            lines.append(f"  {'(all)':<18}{len(self):>10}{sizes}")
        for label, count in counts.items():
            if count or label in ("energy", "forces"):
                key = keys.get(label, keys.get("multiplicity", "-") if label == "spin" else "-")
                columns = "".join(f"{one[label]:>{_width(name)}}" for name, one in inside.items())
                lines.append(f"  {label:<18}{count:>10}{columns}  {key if count else '-'}")
        lines.append("  in no structure: " + ", ".join(label for label, count in counts.items() if not count))
        return "\n".join(lines)


def join(parts: Iterable[Dataset]) -> Dataset:
    """One dataset from several, in order."""
    parts = list(parts)
    return Dataset(
        tuple(sample for part in parts for sample in part.samples),
        tuple(source for part in parts for source in part.sources),
    )


def stated(sample: Sample, label: str) -> bool:
    """True if the sample has this label; `charge` and `spin` count as labels."""
    owner = sample.system if label in ("charge", "spin") else sample
    return getattr(owner, label) is not None


def count_labels(samples: Sequence[Sample]) -> dict[str, int]:
    """How many samples have each label, charge and spin."""
    count = Counter(label for sample in samples for label in STATED if stated(sample, label))
    return {label: count[label] for label in STATED}


def elements_of(samples: Iterable[Sample]) -> tuple[str, ...]:
    """Chemical symbols that occur, by atomic number."""
    return symbols(sorted({int(z) for sample in samples for z in np.unique(sample.numbers)}))


def _width(name: str) -> int:
    """Of a column of counts."""
    return max(8, len(name) + 2)


def _atoms(samples: Sequence[Sample]) -> str:
    sizes = sorted({sample.system.atoms for sample in samples})
    if not sizes:
        return "no atoms"
    return f"{sizes[0]} atoms each" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]} atoms"
