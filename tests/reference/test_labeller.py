"""Charge, spin and labels are explicit, and what is wrong with them is said."""

import numpy as np
import pytest
from ase import Atoms

from eukrates.reference import LabelError, Labels, charge_and_spin, labelled


def test_charge_and_spin_are_read_from_the_atoms():
    assert charge_and_spin(Atoms("O", info={"charge": 0, "spin": 2})) == (0, 2)
    assert charge_and_spin(Atoms("OH", info={"charge": -1.0, "spin": np.int64(0)})) == (-1, 0)


@pytest.mark.parametrize("key", ["charge", "spin"])
def test_a_missing_one_is_refused_with_the_remedy(key):
    info = {"charge": 0, "spin": 0}
    del info[key]
    with pytest.raises(ValueError, match=rf"atoms.info\['{key}'\] = 0"):
        charge_and_spin(Atoms("OH2", info=info))


@pytest.mark.parametrize(
    ("formula", "charge", "spin"), [("H", 0, 0), ("H", 0, 3), ("OH2", 0, 1), ("OH2", 1, 0), ("O", 0, -2), ("H", 2, 0)]
)
def test_electrons_that_cannot_be_paired_that_way_are_refused(formula, charge, spin):
    with pytest.raises(ValueError, match="electrons"):
        charge_and_spin(Atoms(formula, info={"charge": charge, "spin": spin}))


@pytest.mark.parametrize("value", [0.5, "0", None, [0], float("nan")])
def test_what_is_not_a_whole_number_is_refused(value):
    with pytest.raises(ValueError, match="whole number"):
        charge_and_spin(Atoms("OH2", info={"charge": value, "spin": 0}))


def test_labels_that_are_not_numbers_are_a_failure():
    with pytest.raises(LabelError, match="forces"):
        Labels(0.0, np.array([[0.0, np.nan, 0.0]]))


def test_labelled_atoms_give_their_labels_to_ase_and_lack_what_is_unknown():
    frame = labelled(Atoms("H", info={"charge": 0, "spin": 1}), Labels(-13.6, np.zeros((1, 3))), "made up")
    assert frame.get_potential_energy() == -13.6
    assert frame.info["level"] == "made up"
    assert "dipole" not in frame.calc.results
