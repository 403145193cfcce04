"""`Constrained` starts: what is held, what is refused, and whole runs with it."""

import ase
import numpy as np
import pytest
from ase.build import molecule
from ase.constraints import FixAtoms, FixBondLengths, FixedPlane
from dynamics_toys import MORSE, Springs

from eukrates.analysis.statistics import mean_and_error
from eukrates.dynamics import NPT, Constrained, Langevin, Record, engine, resume, run, run_many
from eukrates.dynamics.begin import structure_and_masses
from eukrates.units import KELVIN

ETHANOL, WATER = molecule("CH3CH2OH"), molecule("H2O")
BATH = Langevin(300.0, friction_per_ps=10.0, hottest_kelvin=1e9)


def solution():
    """Ethanol and two waters in a cell that cuts one of them."""
    atoms = ETHANOL.copy()
    for place in ([4.0, 0, 0], [0, 4.0, 0]):
        water = WATER.copy()
        water.translate(place)
        atoms += water
    atoms.set_cell([8.0, 8.0, 8.0])
    atoms.set_pbc(True)
    atoms.wrap()
    return atoms


@pytest.mark.parametrize(("rigid", "bonds"), [("hydrogens", 6 + 4), ("water", 6), ("hydrogens+water", 6 + 6)])
def test_rigid_bonds_are_found(rigid, bonds):
    atoms = solution()
    structure, masses, held = structure_and_masses(Constrained(atoms, rigid))
    assert held.real.sum() == bonds
    assert not held.fixed.any()
    vectors = structure.positions[held.i] - structure.positions[held.j] + held.shift
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=-1)[held.real], held.lengths[held.real])
    assert held.lengths[held.real].max() < 1.6
    np.testing.assert_array_equal(structure.positions, atoms.positions)  # they are as long as they were
    np.testing.assert_array_equal(masses, atoms.get_masses())


def test_nothing_is_held_where_nothing_was_asked_for():
    assert structure_and_masses(Constrained(WATER))[2] is None
    assert structure_and_masses(WATER)[2] is None


def test_lengths_may_be_given_by_elements():
    lengths = {"O-H": 0.9572, "H-H": 1.5139}
    structure, masses, held = structure_and_masses(Constrained(solution(), "water", lengths_angstrom=lengths))
    vectors = structure.positions[held.i] - structure.positions[held.j] + held.shift
    found = np.sort(np.linalg.norm(vectors, axis=-1), axis=1)
    np.testing.assert_allclose(found, [[0.9572, 0.9572, 1.5139]] * 2)
    np.testing.assert_allclose(masses @ structure.positions, masses @ solution().positions)


def test_constraints_of_ase_are_obeyed():
    atoms = ETHANOL.copy()
    atoms.set_constraint([FixAtoms([2, 5]), FixBondLengths([(0, 1), (0, 2)], bondlengths=[1.5, 1.45])])
    _, _, held = structure_and_masses(Constrained(atoms, bonds=[(8, 7)], fixed=[3]))
    assert np.flatnonzero(held.fixed).tolist() == [2, 3, 5]
    told = held.to_json()
    found = {tuple(pair): length for pair, length in zip(told["bonds"], told["lengths"], strict=True)}
    assert found == {(0, 1): 1.5, (0, 2): 1.45, (7, 8): pytest.approx(ETHANOL.get_distance(7, 8))}


@pytest.mark.parametrize(
    ("start", "options", "message"),
    [
        (WATER, {"rigid": "hydrogen"}, "Did you mean 'hydrogens'"),
        (ETHANOL, {"rigid": "water"}, "no water molecule"),
        (molecule("CO2"), {"rigid": "hydrogens"}, "no bond to hydrogen"),
        (molecule("CO2"), {"hydrogen_mass": 3.0}, "no ordinary hydrogen"),
        (molecule("H2"), {"hydrogen_mass": 3.0}, "exactly one heavy atom"),
        (molecule("CH4"), {"hydrogen_mass": 3.5}, "less than its hydrogen"),
        (WATER, {"hydrogen_mass": 0.5}, "2 to 3 u is usual"),
        (
            ase.Atoms("OHO", [[0, 0, 0], [0, 0, 1.2], [0, 0, 2.4]]),
            {"rigid": "hydrogens"},
            "which bond is rigid is not clear",
        ),
        (WATER, {"fixed": [3]}, "numbers of atoms from 0 to 2"),
        (WATER, {"fixed": [True, False, False]}, "numbers of atoms"),
        (WATER, {"bonds": [(0, 5)]}, "numbers of atoms from 0 to 2"),
        (WATER, {"rigid": "water", "lengths_angstrom": {"H-O": 1.0}}, "no such rigid bond"),
        (WATER, {"fixed": [0, 1, 2]}, "nothing is left that could move"),
        (WATER, {"rigid": "water", "lengths_angstrom": {"H-H": 1.99}}, "contradict each other"),
    ],
)
def test_what_cannot_be_held_is_refused(start, options, message):
    with pytest.raises(ValueError, match=message):
        structure_and_masses(Constrained(start, **options))


def test_other_constraints_of_ase_are_refused():
    atoms = WATER.copy()
    atoms.set_constraint(FixedPlane(0, (0, 0, 1)))
    with pytest.raises(ValueError, match=r"FixedPlane.*FixAtoms and FixBondLengths"):
        structure_and_masses(atoms)


def test_hydrogen_gets_mass_from_its_partner_and_isotopes_none():
    atoms = ETHANOL.copy()
    given = atoms.get_masses()
    given[4] = 2.014
    atoms.set_masses(given)
    _, masses, held = structure_and_masses(Constrained(atoms, hydrogen_mass=3.0))
    assert held is None
    ordinary = (atoms.numbers == 1) & (np.arange(9) != 4)
    assert set(masses[ordinary]) == {3.0}
    assert masses[4] == 2.014
    assert masses.sum() == pytest.approx(given.sum())
    again = atoms.copy()
    again.set_masses(masses)
    np.testing.assert_array_equal(structure_and_masses(Constrained(again, hydrogen_mass=3.0))[1], masses)


def test_heavier_hydrogen_leaves_averages_as_they_are():
    """⟨x²⟩ = k_B T / k of every atom, whatever its mass."""
    potential = Springs(ETHANOL.positions, 10.0)
    start = Constrained(ETHANOL, hydrogen_mass=3.0)
    done = run(potential, start, Langevin(300.0, 20.0), 40_000, 2.0, seed=3, record=Record(every=5))
    squared = np.mean((done.trajectory.frames.positions[500:] - ETHANOL.positions) ** 2, axis=2)
    exact = KELVIN * 300.0 / 10.0
    for kind in (1, 6, 8):
        mean, error = mean_and_error(np.mean(squared[:, ETHANOL.numbers == kind], axis=1))
        assert abs(mean - exact) < 4 * error
        assert error < 0.03 * exact
    assert done.settings.masses[ETHANOL.numbers == 1].tolist() == [3.0] * 6


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Ethanol with rigid bonds to hydrogen, one of which is fixed at both ends, on springs."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    return tied(folder)


SPRINGS = Springs(ETHANOL.positions, 2.0) + MORSE
HELD = Constrained(ETHANOL, "hydrogens", fixed=[0, 3])


def tied(folder, progress=None):
    record = Record(folder, every=10, precision="float64")
    return run(SPRINGS, HELD, BATH, 300, 2.0, 1, record, progress)


def test_a_run_keeps_what_is_held(whole):
    assert whole.stopped is None
    frames, held = whole.trajectory.frames, whole.settings.constraints
    assert held.real.sum() + ((ETHANOL.numbers[[0, 3]] == 1).any() and ETHANOL.get_distance(0, 3) < 1.2) == 6
    lengths = np.linalg.norm(frames.positions[:, held.i] - frames.positions[:, held.j], axis=-1)[:, held.real]
    np.testing.assert_allclose(lengths, np.tile(held.lengths[held.real], (len(lengths), 1)), rtol=1e-10)
    np.testing.assert_array_equal(frames.positions[:, [0, 3]], np.tile(ETHANOL.positions[[0, 3]], (len(lengths), 1, 1)))
    assert np.abs(frames.positions[-1] - ETHANOL.positions).max() > 0.1
    assert whole.settings.freedom == 27 - 6 - held.real.sum()


class Killed(Exception):
    pass


def test_an_interrupted_run_goes_on_bit_for_bit(whole, tmp_path, monkeypatch):
    for name, value in (("SECONDS", 0.02), ("COMMIT_SECONDS", 0.0), ("REPORT_SECONDS", 0.0)):
        monkeypatch.setattr(engine, name, value)

    def die(report):
        if report.step >= 120:
            raise Killed

    with pytest.raises(Killed):
        tied(tmp_path / "md", die)
    done = resume(SPRINGS, tmp_path / "md")
    np.testing.assert_array_equal(done.final.positions, whole.final.positions)
    np.testing.assert_array_equal(done.final.get_momenta(), whole.final.get_momenta())
    np.testing.assert_array_equal(done.log["conserved_energy"], whole.log["conserved_energy"])


def test_held_and_free_systems_run_together(whole):
    """Each has what it is told, and the same as alone up to rounding."""
    starts = [HELD, ETHANOL]
    one, other = run_many(SPRINGS, starts, BATH, 20, 2.0, seeds=[1, 5], record=Record(every=10))
    assert other.settings.constraints is None
    frames = whole.trajectory.frames
    np.testing.assert_allclose(one.trajectory.frames.positions[-1], frames.positions[2], atol=1e-10)
    assert other.settings.freedom == 27


def test_a_cell_that_moves_cannot_hold():
    atoms = solution()
    for options in ({"rigid": "water"}, {"fixed": [0]}):
        with pytest.raises(ValueError, match="cell that moves"):
            run(MORSE, Constrained(atoms, **options), NPT(300.0), 10)


def test_a_bond_that_cannot_be_kept_stops_the_run():
    atoms = ETHANOL.copy()
    momenta = np.zeros((9, 3))
    momenta[7] = np.cross(atoms.positions[7] - atoms.positions[0], [60.0, 60.0, 60.0])
    atoms.set_momenta(momenta)
    done = run(SPRINGS, Constrained(atoms, "hydrogens", fixed=[0, 3]), BATH, 300, 2.0, record=Record(every=10))
    assert "atom 7 (H) is NaN or infinite, or its rigid bonds cannot be kept" in done.stopped
    assert done.steps_done == 0
