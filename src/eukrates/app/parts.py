"""From the data section to the structures that train, validate and test."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eukrates.app.configuration import Data
from eukrates.data import Dataset, Split, join, read, separate, split, split_by_file, with_state


@dataclass(frozen=True, eq=False)
class Parts:
    """The data of a run."""

    everything: Dataset  # every structure of the files, in their order, without free atoms
    split: Split  # of `everything`
    free_atoms: Dataset
    files: dict[str, tuple[str, ...]]  # part → the files it was taken from

    def __getitem__(self, part: str) -> Dataset:
        return self.everything.take(self.split.parts[part])

    @property
    def names(self) -> tuple[str, ...]:
        """train, valid, and test if there is one."""
        return tuple(self.split.parts)


def listed(file: str | Sequence[str]) -> tuple[str, ...]:
    """One file or several, as a tuple."""
    return (file,) if isinstance(file, str) else tuple(file)


def files_of(data: Data) -> dict[str, tuple[str, ...]]:
    """Part → its files; a part that is a count or a fraction is not there.

    Raises:
        ValueError: files that do not exist (all of them are named), or one file in two parts.
    """
    given = {part: getattr(data, part) for part in ("train", "valid", "test")}
    files = {part: listed(value) for part, value in given.items() if isinstance(value, str | list)}
    missing = [name for names in files.values() for name in names if not Path(name).is_file()]
    if missing:
        raise ValueError(f"There is no file {', '.join(missing)} (looked in {os.getcwd()}).")
    seen: dict[Path, str] = {}
    for part, names in files.items():
        for name in names:
            other = seen.setdefault(Path(name).resolve(), part)
            if other != part:
                raise ValueError(f"{name} is in {other} and in {part}: such errors would say nothing.")
    return files


def read_parts(data: Data) -> Parts:
    """Read the files and divide the structures.

    Raises:
        ValueError: what `eukrates.data.read` refuses, a split that asks for more than there is.
    """
    files = files_of(data)
    units = None if data.units is None else data.units.make()
    found = {part: read(list(names), data.keys, units) for part, names in files.items()}
    molecules = {part: _take(dataset, separate(dataset)[1]) for part, dataset in found.items()}
    bare = {part: with_state(dataset, data.charge, data.spin) for part, dataset in molecules.items()}
    atoms = join(_take(dataset, separate(dataset)[0]) for dataset in found.values())
    return Parts(*_divided(data, bare), atoms, files)


def _take(dataset: Dataset, samples) -> Dataset:
    return Dataset(tuple(samples), dataset.sources)


def _divided(data: Data, bare: Mapping[str, Dataset]) -> tuple[Dataset, Split]:
    """Parts with files are those files; counts and fractions are drawn from the file of `train`."""
    pool = bare["train"]
    if not len(pool):
        raise ValueError(f"{', '.join(listed(data.train))}: no structures to train on (free atoms do not count).")
    wanted = {part: 0 if part in bare else getattr(data, part) or 0 for part in ("valid", "test")}
    taken = sum(n if n >= 1 else round(n * len(pool)) for n in wanted.values())
    size = data.size or len(pool) - int(taken)
    if size < 1:
        raise ValueError(f"Asked for {wanted} of {len(pool)} structures: none would be left to train on.")
    drawn = split(pool, size, wanted["valid"], wanted["test"], seed=data.seed)
    everything, by_file = split_by_file(bare)  # the pool comes first: what was drawn keeps its places
    files = [part for part in bare if part != "train"]
    parts = {part: places for part, places in drawn.parts.items() if places} | {p: by_file.parts[p] for p in files}
    rule = "; ".join([drawn.rule, *(f"{part} by file" for part in files)])
    return everything, replace(by_file, parts=parts, rule=rule)
