"""The coupled-cluster set that ships with the package is whole and says what it is."""

from collections import Counter
from importlib.resources import as_file, files

import ase.io
import pytest
from ase import Atoms

from eukrates.reference import FocalPoint, charge_and_spin


@pytest.fixture(scope="module")
def frames() -> list[Atoms]:
    with as_file(files("eukrates").joinpath("data", "sets", "small_molecules.extxyz")) as path:
        return ase.io.read(path, ":")


def test_parts_and_numbers_are_those_of_the_card(frames):
    parts = Counter(frame.info["part"] for frame in frames if len(frame) > 1)
    assert parts == {"train": 120, "valid": 48, "test": 168, "test_other": 40}
    card = files("eukrates").joinpath("data", "sets", "small_molecules.md").read_text(encoding="utf-8")
    assert all(f"| `{part}` | {count} |" in card for part, count in parts.items())
    assert "CC0" in card
    others = {frame.info["molecule"] for frame in frames if frame.info.get("part") == "test_other"}
    seen = {frame.info["molecule"] for frame in frames if len(frame) > 1 and frame.info["part"] != "test_other"}
    assert len(seen) == 24
    assert len(others) == 5
    assert not seen & others


def test_every_structure_has_an_energy_alone_and_one_level(frames):
    assert len({frame.info["level"] for frame in frames}) == 1
    assert all(set(frame.calc.results) == {"energy"} for frame in frames)
    assert {charge_and_spin(frame) for frame in frames if len(frame) > 1} == {(0, 0)}
    assert len({frame.positions.tobytes() for frame in frames if len(frame) > 1}) == len(frames) - 4


def test_molecules_are_bound_as_they_should_be(frames):
    free = {frame.get_chemical_formula(): frame.get_potential_energy() for frame in frames if len(frame) == 1}
    lowest: dict[str, float] = {}
    for frame in frames:
        if len(frame) > 1:
            bound = frame.get_potential_energy() - sum(free[symbol] for symbol in frame.get_chemical_symbols())
            name = frame.info["molecule"]
            lowest[name] = min(bound, lowest.get(name, 0.0))
    experiment = {
        "H2O": -10.09,
        "NH3": -12.91,
        "CH4": -18.21,
        "C2H4": -24.41,
        "CO2": -16.87,
    }  # eV, no zero-point energy
    for name, energy in experiment.items():
        assert energy < lowest[name] < 0.95 * energy  # a triple-zeta basis binds a little less, and all are displaced


def test_the_level_can_be_computed_again(frames):
    pytest.importorskip("pyscf", reason="PySCF is not installed (pip install 'eukrates[reference]')")
    labeller = FocalPoint("cc-pVTZ", "cc-pVDZ")
    water = next(frame for frame in frames if frame.info.get("molecule") == "H2O")
    assert labeller.level == water.info["level"]
    assert labeller(water).energy == pytest.approx(water.get_potential_energy(), abs=1e-5)
