"""What the files around the package say agrees with the package."""

import os
import tomllib
from pathlib import Path

import pytest
import yaml

import eukrates

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / ".ci" / "run"


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_version_is_one():
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["version"] == eukrates.__version__


def test_requirements_have_lower_bounds_and_no_upper_ones(project):
    wanted = [*project["project"]["dependencies"]]
    for extra in project["project"]["optional-dependencies"].values():
        wanted += [line for line in extra if not line.startswith("eukrates[")]
    assert all(">=" in line and "<" not in line and "==" not in line for line in wanted)


def test_every_folder_stands_on_a_floor(project):
    contract = project["tool"]["importlinter"]["contracts"][0]
    known = set(
        " ".join(contract["layers"]).replace("|", " ").replace(":", " ").replace("(", " ").replace(")", " ").split()
    )
    source = Path(eukrates.__file__).parent
    rooms = {p.stem for p in source.iterdir() if p.name != "__init__.py" and (p.suffix == ".py" or p.is_dir())}
    assert rooms - {"__pycache__"} <= known


@pytest.mark.skipif(os.name != "posix", reason="file modes are a POSIX matter")
def test_the_checks_can_be_run():
    assert os.access(SCRIPT, os.X_OK)
    text = SCRIPT.read_text(encoding="utf-8")
    for step in ("ruff check", "ruff format --check", "pyright", "lint-imports", "python -m pytest"):
        assert f"step {step}" in text
