"""The command line as a whole: quick, complete, and honest about failure."""

import subprocess
import sys

import pytest

from eukrates.app import failures
from eukrates.app.cli import run
from eukrates.version import __version__

VERBS = (
    "demo",
    "check",
    "train",
    "evaluate",
    "inspect",
    "predict",
    "md",
    "analyse",
    "modes",
    "label",
    "convert",
    "pull",
    "doctor",
    "init",
    "schema",
)
LIGHT = """
import sys
from eukrates.app.cli import run
code = run({arguments!r})
heavy = sorted({{"jax", "equinox", "optax", "ase", "matplotlib"}} & set(sys.modules))
assert code == 0, code
assert not heavy, heavy
"""


def in_a_fresh_process(script: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["train", "--help"]], ids=" ".join)
def test_help_and_version_are_light(arguments):
    done = in_a_fresh_process(LIGHT.format(arguments=arguments))
    assert done.returncode == 0, done.stderr
    assert (__version__ if arguments == ["--version"] else "Usage") in done.stdout


def test_every_verb_explains_itself(capsys):
    assert run(["--help"]) == 0
    overview = capsys.readouterr().out
    for verb in VERBS:
        assert f" {verb} " in overview
        assert run([verb, "--help"]) == 0
        assert "Usage: eukrates " + verb in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["trian"], "Did you mean 'train'?"),
        (["train", "c.yaml", "--resum"], "--resume"),
        (["md", "m", "s", "--time", "soon"], "--time"),
        (["md", "m"], "STRUCTURE"),
        (["md", "m", "--resume", "--temperature", "400"], "md holds no run"),
        (["md", "m", "s", "--ensemble", "nvt"], "Known: nve, langevin"),
        (["evaluate", "m", "d", "--key", "energy"], "NAME=VALUE"),
        (["label", "x.xyz", "--with", "gfn3"], "Did you mean 'gfn2'?"),
        (["train", "nowhere.yaml"], "eukrates init"),
        (["demo", "--minutes", "0.1"], "minutes"),
    ],
    ids=lambda x: " ".join(x) if isinstance(x, list) else None,
)
def test_misuse_is_explained(failing, arguments, said):
    assert said in failing(*arguments)


def test_a_traceback_is_shown_on_request_only(capsys, monkeypatch):
    assert run(["train", "nowhere.yaml", "--traceback"]) == 1
    assert "Traceback" in capsys.readouterr().err
    monkeypatch.setenv("EUKRATES_TRACEBACK", "1")
    assert run(["train", "nowhere.yaml"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_our_own_bugs_are_told_from_the_users_mistakes(capsys):
    assert failures.report(KeyError("x"), False) == 70
    assert "report it" in capsys.readouterr().err


def test_an_interrupt_says_how_to_go_on(capsys):
    assert failures.report(KeyboardInterrupt(), False) == 130
    assert "goes on" in capsys.readouterr().err


def test_init_writes_once(tmp_path, capsys, failing):
    path = tmp_path / "c.yaml"
    assert run(["init", str(path), "--data", "mine.xyz"]) == 0
    text = path.read_text()
    assert "train: mine.xyz" in text
    assert "Nothing was overwritten" in failing("init", path)
    assert path.read_text() == text


def test_the_schema_is_printed(capsys):
    assert run(["schema"]) == 0
    assert '"learning_rate"' in capsys.readouterr().out


def test_the_doctor_finds_this_installation_sound(capsys):
    assert run(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "All is well." in said
    assert "jaxlib" in said
