"""`eukrates md` from a YAML file, from options and from Python: one run. And the folder that remembers it all."""

import shutil
from pathlib import Path

import ase.io
import pytest
import yaml
from ase import Atoms

from eukrates.app.cli import run
from eukrates.app.configuration_file import ConfigurationError
from eukrates.app.simulation import Simulation, go_on, simulate
from eukrates.app.simulation_configuration import read_run
from eukrates.app.template import md_template
from eukrates.data.trajectory import read_h5md
from eukrates.dynamics import NPT, VelocityRescaling

TOLD = {"ensemble": "bussi", "temperature_kelvin": 60, "bath_fs": 50, "time_ps": 0.02, "every": 5, "seed": 3}


@pytest.fixture(scope="module")
def desk(tmp_path_factory, trained):
    """A folder with a model, a start, and a YAML file that names them."""
    folder = tmp_path_factory.mktemp("desk")
    shutil.copy(trained / "best.safetensors", folder / "model.safetensors")
    ase.io.write(folder / "start.xyz", Atoms("CuAl2", [[0.0, 0.0, 0.0], [2.6, 0.0, 0.0], [1.3, 2.3, 0.0]]))
    files = {"model": str(folder / "model.safetensors"), "structure": str(folder / "start.xyz")}
    told = files | TOLD | {"folder": str(folder / "yaml"), "report": False}
    (folder / "run.yaml").write_text(yaml.safe_dump(told))
    return folder


@pytest.fixture(scope="module")
def from_yaml(desk) -> Path:
    """The folder of a run that a YAML file describes, some of it overridden."""
    assert run(["md", str(desk / "run.yaml"), "--seed", "4"]) == 0
    return desk / "yaml"


def frames(folder):
    found = read_h5md(folder / "trajectory.h5").frames
    return found.positions.tobytes(), found.velocities.tobytes(), found.observables["conserved_energy"].tobytes()


def test_yaml_and_python_are_the_same_run(desk, from_yaml):
    choices = Simulation(**TOLD | {"seed": 4})
    simulate(desk / "model.safetensors", desk / "start.xyz", desk / "python", choices, report=False)
    assert frames(desk / "python") == frames(from_yaml)
    assert len(read_h5md(from_yaml / "trajectory.h5").frames) == 9


def test_options_alone_are_the_same_run_as_well(desk):
    """MODEL STRUCTURE --options against YAML: settings as they were resolved, and every bit of the frames."""
    options = ["--ensemble", "bussi", "--temperature", "60", "--every", "5", "--seed", "3", "--time", "0.02"]
    files = [str(desk / "model.safetensors"), str(desk / "start.xyz")]
    assert run(["md", *files, *options, "--no-report", "--folder", str(desk / "words")]) == 0
    text = (desk / "run.yaml").read_text().replace("bath_fs: 50", "bath_fs: 100")
    (desk / "hundred.yaml").write_text(text)
    assert run(["md", str(desk / "hundred.yaml"), "--folder", str(desk / "hundred")]) == 0
    assert frames(desk / "words") == frames(desk / "hundred")
    told = [yaml.safe_load((desk / name / "md.yaml").read_text()) | {"folder": ""} for name in ("words", "hundred")]
    assert told[0] == told[1]


def test_the_folder_says_everything_and_repeats_itself(desk, from_yaml):
    told = yaml.safe_load((from_yaml / "md.yaml").read_text())
    assert told["model"] == str(desk / "model.safetensors")
    assert (told["seed"], told["bath_fs"], told["precision"], told["timestep_fs"]) == (4, 50, "float32", 0.5)
    assert run(["md", str(from_yaml / "md.yaml"), "--folder", str(desk / "again")]) == 0
    assert frames(desk / "again") == frames(from_yaml)


def test_options_are_the_same_run_and_resume_knows_it_all(desk, from_yaml, failing):
    """STRUCTURE --model MODEL, stopped half-way by its length; the rest of the settings is remembered."""
    other = desk / "options"
    options = ["--ensemble", "bussi", "--temperature", "60", "--every", "5", "--seed", "4", "--time", "0.01"]
    text = yaml.safe_load((desk / "run.yaml").read_text()) | {"time_ps": 0.01, "seed": 4, "folder": str(other)}
    (desk / "half.yaml").write_text(yaml.safe_dump({k: v for k, v in text.items() if k not in ("model", "ensemble")}))
    model = ["--model", str(desk / "model.safetensors")]
    assert run(["md", str(desk / "half.yaml"), *model, *options]) == 0
    again = ["md", "--resume", "--folder", str(other)]
    said = failing(*again, "--temperature", "70", "--ensemble", "nve")
    assert "ensemble ('bussi' there, 'nve' here)" in said
    assert "temperature_kelvin (60" in said
    assert "nothing was touched" in said
    (desk / "model.safetensors").rename(desk / "moved.safetensors")
    try:
        assert "is not there any more" in failing(*again, "--time", "0.02")
        assert run([*again, "--model", str(desk / "moved.safetensors"), "--time", "0.02"]) == 0
    finally:
        (desk / "moved.safetensors").rename(desk / "model.safetensors")
    assert frames(other) == frames(from_yaml)
    now = yaml.safe_load((other / "md.yaml").read_text())
    assert now["time_ps"] == pytest.approx(0.02)
    assert now["model"] == str(desk / "moved.safetensors")
    assert "more than the" in failing(*again, "--time", "0.01", "--model", desk / "model.safetensors")


def test_a_run_killed_before_its_first_checkpoint_starts_again(desk, from_yaml, failing):
    """With files half-written; other settings are refused, since they would be another run."""
    for name, left in (("early", ("md.yaml",)), ("late", ("md.yaml", "settings.json", "trajectory.h5", "log.jsonl"))):
        folder = desk / name
        folder.mkdir()
        for file in left:
            shutil.copy(from_yaml / file, folder / file)
        (folder / ".settings.json.abcd.json").write_text("{")
    again = ["md", str(desk / "run.yaml"), "--folder"]
    assert "seed (4 there, 3 here)" in failing(*again, desk / "early")
    assert "time_ps (0.02 there, 0.5 here)" in failing(*again, desk / "late", "--seed", "4", "--time", "0.5")
    assert "no checkpoint yet" in failing("md", "--resume", "--folder", desk / "early", "--time", "9")
    assert run([*map(str, again), str(desk / "early"), "--seed", "4"]) == 0
    go_on(desk / "late")
    assert frames(desk / "early") == frames(desk / "late") == frames(from_yaml)


def test_a_refused_run_leaves_nothing(desk, failing):
    said = failing("md", desk / "model.safetensors", desk / "start.xyz", "--folder", desk / "no", "--ensemble", "npt")
    assert "not periodic" in said
    assert not (desk / "no").exists()


def test_a_folder_in_use_or_begun_otherwise_is_refused(desk, from_yaml, failing):
    before = {path.name: path.read_bytes() for path in from_yaml.iterdir()}
    assert "--resume the run" in failing("md", desk / "run.yaml", "--seed", "4")
    assert {path.name: path.read_bytes() for path in from_yaml.iterdir()} == before


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("tempratur_kelvin: 3", "tempratur_kelvin (line 4): unknown key. Did you mean 'temperature_kelvin'?"),
        ("ensemble: lanegvin", "Did you mean 'langevin'?"),
        ("every: 1.5", "every (line 4)"),
        ("pressure_gpa: 1e-4", "configuration (line 4): A pressure_gpa of 0.0001 would be ignored"),
        ("time_ps: .inf", "time_ps (line 4)"),
        ("record: [velocity]", "Cannot record velocity"),
        ("model: b", "'model' is there twice"),
    ],
)
def test_mistakes_are_named_with_their_lines(tmp_path, line, words):
    path = tmp_path / "run.yaml"
    path.write_text(f"model: a\nstructure: b\n\n{line}\n")
    with pytest.raises(ConfigurationError) as caught:
        read_run(path)
    assert words in str(caught.value)


def test_every_setting_of_an_ensemble_can_be_chosen():
    chosen = {"temperature_kelvin": 310, "pressure_gpa": 0.1, "hottest_kelvin": 900}
    npt = Simulation(ensemble="npt", **chosen, bath_fs=40, piston_fs=500, compressibility_per_gpa=0.2)
    assert npt.make_ensembles()[0] == NPT(**chosen, time_fs=40, piston_fs=500, compressibility_per_gpa=0.2)
    record = Simulation(every=3, record=("forces",), record_precision="float64").make_record("x")
    assert (record.every, record.what, record.precision) == (3, ("forces",), "float64")
    assert Simulation(ensemble="bussi").as_dict()["bath_fs"] == VelocityRescaling(300).time_fs
    with pytest.raises(ValueError, match="choose npt"):
        Simulation(piston_fs=100)


def test_the_commented_configuration_has_the_defaults(tmp_path, failing, capsys):
    path = tmp_path / "run.yaml"
    assert run(["init", str(path), "--md"]) == 0
    assert path.read_text() == md_template(str(path))
    assert read_run(path).choices == Simulation()
    assert "needs no data" in failing("init", tmp_path / "b.yaml", "--md", "--data", "x")
    capsys.readouterr()
    assert run(["schema", "--md"]) == 0
    assert '"piston_fs"' in capsys.readouterr().out


def test_infinity_of_the_far_cutoff_survives(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text("model: a\nstructure: b\nfar_cutoff: inf\nelectrostatics: none\n")
    found = read_run(path, {"far_cutoff": float("inf")})
    assert found.choices.long_range == {"far_cutoff": float("inf"), "electrostatics": "none"}


def test_words_that_mean_nothing_are_refused(desk, failing):
    config, model = desk / "run.yaml", desk / "model.safetensors"
    assert "no STRUCTURE" in failing("md", model)
    assert "no MODEL and STRUCTURE" in failing("md")
    assert "Give a configuration" in failing("md", model, "a.xyz", "b.xyz")
    assert "Give a configuration" in failing("md", model, config)
    assert "--resume, which knows" in failing("md", model, "a.xyz", "--resume")


def test_the_configuration_of_the_page_is_one(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "dynamics.md").read_text(encoding="utf-8")
    (tmp_path / "run.yaml").write_text(page.partition("```yaml\n")[2].partition("```")[0], encoding="utf-8")
    found = read_run(tmp_path / "run.yaml").choices
    assert (found.pressure_gpa, found.every, found.record) == (1e-4, 8, ("velocities",))


def test_an_interrupt_names_the_command_that_goes_on(desk, monkeypatch, capsys):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("eukrates.app.simulation.simulate_many", interrupted)
    assert run(["md", str(desk / "run.yaml"), "--folder", "elsewhere"]) == 130
    assert "`eukrates md --resume --folder elsewhere` goes on" in capsys.readouterr().err
