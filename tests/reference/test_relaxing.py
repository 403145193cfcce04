"""A labeller that relaxes: labels are those of where it ends, and the file says where that is."""

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.calculators.lj import LennardJones

from eukrates.reference import FromCalculator, LabelError, Relaxing, label


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
