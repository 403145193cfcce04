"""The reference set that ships with the package is whole and says what it is."""

from collections import Counter
from importlib.resources import as_file, files

import ase.io
import numpy as np
import pytest
from ase import Atoms

from eukrates.reference import PySCF, charge_and_spin


@pytest.fixture(scope="module")
def frames() -> list[Atoms]:
    with as_file(files("eukrates").joinpath("data", "sets", "ethanol.extxyz")) as path:
        return ase.io.read(path, ":")


def test_kinds_and_numbers_are_those_of_the_card(frames):
    kinds = Counter(frame.info["config_type"] for frame in frames)
    assert kinds == {"IsolatedAtom": 3, "md_300K": 240, "md_500K": 200, "modes": 160}
    card = files("eukrates").joinpath("data", "sets", "ethanol.md").read_text(encoding="utf-8")
    assert all(f"| `{kind}` | {count} |" in card for kind, count in kinds.items() if kind != "IsolatedAtom")
    assert "CC0" in card


def test_every_structure_has_its_labels_charge_spin_and_level(frames):
    assert len({frame.info["level"] for frame in frames}) == 1
    assert {charge_and_spin(frame) for frame in frames if len(frame) > 1} == {(0, 0)}
    for frame in frames:
        assert {"energy", "forces", "dipole"} <= set(frame.calc.results)
        assert np.abs(frame.get_forces().sum(axis=0)).max() < 1e-6  # eV/Å, no net force


def test_energies_are_those_of_bound_ethanol(frames):
    free = {frame.get_chemical_formula(): frame.get_potential_energy() for frame in frames if len(frame) == 1}
    apart = 2 * free["C"] + 6 * free["H"] + free["O"]
    bound = np.array([frame.get_potential_energy() - apart for frame in frames if len(frame) > 1])
    assert -35.2 < bound.min() < -34.5  # eV; experiment, without zero-point energy: -35.1
    assert bound.max() < bound.min() + 4


def test_the_level_can_be_computed_again(frames):
    pytest.importorskip("pyscf", reason="PySCF is not installed (pip install 'eukrates[reference]')")
    grid = {"H": (35, 194), "C": (50, 434), "O": (50, 434)}
    labeller = PySCF("pbe0", "def2-TZVP", grid=grid)
    hydrogen = frames[0]
    assert labeller.level == hydrogen.info["level"]
    assert labeller(hydrogen).energy == pytest.approx(hydrogen.get_potential_energy(), abs=1e-6)
