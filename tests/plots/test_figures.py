"""Figures hold the numbers they were given, draw without global state, and carry no addresses."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

import eukrates.plots
from eukrates.analysis import pooled_bond_lengths
from eukrates.matter import system
from eukrates.plots.bonds import bond_figure, table_rows
from eukrates.plots.history import learning_curves, read_history
from eukrates.plots.parity import parity
from eukrates.plots.run import energy_conservation, temperature
from eukrates.plots.style import png, svg
from eukrates.plots.walls import dimer_curves
from eukrates.trust.comparison import Comparison
from eukrates.trust.repulsion import scan

RNG = np.random.default_rng(0)
WATER = np.array([[0.0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]])


def forces(rows):
    reference = RNG.normal(size=(rows, 3))
    return Comparison("forces", reference + 0.1, reference, np.arange(rows), np.tile([8, 1, 1], rows // 3))


def test_parity_shows_every_point_by_element_and_the_errors():
    comparison = forces(30)
    left, right = parity(comparison).axes
    drawn = {line.get_label(): line.get_xydata() for line in left.lines if line.get_label() in ("H", "O")}
    assert {name: len(points) for name, points in drawn.items()} == {"O": 30, "H": 60}
    np.testing.assert_allclose(drawn["O"][:, 1] - drawn["O"][:, 0], 100.0)  # 0.1 eV/Å in meV/Å
    assert any("MAE 100" in text.get_text() for text in left.texts)
    assert "meV/Å" in right.get_xlabel()


def test_parity_of_many_points_is_a_density_and_of_none_is_empty():
    left, _ = parity(forces(3000)).axes
    assert len(left.collections) == 1
    assert int(left.collections[0].get_array().sum()) > 0
    nothing = Comparison("energy", np.zeros((0, 1)), np.zeros((0, 1)), np.zeros(0, int), np.zeros(0, int))
    assert b"PNG" in png(parity(nothing))


def test_energies_are_shown_without_their_bias_which_is_written_down():
    reference = RNG.normal(size=(20, 1)) - 4000.0
    one = Comparison("energy", reference + 7.0, reference, np.arange(20), np.zeros(20, int))
    left, _ = parity(one).axes
    points = max((line.get_xydata() for line in left.lines), key=len)
    np.testing.assert_allclose(points[:, 0], points[:, 1], atol=1e-6)
    assert any("bias 7e+03" in text.get_text() for text in left.texts)


def test_svg_is_bare_and_repeats_itself():
    text = svg(temperature(np.arange(100.0), 300 + np.zeros(100), 300.0))
    assert text.startswith("<svg")
    assert "http" not in text
    assert "<metadata" not in text
    assert text == svg(temperature(np.arange(100.0), 300 + np.zeros(100), 300.0))


def test_pyplot_is_never_touched():
    used = [p for p in Path(eukrates.plots.__file__).parent.glob("*.py") if "import matplotlib.pyplot" in p.read_text()]
    before = dict(mpl.rcParams)
    svg(energy_conservation(np.arange(10.0), np.arange(10.0), 3))
    assert used == []
    assert dict(mpl.rcParams) == before


def test_drift_in_the_legend_is_the_slope_per_atom_and_picosecond():
    t = np.arange(0.0, 1000.0, 10)
    (ax,) = energy_conservation(t, -500 + 3e-3 * t / 1e3, 3).axes  # 3 meV/ps over 3 atoms
    assert "drift 1 meV/atom/ps" in [text.get_text() for text in ax.get_legend().get_texts()]


def test_learning_curves_take_what_is_there(tmp_path):
    rows = [{"epoch": n, "train/loss": 2.0 / n, "valid/loss": 3.0 / n, "valid/forces_mae": 0.5 / n} for n in (1, 2, 3)]
    loss, force = learning_curves(rows).axes
    best = [text.get_text() for text in force.get_legend().get_texts()]
    assert "best 167" in best  # 0.5 / 3 eV/Å in meV/Å
    assert loss.get_xlabel() == "epoch"
    old = [{"step": 10, "train_loss": 1.0}, {"step": 20, "train_loss": float("nan")}, {"step": 30, "train_loss": 0.5}]
    (only,) = learning_curves(old).axes
    assert only.get_xlabel() == "step"
    np.testing.assert_allclose(only.lines[0].get_xdata(), [10, 30])
    assert learning_curves([{"epoch": 1}]) is None
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"epoch": 1, "valid/loss": 1.0}\n{"epoch": 2, "va')
    assert read_history(path) == [{"epoch": 1, "valid/loss": 1.0}]
    path.write_text('nonsense\n{"epoch": 2}\n')
    with pytest.raises(ValueError, match="line 1 is not JSON"):
        read_history(path)


def test_a_hole_is_marked_where_it_is():
    r = np.linspace(0.2, 3.0, 200)
    wall = 10 * np.exp(-3 * r)
    good, bad = scan("H-H", r, wall, 1.0), scan("H-O", r, wall - 9 * np.exp(-((r / 0.3) ** 2)), 1.0)
    (ax,) = dimer_curves([good, bad]).axes
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["H-H", "H-O (hole)"]
    (mark,) = [line for line in ax.lines if line.get_marker() == "v"]
    assert mark.get_xdata()[0] == pytest.approx(bad.place)
    assert dimer_curves([]) is None


def test_bond_lengths_by_hand_and_across_a_boundary():
    found = pooled_bond_lengths([system([8, 1, 1], WATER)])
    np.testing.assert_allclose(sorted(found["O-H"]), sorted([0.96, np.hypot(0.24, 0.93)]))
    assert set(found) == {"O-H"}
    wrapped = system([6, 1], np.array([[0.1, 0, 0], [4.0, 0, 0]]), np.eye(3) * 5.0)
    np.testing.assert_allclose(pooled_bond_lengths([wrapped])["C-H"], [1.1])
    run = [system([8, 1, 1], WATER * (1 + 0.01 * n)) for n in range(5)]
    assert len(bond_figure(run, run[:2]).axes) == 1
    ((pair, mean, _, other, _),) = table_rows(run, run[:1])
    assert pair == "O-H"
    assert mean == pytest.approx(1.02 * other)
    assert bond_figure([system([18], np.zeros((1, 3)))]) is None
