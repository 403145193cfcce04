"""The page is whole: nothing is fetched, nothing is lost, and the trajectory in it is the trajectory given."""

import base64
import html.parser
import json
import re

import numpy as np
import pytest

from eukrates.data.trajectory import Frames, Trajectory
from eukrates.matter import system
from eukrates.matter.superposition import superposed
from eukrates.plots.molecule import decode, encode, molecule
from eukrates.plots.report import Figure, Report, Section, Verdict, as_html
from eukrates.plots.run import temperature
from eukrates.plots.sections import (
    dynamics_section,
    evaluation_section,
    inspection_section,
    training_section,
    trajectory_section,
)
from eukrates.trust import Table
from eukrates.trust.comparison import Comparison
from eukrates.trust.conservation import Series
from eukrates.trust.evaluation import Evaluation
from eukrates.trust.finding import Finding
from eukrates.trust.inspection import Inspection
from eukrates.trust.repulsion import scan

RNG = np.random.default_rng(0)
PLACES = np.array([[0.0, 0, 0], [1.5, 0, 0], [2, 1.3, 0], [-0.4, 1, 0.5]])


def frames(count=20, cell=None):
    return [system([6, 6, 8, 1], PLACES + RNG.normal(scale=0.1, size=(4, 3)), cell) for _ in range(count)]


class Page(html.parser.HTMLParser):
    """Collects what a browser would fetch, the payloads, and unbalanced tags."""

    VOID = ("meta", "img", "input", "br", "hr", "link")

    def __init__(self, text):
        super().__init__()
        self.fetched, self.open, self.payloads, self.inside = [], [], [], None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        addresses = [given[k] for k in ("src", "href", "xlink:href", "srcset", "action", "data") if given.get(k)]
        self.fetched += [a for a in addresses if not a.startswith(("data:", "#"))]
        if tag not in self.VOID:
            self.open.append(tag)
        self.inside = given.get("type") if tag == "script" else self.inside

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self.inside = None

    def handle_data(self, text):
        if self.inside == "application/json":
            self.payloads.append(json.loads(text))


@pytest.fixture(scope="module")
def page():
    reference = RNG.normal(size=(30, 3))
    numbers = np.tile([6, 6, 8], 10)
    forces = Comparison("forces", reference + 0.01, reference, np.repeat(np.arange(10), 3), numbers)
    names = [f"a<b>#{n}" for n in range(10)]
    evaluation = Evaluation({"forces": forces}, names, ["C2O"] * 10, [None] * 10, np.full(10, 3), {"forces": 0}, (), ())
    r = np.linspace(0.2, 3, 50)
    findings = (
        Finding("rotation", 1e-14, "relative", 1e-8, True, "holds"),
        Finding("walls", float("inf"), "eV", 0.01, False, "a < b"),
        Finding("stress", None, "", None, None, "no cell"),
    )
    t = np.arange(0, 100.0)
    series = Series(t, -4000 + 1e-4 * np.sin(t), 300 + 0 * t, 4, 1.0, 300.0)
    card = Table("Card", ("entry", "value"), [("kind", "Morse")])
    inspection = Inspection(card, findings, (scan("C-C", r, np.exp(-r), 1.5),), (), series)
    run = frames()
    sections = [
        training_section([{"epoch": 1, "valid/loss": 1.0}, {"epoch": 2, "valid/loss": 0.5}], {"time": "3 min"}),
        evaluation_section(evaluation),
        inspection_section(inspection),
        dynamics_section(run, np.arange(20.0), 300 + np.zeros(20), np.zeros(20), frames(5), 300.0),
        Section("A box", [molecule(frames(1, np.eye(3) * 5)), Figure(temperature(t, t, None), "as PNG", as_png=True)]),
    ]
    return run, Report("Test <page>", sections, "of & everything").html()


def test_nothing_is_fetched_and_tags_are_balanced(page):
    found = Page(page[1])
    assert found.open == []
    assert found.fetched == []
    assert not re.search(r"https?:|//[a-z0-9-]+\.|@import|url\((?!#)", page[1])


def test_words_are_escaped(page):
    assert "Test &lt;page&gt;" in page[1]
    assert "a&lt;b&gt;#" in page[1]
    assert "✗ FAIL" in page[1]
    assert "NOT SOUND" in page[1]


def test_the_embedded_trajectory_is_the_one_given(page):
    run, text = page
    first, box = Page(text).payloads
    shown = decode(first)
    assert first["symbols"] == ["C", "C", "O", "H"]
    assert first["times"] == list(range(20))
    assert first["cell"] is None
    for frame, structure in zip(shown, run, strict=True):  # laid over the first frame: distances are what is kept
        for a in range(4):
            np.testing.assert_allclose(
                np.linalg.norm(frame - frame[a], axis=1),
                np.linalg.norm(structure.positions - structure.positions[a], axis=1),
                atol=5e-4,
            )
    np.testing.assert_allclose(shown[0], run[0].positions, atol=2e-4)
    assert box["cell"] == (np.eye(3) * 5).tolist()
    assert "times" in box


def test_positions_come_back_to_half_a_step_without_alignment():
    run = frames(7, np.diag([8.0, 9.0, 10.0]))
    payload = molecule(run).payload()
    wrong = np.abs(decode(payload) - np.stack([s.positions for s in run]))
    assert wrong.max() <= 0.5001 * payload["step"]
    assert len(base64.b64decode(payload["positions"])) == 2 * 3 * 4 * 7


def test_alignment_undoes_a_turn_but_not_a_mirror():
    turn, _ = np.linalg.qr(RNG.normal(size=(3, 3)))
    turn = turn * np.sign(np.linalg.det(turn))
    np.testing.assert_allclose(superposed(PLACES @ turn.T + 3.0, PLACES), PLACES, atol=1e-12)
    assert np.abs(superposed(-PLACES, PLACES) - PLACES).max() > 0.1


def test_long_trajectories_are_thinned_evenly_with_their_times():
    many = molecule(frames(100), list(np.arange(100.0)), align=False)
    big = type(many)(many.numbers, np.tile(many.frames, (600, 1, 1)), None, np.arange(60000.0))
    payload = big.payload()
    assert payload["frames"] == 30000
    assert payload["times"][:3] == [0.0, 2.0, 4.0]


def test_what_cannot_be_shown_is_refused():
    with pytest.raises(ValueError, match="same atoms"):
        molecule([*frames(2), system([6], np.zeros((1, 3)))])
    with pytest.raises(ValueError, match="not finite"):
        encode(np.full((1, 1, 3), np.nan))
    with pytest.raises(TypeError, match="on a page"):
        as_html(3.0)
    with pytest.raises(ValueError, match="mood"):
        Verdict("x", "angry")


def test_the_file_is_written(tmp_path):
    path = Report("T", [Section("S", ["words & more"])]).write(tmp_path / "report.html")
    text = path.read_text(encoding="utf-8")
    assert "words &amp; more" in text
    assert "<canvas" not in text  # no viewer where there is nothing to turn


def test_a_recorded_trajectory_becomes_a_section():
    positions = np.stack([s.positions for s in frames(6)])
    seen = {"temperature_kelvin": np.full(6, 300.0), "conserved_energy": np.zeros(6)}
    recorded = Frames(np.arange(6), 2.0 * np.arange(6), positions, seen)
    trajectory = Trajectory(system([6, 6, 8, 1], positions[0]), np.ones(4), recorded)
    first, shown, *rest = trajectory_section(trajectory, target_kelvin=300, stopped="too hot").blocks
    assert first == Verdict("Stopped early: too hot", "bad")
    assert shown.payload()["times"] == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    assert sum(isinstance(block, Figure) for block in rest) == 3
