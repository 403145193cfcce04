"""Replicas by `eukrates md`: each as it would be alone, in one folder that is resumed, from YAML and from options."""

import json
import re

import ase.io
import numpy as np
import pytest
import yaml
from ase import Atoms

from eukrates.app.cli import run
from eukrates.app.display import dynamics_words
from eukrates.app.run_report.recorded import read_recorded
from eukrates.app.simulation import Simulation, simulate, simulate_many
from eukrates.app.simulation_configuration import read_run
from eukrates.app.simulation_ending import failure, last_words
from eukrates.data.trajectory import read_h5md
from eukrates.dynamics import Langevin, Progress, Ramp, Watch
from eukrates.trust.table import show

TOLD = {"temperature_kelvin": 50, "time_ps": 0.02, "every": 10, "seed": 3}


@pytest.fixture(scope="module")
def desk(tmp_path_factory, trained):
    """A folder with a start and a YAML file of two replicas."""
    folder = tmp_path_factory.mktemp("replicas")
    ase.io.write(folder / "start.xyz", Atoms("CuAl2", [[0.0, 0.0, 0.0], [2.6, 0.0, 0.0], [1.3, 2.3, 0.0]]))
    files = {"model": str(trained / "best.safetensors"), "structure": str(folder / "start.xyz")}
    told = files | TOLD | {"folder": str(folder / "yaml"), "replicas": 2, "report": False}
    (folder / "run.yaml").write_text(yaml.safe_dump(told))
    return folder


@pytest.fixture(scope="module")
def from_yaml(desk):
    """The folder of a run that was half as long at first, and then resumed."""
    assert run(["md", str(desk / "run.yaml"), "--time", "0.01"]) == 0
    assert run(["md", "--resume", "--folder", str(desk / "yaml"), "--time", "0.02"]) == 0
    return desk / "yaml"


def frames(folder):
    return read_h5md(folder / "trajectory.h5").frames


def test_replicas_from_options_in_one_go_are_those_of_yaml_resumed(desk, from_yaml, trained, capsys):
    options = ["--temperature", "50", "--time", "0.02", "--every", "10", "--seed", "3", "--replicas", "2"]
    files = [str(trained / "best.safetensors"), str(desk / "start.xyz")]
    assert run(["md", *files, *options, "--no-report", "--folder", str(desk / "words")]) == 0
    assert "2 replicas of 40 steps of 0.5 fs" in capsys.readouterr().out
    assert json.loads((from_yaml / "members.json").read_text()) == ["0", "1"]
    for name in ("0", "1"):
        one, other = frames(desk / "words" / name), frames(from_yaml / name)
        assert len(one) == len(other) == 5
        assert np.array_equal(one.positions, other.positions)
    told = [yaml.safe_load((folder / "md.yaml").read_text()) for folder in (desk / "words", from_yaml)]
    assert told[0] | {"folder": ""} == told[1] | {"folder": ""}


def test_a_replica_is_the_run_of_its_seed(desk, from_yaml, trained):
    alone = simulate(
        trained / "best.safetensors", desk / "start.xyz", desk / "alone", Simulation(**TOLD | {"seed": 4}), False
    )
    np.testing.assert_allclose(alone.trajectory.frames.positions, frames(from_yaml / "1").positions, atol=1e-5)
    assert not np.allclose(frames(from_yaml / "0").positions, frames(from_yaml / "1").positions, atol=1e-3)


def test_replicas_have_a_page_that_compares_them(from_yaml):
    """Too short for errors of temperatures, long enough for means over both."""
    assert run(["analyse", str(from_yaml)]) == 0
    page = (from_yaml / "report.html").read_text(encoding="utf-8")
    assert "Finished: 2 replicas, 0.02 ps, 40 steps of 0.5 fs each." in page
    assert [path.parent.name for path in from_yaml.glob("*/report.html")] == ["0"]
    hot = [float(read_recorded(from_yaml / name).settled["temperature_kelvin"].mean()) for name in "01"]
    assert f"<td>{show(float(np.mean(hot)))}</td>" in re.sub(r"<td[^>]*>", "<td>", page)
    single = read_recorded(from_yaml / "1")
    assert (single.steps_done, single.home, single.choices["replicas"]) == (40, from_yaml, 2)


def test_a_folder_of_replicas_in_use_is_refused(desk, from_yaml, failing):
    assert "--resume the run" in failing("md", desk / "run.yaml")
    assert "replicas (2 there, 3 here)" in failing("md", "--resume", "--folder", from_yaml, "--replicas", "3")


def test_replicas_begun_and_killed_before_their_first_checkpoint_start_again(desk, from_yaml, trained, monkeypatch):
    def killed(*args):
        raise SystemExit(9)

    choices = read_run(from_yaml / "md.yaml").choices
    told = trained / "best.safetensors", desk / "start.xyz", desk / "killed", choices, False
    with monkeypatch.context() as patch:
        patch.setattr("eukrates.dynamics.engine.Engine.begin", killed)
        with pytest.raises(SystemExit):
            simulate_many(*told)
    assert (desk / "killed" / "1" / "settings.json").exists()
    assert len(simulate_many(*told)) == 2
    assert np.array_equal(frames(desk / "killed" / "1").positions, frames(from_yaml / "1").positions)


def test_one_that_stops_fails_the_command_and_is_named(desk, trained):
    """The second starts at 1294 K, which is hotter than it may be; the first does not."""
    choices = Simulation(temperature_kelvin=[1, 800], hottest_kelvin=801, time_ps=0.01, seed=1)
    done = simulate_many(trained / "best.safetensors", desk / "start.xyz", desk / "hot", choices)
    assert "Stopped before their end, the table says why: 1." in (desk / "hot" / "report.html").read_text("utf-8")
    said = "\n".join(last_words(done, True))
    assert done[0].stopped is None
    assert "0: 20 steps, finished." in said
    assert "1: Stopped before the first step" in said
    assert "1 of 2 replicas stopped before their end: 1." in str(failure(done))


def test_temperatures_replicas_and_ramps_as_they_are_spelled():
    ladder = Simulation.named(temperature="300,400")
    assert ladder.members == 2
    assert [one.temperature_kelvin for one in ladder.make_ensembles()] == [300, 400]
    assert ladder.as_dict()["replicas"] == 2
    heated = Simulation.named(temperature="50:300:20")
    assert heated.make_ensembles() == [Langevin(Ramp(50.0, 300.0, 20.0))]
    assert heated == Simulation(temperature_kelvin={"start": 50, "end": 300, "over_ps": 20})
    assert Simulation(replicas=1).as_dict() == Simulation().as_dict()
    for wrong in ({"temperature_kelvin": [1, 2], "replicas": 3}, {"replicas": 0}, {"temperature_kelvin": {"start": 1}}):
        with pytest.raises(ValueError, match=r"Expected|do not fit"):
            Simulation(**wrong)


def test_watch_constraints_and_ramps_reach_the_engine(tmp_path):
    path = tmp_path / "run.yaml"
    words = (
        "ensemble: npt\ntemperature_kelvin: 300\npressure_gpa: {start: 0, end: 1, over_ps: 2}\nwatch: {contact: 0.4}"
    )
    path.write_text(f"model: a\nstructure: b\n{words}\nhydrogen_mass: 3\nfixed: [0, 2]\n")
    found = read_run(path, {"watch": {"bonds": None}}).choices
    assert found.make_record(None).watch == Watch(0.4, None)
    assert found.make_ensembles()[0].pressure_gpa == Ramp(0.0, 1.0, 2.0)  # type: ignore[reportAttributeAccessIssue]
    assert found.as_dict()["pressure_gpa"] == {"start": 0.0, "end": 1.0, "over_ps": 2.0}
    held = found.make_start(Atoms("H"))
    assert (held.fixed, held.hydrogen_mass) == ((0, 2), 3)
    with pytest.raises(ValueError, match="Did you mean 'hydrogens'"):
        Simulation(rigid="hydrogen")


def test_the_line_of_progress_counts_systems():
    told = {"step": 1, "steps": 2, "time_fs": 1.0, "potential_energy": 0.0, "temperature_kelvin": 300.0}
    p = Progress(**told, conserved_change=0.0, ns_per_day=32.0, eta_seconds=1.0, systems=16)
    assert dynamics_words(p).startswith("16 systems · ")
    assert "32 ns/day" in dynamics_words(p)
