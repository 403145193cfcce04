"""`eukrates explore`: what lands in the folder, what is printed, how they fail."""

import csv

import ase.io
import numpy as np
import pytest
from argon import LJ6, explore, write_heap
from ase.calculators.calculator import Calculator, all_changes

from eukrates.app import exploring
from eukrates.app.cli import run
from eukrates.app.exploration_results import write_results
from eukrates.app.exploring import Afterwards, Ways, explore_file
from eukrates.app.second_opinion import Check, check_lowest
from eukrates.landscape.populations import Gibbs
from eukrates.landscape.search import Budget, Rules
from eukrates.reference import FromCalculator
from eukrates.units import KJ_PER_MOL


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_heap(tmp_path_factory.mktemp("exploration"))


@pytest.fixture(scope="module")
def searched(folder):
    more = ["--temperature", "2000", "--temperature", "4000", "--free-energies", "2"]
    assert run(explore(folder, "--quenches", "60", "--check", f"{folder}/model.safetensors", *more)) == 0
    return folder / "search"


def test_minima_are_in_the_folder(searched):
    minima = ase.io.read(searched / "minima.extxyz", ":")
    np.testing.assert_allclose([atoms.get_potential_energy() for atoms in minima], LJ6, atol=1e-6)
    assert [atoms.info["rank"] for atoms in minima] == [0, 1]
    with (searched / "minima.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["rank"]) for row in rows] == [0, 1]
    assert sum(float(row["weight_2000K"]) for row in rows) == pytest.approx(1, abs=1e-5)
    assert [row["symmetry_number"] for row in rows] == ["24", "2"]  # of the octahedron there are fewer relabellings
    ratio = float(rows[1]["weight_4000K"]) / float(rows[0]["weight_4000K"])
    assert ratio == pytest.approx(12 * np.exp(-(LJ6[1] - LJ6[0]) / (4000 * 8.617333e-5)), rel=1e-3)
    # the octahedron is the stiffer one, too: entropy favours the other
    assert float(rows[1]["gibbs_weight_4000K"]) > float(rows[1]["weight_4000K"])
    assert {row["imaginary_modes"] for row in rows} == {"0"}


def test_both_levels_are_in_the_folder(searched):
    with (searched / "second_opinion.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["rank"], row["what_is_wrong"]) for row in rows] == [("0", ""), ("1", "")]
    for level in ("own", "other"):
        above = (LJ6[1] - LJ6[0]) / KJ_PER_MOL
        assert float(rows[1][f"{level}_kj_per_mol"]) == pytest.approx(above, abs=1e-3)
    assert len(ase.io.read(searched / "second_opinion.extxyz", ":")) == 2


def test_the_report_tells_all(searched):
    page = (searched / "report.html").read_text("utf-8")
    for words in ("2 different minima", "Second opinion: model", "The lowest in three dimensions", "% by G, 4000 K"):
        assert words in page


def test_the_same_command_goes_on_and_another_is_refused(searched, folder, capsys):
    assert run(explore(folder, "--quenches", "80")) == 0
    assert "2 minima in 85 quenches" in capsys.readouterr().out
    assert run(explore(folder, "--quenches", "80", "--seed", "1")) == 1
    assert "other rules" in capsys.readouterr().err
    assert run(explore(folder, "--check", "gfn7")) == 1
    assert "Unknown labeller" in capsys.readouterr().err
    assert run(explore(folder, "--by", "hoping")) == 1
    assert "hopping" in capsys.readouterr().err


HOP = Ways(by=("hopping",), candidates=12, hopping_kelvin=9000.0)
RULES = Rules(force=1e-4, gap=2.2)


class Pull(Calculator):
    """Every atom to a place of its own."""

    implemented_properties = ("energy", "forces")

    def __init__(self, goal):
        super().__init__()
        self.goal = goal

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        apart = self.atoms.positions - self.goal
        self.results = {"energy": float(np.sum(apart**2)), "forces": -2 * apart}


def explored(folder, out, quenches, **more):
    """As at the command line, in Python; the search in `out` goes on, or is as it was."""
    files = f"{folder}/model.safetensors", f"{folder}/start.xyz"
    return explore_file(*files, out, Budget(quenches=quenches), HOP, RULES, **more)


def test_what_cannot_be_done_afterwards_is_refused_before_the_search(folder, capsys):
    def refused(*more):
        assert run([*explore(folder)[:3], "-o", f"{folder}/never", *more]) == 1
        assert not (folder / "never").exists()
        return capsys.readouterr().err

    assert "atoms.info['charge'] is missing" in refused("--check", "tblite")  # the model itself needs none
    assert "no model file" in refused("--check", "missing.safetensors")
    assert "temperatures above 0 K" in refused("--temperature", "0")
    assert "0 or more, got -1" in refused("--free-energies", "-1")
    assert "at least one process" in refused("--check", "gfn2", "--check-processes", "0")


def test_free_energies_without_second_derivatives_are_refused_before_the_search(folder, tmp_path, monkeypatch):
    def has_none(potential, structure):
        raise ValueError("no second derivatives")

    monkeypatch.setattr(exploring, "expansion", has_none)
    with pytest.raises(ValueError, match="no second derivatives"):
        explored(folder, tmp_path / "search", 2, afterwards=Afterwards(free_energies=1))
    assert not (tmp_path / "search/rounds").exists()


def test_a_check_of_a_single_minimum_says_that_it_says_nothing(folder, capsys):
    told = ["-o", f"{folder}/single", "--quenches", "1", "--gap", "2.2", "--check", f"{folder}/model.safetensors"]
    assert run([*explore(folder)[:3], *told]) == 0
    assert "Nothing could be checked by model" in capsys.readouterr().out
    assert "Nothing could be checked by model" in (folder / "single/report.html").read_text("utf-8")
    assert "the only minimum" in (folder / "single/second_opinion.csv").read_text("utf-8")


def test_saddle_points_have_no_weight(searched, folder, tmp_path):
    search = explored(folder, searched, 1).search
    gibbs = [Gibbs(None, 0.1, 1, "A saddle point."), Gibbs(None, None, None, "No memory.")]
    write_results(search, tmp_path, [500.0], gibbs)
    with (tmp_path / "minima.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["weight_500K"] for row in rows] == ["", "1"]
    assert [row["why_no_gibbs"] for row in rows] == ["A saddle point.", "No memory."]
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "Second derivatives of 2 were asked for; saddle points among them, which have no weight: 1" in page
    assert "No memory." in page


def test_minima_that_become_one_at_the_other_level_are_told(searched, folder, tmp_path, monkeypatch):
    search = explored(folder, searched, 1).search
    goal = search.lowest(1)[0].positions
    pull = FromCalculator(lambda atoms: Pull(goal), "a pull")
    monkeypatch.setattr("eukrates.app.second_opinion.labeller", lambda name: pull)
    opinion = check_lowest(Check("pull", relaxed=True), search, tmp_path)
    assert opinion.wrong == ("", "became the same as minimum 0")
    assert opinion.level == "a pull, relaxed"
    assert not opinion.compared
    write_results(search, tmp_path, [500.0], (), opinion)
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "became the same as minimum 0" in page
    assert "Nothing could be checked by a pull, relaxed" in page


def test_a_model_relaxes_minima_to_those_that_it_found_itself(searched, folder, tmp_path):
    search = explored(folder, searched, 1).search
    opinion = check_lowest(Check(f"{folder}/model.safetensors", relaxed=True), search, tmp_path)
    assert (opinion.level, opinion.wrong) == ("model, relaxed", ("", ""))
    assert opinion.largest < 1e-4


def test_minima_are_on_disk_while_the_search_goes_on(folder, tmp_path, monkeypatch):
    seen = []

    def progress(standing, done, of):
        if of == 0:
            seen.append((tmp_path / "search/minima.csv").exists())

    monkeypatch.setattr(exploring, "EVERY", 0.0)
    monkeypatch.setattr(exploring, "SHARE", 0)
    explored(folder, tmp_path / "search", 13, progress=progress)
    assert seen == [False, True]


def test_an_error_stays_what_it_was_and_all_is_written(folder, tmp_path, monkeypatch):
    out = tmp_path / "search"
    more = {"afterwards": Afterwards(free_energies=1, check=Check(f"{folder}/model.safetensors"))}
    explored(folder, out, 2, **more)
    complete = (out / "report.html").read_text("utf-8")
    assert "% by G" in complete

    meanwhile = []

    def dies(*args):
        meanwhile.append((out / "report.html").read_text("utf-8"))
        raise KeyboardInterrupt

    monkeypatch.setattr(exploring, "check_lowest", dies)
    with pytest.raises(KeyboardInterrupt):
        explored(folder, out, 2, **more)
    assert meanwhile == [complete]
    assert (out / "report.html").read_text("utf-8") == complete  # not overwritten by a poorer one
    with pytest.raises(KeyboardInterrupt):
        explored(folder, out, 14, **more)  # what is new is written all the same
    assert "% by G" in (out / "report.html").read_text("utf-8")

    def fails(*args):
        raise OSError("no room")

    monkeypatch.setattr(exploring, "write_results", fails)
    with pytest.raises(KeyboardInterrupt) as error:
        explored(folder, out, 26, **more)
    assert "no room" in error.value.__notes__[0]
