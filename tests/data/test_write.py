"""Writing and reading back."""

import numpy as np
import pytest

from eukrates.data import Sample, read, write
from eukrates.data.split import content_hash
from eukrates.matter import system


def samples(rng):
    """Molecules and a crystal, each with other labels."""
    for n in range(5):
        atoms = int(rng.integers(1, 6))
        cell = np.eye(3) * 5 + rng.normal(size=(3, 3)) if n % 2 else None
        structure = system(
            rng.integers(1, 20, atoms),
            rng.normal(size=(atoms, 3)) * 3,
            cell,
            charge=None if n == 0 else float(n - 2),
            spin=1.0 if n > 2 else None,
        )
        stress = rng.normal(size=(3, 3))
        yield Sample(
            structure,
            energy=float(rng.normal()) * 1e4 if n != 1 else None,
            forces=rng.normal(size=(atoms, 3)) if n != 2 else None,
            stress=stress + stress.T if n % 2 else None,
            dipole=rng.normal(size=3) if n == 4 else None,
            charges=rng.normal(size=atoms) if n > 1 else None,
            hirshfeld_ratios=rng.uniform(size=atoms) if n == 3 else None,
            weight=1.0 if n else 2.5,
            name=f"origin#{n}",
            group="liquid" if n == 3 else None,
        )


def test_hdf5_keeps_every_bit(tmp_path):
    before = list(samples(np.random.default_rng(0)))
    write(before, tmp_path / "data.h5")
    after = read(tmp_path / "data.h5")
    assert content_hash(before) == content_hash(after)
    assert [(s.name, s.group, s.weight, s.labels) for s in before] == [
        (s.name, s.group, s.weight, s.labels) for s in after
    ]
    assert after.counts["charge"] == 4
    assert after.counts["spin"] == 2


def test_extxyz_keeps_eight_digits_and_all_names(tmp_path):
    before = list(samples(np.random.default_rng(1)))
    write(before, tmp_path / "data.extxyz")
    after = read(tmp_path / "data.extxyz")
    for a, b in zip(before, after, strict=True):
        assert a.labels == b.labels
        assert a.group == b.group
        assert a.weight == b.weight
        assert (a.system.charge, a.system.spin) == (b.system.charge, b.system.spin)
        np.testing.assert_allclose(a.system.positions, b.system.positions, atol=1e-7)
        np.testing.assert_allclose(a.system.cell, b.system.cell, atol=1e-12)
        for label in a.labels:
            np.testing.assert_allclose(getattr(a, label), getattr(b, label), rtol=1e-7, atol=1e-7)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "data.h5"
    good = list(samples(np.random.default_rng(2)))
    write(good, path)
    old = path.read_bytes()

    def full_disk(*_, **__):
        raise OSError("no space left")

    monkeypatch.setattr("eukrates.data.hdf5._packed", full_disk)  # called when half of the file is written
    with pytest.raises(OSError, match="no space left"):
        write(good, path)
    assert path.read_bytes() == old
    assert [p.name for p in tmp_path.iterdir()] == ["data.h5"]


def test_nothing_to_write_or_an_unknown_suffix(tmp_path):
    with pytest.raises(ValueError, match="no structures"):
        write([], tmp_path / "a.h5")
    with pytest.raises(ValueError, match="ending in"):
        write(list(samples(np.random.default_rng(0))), tmp_path / "a.json")


def test_a_missing_folder_is_made(tmp_path):
    write(list(samples(np.random.default_rng(0))), tmp_path / "new" / "a.h5")
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["a.h5"]
