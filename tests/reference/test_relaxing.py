"""A labeller that relaxes: labels are those of where it ends, and the file says where that is; labels that are kept."""

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.calculators.lj import LennardJones

from eukrates.reference import FromCalculator, LabelError, Relaxing, label
from eukrates.reference.kept_labels import label_once


def argon(atoms):
    return LennardJones(sigma=3.4, epsilon=0.0103, rc=20.0)


PAIR = FromCalculator(argon, "Lennard-Jones")


def test_labels_are_those_of_the_structure_at_rest(tmp_path):
    frames = [Atoms("Ar2", [[0, 0, 0], [0, 0, r]]) for r in (3.6, 4.2)]
    told = Relaxing(PAIR, force=1e-4)(frames[0])
    assert told.energy == pytest.approx(-0.0103, abs=1e-5)
    assert np.linalg.norm(np.diff(told.positions, axis=0)) == pytest.approx(2 ** (1 / 6) * 3.4, abs=0.01)
    assert np.abs(told.forces).max() < 1e-4
    campaign = label(frames, Relaxing(PAIR, force=1e-4), tmp_path / "out.extxyz")
    again = ase.io.read(campaign.out, ":")
    assert [one.get_distance(0, 1) for one in again] == pytest.approx([2 ** (1 / 6) * 3.4] * 2, abs=0.01)
    assert again[0].info["level"] == "Lennard-Jones, relaxed"
    assert label(frames, Relaxing(PAIR, force=1e-4), tmp_path / "out.extxyz").labelled == 2


def test_what_does_not_come_to_rest_has_no_label():
    with pytest.raises(LabelError, match="did not come to rest"):
        Relaxing(PAIR, force=1e-9, steps=2)(Atoms("Ar2", [[0, 0, 0], [0, 0, 5.0]]))


def test_levels_without_forces_cannot_relax():
    class Silent(FromCalculator):
        gives_forces = False

    with pytest.raises(ValueError, match="without forces"):
        Relaxing(Silent(argon, "energies alone")).check(molecule("H2O"))


def test_what_was_labelled_once_is_not_labelled_again_among_others(tmp_path):
    asked = []

    def counted(atoms):
        asked.append(atoms.get_distance(0, 1))
        if asked[-1] > 4.5:
            raise LabelError("too far")
        return LennardJones(sigma=3.4, epsilon=0.0103, rc=20.0)

    def pairs(*lengths):
        return [Atoms("Ar2", [[0, 0, 0], [0, 0, r]]) for r in lengths]

    labeller = Relaxing(FromCalculator(counted, "Lennard-Jones"), force=1e-3)
    before = label_once(pairs(3.7, 5.0, 3.9), labeller, tmp_path / "kept")
    assert [one.labels is None for one in before] == [False, True, False]
    assert before[1].reason == "too far"
    asked.clear()
    seen = []
    progress = lambda done, of: seen.append((done, of))
    after = label_once(pairs(4.0, 3.9, 5.0, 3.7), labeller, tmp_path / "kept", progress=progress)
    assert seen == [(3, 4), (4, 4)]
    assert (asked[0], asked[-1]) == (pytest.approx(4.0), pytest.approx(5.0))  # what failed is tried again
    assert [one.index for one in after] == [0, 1, 2, 3]
    assert after[1].labels.energy == before[2].labels.energy
    np.testing.assert_array_equal(after[3].labels.positions, before[0].labels.positions)
    assert after[2].reason == before[1].reason
