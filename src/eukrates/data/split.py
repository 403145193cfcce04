"""Splits: which structures train, validate and test; seeded or by file, saved with a hash of the data."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eukrates.data.dataset import Dataset, join
from eukrates.data.sample import LABELS, Sample
from eukrates.files import replacing

FORMAT, VERSION = "eukrates-split", 1


@dataclass(frozen=True)
class Split:
    """Named, disjoint lists of indices into one dataset, whose content is pinned by a hash."""

    parts: dict[str, tuple[int, ...]]  # "train" → indices
    structures: int  # in the dataset
    data_hash: str
    rule: str  # how it was made, for people

    def apply(self, dataset: Dataset) -> dict[str, Dataset]:
        """The parts of a dataset.

        Raises:
            ValueError: the dataset is not the one that was split (its content hash differs).
        """
        if len(dataset) != self.structures or content_hash(dataset) != self.data_hash:
            raise ValueError(
                f"This split belongs to other data: it was made for {self.structures} structures with hash "
                f"{self.data_hash[:12]}…, here are {len(dataset)} with {content_hash(dataset)[:12]}…. "
                "Restore the data, or make a new split."
            )
        return {name: dataset.take(indices) for name, indices in self.parts.items()}

    def save(self, path: str | Path) -> None:
        """Write as JSON; an existing file is replaced whole."""
        content = {
            "format": FORMAT,
            "version": VERSION,
            "rule": self.rule,
            "structures": self.structures,
            "data_hash": self.data_hash,
            "parts": {name: list(indices) for name, indices in self.parts.items()},
        }
        with replacing(Path(path)) as temporary:
            temporary.write_text(json.dumps(content) + "\n", encoding="utf-8")


def split(dataset: Dataset, train: int | float, valid: int | float, test: int | float = 0, *, seed: int) -> Split:
    """A random split. Whole numbers are counts, numbers below 1 fractions; the rest of the data is in no part.

    Raises:
        ValueError: more is asked than there is, or a part that is asked for would be empty.
    """
    total = len(dataset)
    counts = {name: _count(name, n, total) for name, n in (("train", train), ("valid", valid), ("test", test))}
    if sum(counts.values()) > total:
        raise ValueError(f"Asked for {counts}, together {sum(counts.values())}, but there are {total} structures.")
    order = np.random.default_rng(seed).permutation(total)
    ends = np.cumsum(list(counts.values()))
    chosen = {n: order[end - counts[n] : end] for n, end in zip(counts, ends, strict=True) if counts[n] or n != "test"}
    parts = {name: tuple(sorted(int(i) for i in indices)) for name, indices in chosen.items()}
    rule = f"random, seed {seed}: train {train}, valid {valid}, test {test} of {total}"
    return Split(parts, total, content_hash(dataset), rule)


def split_by_file(parts: Mapping[str, Dataset]) -> tuple[Dataset, Split]:
    """The joined dataset and the split in which every part is one of the given datasets."""
    joined, start, indices = join(parts.values()), 0, {}
    for name, part in parts.items():
        if not len(part):
            raise ValueError(f"The part {name!r} holds no structures.")
        indices[name] = tuple(range(start, start + len(part)))
        start += len(part)
    rule = "by file: " + "; ".join(f"{k} = {', '.join(s.path for s in p.sources)}" for k, p in parts.items())
    return joined, Split(indices, start, content_hash(joined), rule)


def load_split(path: str | Path) -> Split:
    """Read a split that `Split.save` wrote; `apply` verifies that the data are the same.

    Raises:
        ValueError: no such file, not a split, or indices that overlap or run out of range.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT or content["version"] > VERSION:
            raise ValueError(f"format {content['format']!r}, version {content['version']}")
        parts = {str(name): tuple(int(i) for i in indices) for name, indices in content["parts"].items()}
        loaded = Split(parts, int(content["structures"]), str(content["data_hash"]), str(content["rule"]))
    except (OSError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"{path} is not a split that this Eukrates can read: {error}") from error
    every = [i for indices in parts.values() for i in indices]
    if len(set(every)) != len(every) or any(not 0 <= i < loaded.structures for i in every):
        raise ValueError(f"{path} is damaged: its parts share structures or name some that do not exist.")
    return loaded


def content_hash(samples: Sequence[Sample]) -> str:
    """SHA-256 of structures and labels in their order; names of files and groups do not count."""
    digest = hashlib.sha256()
    for sample in samples:
        s = sample.system
        for value in (s.numbers, s.positions, s.cell, s.charge, s.spin, *(getattr(sample, label) for label in LABELS)):
            digest.update(b"-" if value is None else b"+" + np.ascontiguousarray(value, dtype="<f8").tobytes())
    return digest.hexdigest()


def _count(name: str, wanted: int | float, total: int) -> int:
    if isinstance(wanted, bool) or not np.isfinite(wanted) or wanted < 0 or (wanted >= 1 and wanted != int(wanted)):
        raise ValueError(f"Expected {name} as a count (1, 2, …) or a fraction below 1, got {wanted!r}.")
    count = int(wanted) if wanted >= 1 else round(wanted * total)
    if count == 0 and (wanted > 0 or name == "train"):
        raise ValueError(f"The part {name!r} would be empty: {wanted!r} of {total} structures.")
    return count
