"""Charge and spin that files do not state."""

import numpy as np

from eukrates.app.configuration import Data
from eukrates.app.parts import read_parts
from eukrates.data import Dataset, Sample, with_state, write
from eukrates.matter import system

WATER = [8, 1, 1], np.array([[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]])


def test_only_what_is_not_stated_is_filled_in():
    silent, ion = Sample(system(*WATER), energy=1.0), Sample(system(*WATER, charge=1.0, spin=1.0), energy=2.0)
    half = Sample(system(*WATER, charge=-1.0), energy=3.0)
    data = Dataset((silent, ion, half))
    filled = with_state(data, charge=0, spin=0)
    assert [float(s.system.charge[0]) for s in filled] == [0, 1, -1]
    assert [float(s.system.spin[0]) for s in filled] == [0, 1, 0]
    assert [s.energy for s in filled] == [1, 2, 3]
    assert silent.system.charge is None
    assert with_state(data) is data
    assert with_state(data, spin=2)[0].system.charge is None


def test_a_configuration_states_them_for_all_parts(tmp_path):
    samples = [Sample(system(WATER[0], WATER[1] * (1 + 0.01 * n)), energy=float(n)) for n in range(6)]
    write(samples, tmp_path / "a.extxyz")
    write(samples[:2], tmp_path / "b.extxyz")
    parts = read_parts(
        Data(train=str(tmp_path / "a.extxyz"), valid=2, test=str(tmp_path / "b.extxyz"), charge=0, spin=0)
    )
    for part in ("train", "valid", "test"):
        assert all(s.system.charge == 0 and s.system.spin == 0 for s in parts[part])
