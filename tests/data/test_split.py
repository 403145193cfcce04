"""Splits are seeded, disjoint, saved, and pinned to the data."""

import json

import numpy as np
import pytest

from eukrates.data import Dataset, Sample, load_split, split, split_by_file
from eukrates.matter import system


def dataset(count, seed=0):
    rng = np.random.default_rng(seed)
    return Dataset(tuple(Sample(system([1, 8], rng.normal(size=(2, 3))), energy=float(n)) for n in range(count)))


def test_counts_and_fractions():
    data = dataset(20)
    parts = split(data, 0.5, 5, 0.25, seed=1).parts
    assert [len(parts[name]) for name in ("train", "valid", "test")] == [10, 5, 5]
    assert sorted(i for part in parts.values() for i in part) == list(range(20))
    assert parts == split(data, 0.5, 5, 0.25, seed=1).parts != split(data, 0.5, 5, 0.25, seed=2).parts


def test_saved_and_verified(tmp_path):
    data = dataset(20)
    made = split(data, 12, 4, seed=7)
    made.save(tmp_path / "split.json")
    loaded = load_split(tmp_path / "split.json")
    assert loaded == made
    assert [s.energy for s in loaded.apply(data)["valid"]] == [float(i) for i in made.parts["valid"]]
    with pytest.raises(ValueError, match="belongs to other data"):
        loaded.apply(dataset(20, seed=1))
    with pytest.raises(ValueError, match="belongs to other data"):
        loaded.apply(data[:19])


def test_by_file():
    joined, made = split_by_file({"train": dataset(3), "valid": dataset(2, seed=5)})
    assert made.parts == {"train": (0, 1, 2), "valid": (3, 4)}
    assert len(made.apply(joined)["valid"]) == 2


@pytest.mark.parametrize(
    ("train", "valid", "message"),
    [(15, 6, "together 21"), (0, 5, "empty"), (0.01, 5, "empty"), (1.5, 2, "count"), (-3, 2, "count")],
)
def test_impossible_wishes_are_refused(train, valid, message):
    with pytest.raises(ValueError, match=message):
        split(dataset(20), train, valid, seed=0)


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "split.json"
    split(dataset(20), 12, 4, seed=7).save(path)
    content = json.loads(path.read_text())
    content["parts"]["valid"][0] = content["parts"]["train"][0]
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="damaged"):
        load_split(path)
    path.write_text("{")
    with pytest.raises(ValueError, match="not a split"):
        load_split(path)
    with pytest.raises(ValueError, match="not a split"):
        load_split(tmp_path / "none.json")
