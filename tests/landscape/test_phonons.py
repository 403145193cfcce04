"""Phonons by phonopy from exact force constants."""

import sys

import numpy as np
import pytest
from ase.build import bulk, molecule

from eukrates.landscape import vibrations
from eukrates.landscape.phonons import phonons
from eukrates.physics.lennard_jones import LennardJones
from eukrates.units import WAVENUMBER

ARGON = LennardJones({"Ar": 0.0104}, {"Ar": 3.4}, cutoff=6.5, on=5.0)
CRYSTAL = bulk("Ar", "fcc", 5.26, cubic=True)


def test_modes_of_a_supercell_are_phonons_at_the_wave_vectors_it_holds():
    pytest.importorskip("phonopy", reason="phonopy is not installed (pip install 'eukrates[phonons]')")
    found = phonons(ARGON, bulk("Ar", "fcc", 5.26), (2, 2, 2))
    assert np.abs(found.force_constants.sum(axis=1)).max() < 1e-12
    points = np.stack(np.meshgrid(*[(0, 0.5)] * 3), -1).reshape(-1, 3)
    found.run_qpoints(points)
    terahertz = np.sort(found.get_qpoints_dict()["frequencies"].ravel())
    whole = bulk("Ar", "fcc", 5.26) * (2, 2, 2)
    mine = vibrations(ARGON, whole)
    expected = np.sort(np.concatenate([mine.rigid_wavenumbers, mine.wavenumbers])) / 33.35640951981521
    np.testing.assert_allclose(terahertz[3:], expected[3:], rtol=1e-6)
    assert np.abs(terahertz[:3]).max() < 1e-4
    assert WAVENUMBER > 0


def test_what_is_no_crystal_is_refused():
    pytest.importorskip("phonopy", reason="phonopy is not installed (pip install 'eukrates[phonons]')")
    with pytest.raises(ValueError, match="periodic along three axes"):
        phonons(ARGON, molecule("H2O"))
    rattled = CRYSTAL.copy()
    rattled.rattle(0.05, seed=1)
    with pytest.raises(ValueError, match="not stationary"):
        phonons(ARGON, rattled, (1, 1, 1))


def test_without_phonopy_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "phonopy", None)
    with pytest.raises(ImportError, match=r"eukrates\[phonons\]"):
        phonons(ARGON, CRYSTAL)
