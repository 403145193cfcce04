"""What the documents say is run: their Python as it stands, with smaller numbers; their commands by name and option."""

import re
import shlex
from importlib.resources import files
from pathlib import Path

import ase.io
import matplotlib
import pytest
import typer
from ase.build import molecule

from eukrates.app.cli import app, run
from eukrates.data import read, separate, write
from eukrates.dynamics import Watch
from eukrates.dynamics import engine as loop
from eukrates.dynamics.watch import bounds_of

ROOT = Path(__file__).parents[2]
NAMES = ("getting_started", "training", "model_file", "trust", "dynamics", "reference_data", "landscape")
PAGES = ("README.md", *(f"docs/{name}.md" for name in NAMES))
ELSEWHERE = {
    "active_learning.md": "tests/active/test_active_page.py",
    "ani.md": "tests/doors/test_ani_page.py",
    "data.md": "tests/data/test_page.py",
    "exploration.md": "tests/landscape/test_exploration_page.py",
    "modes.md": "tests/landscape/test_modes_page.py",
    "laws.md": "tests/testing/test_laws_page.py",
    "so3lr.md": "tests/doors/test_so3lr_page.py",
}
EVERY_PAGE = (*PAGES, *(f"docs/{page}" for page in ELSEWHERE), "docs/spookynet.md", "docs/results.md")
ENGINES = {"docs/reference_data.md": ("tblite", "pyscf", "distributed")}
SMALLER = {  # what takes long → what takes seconds
    r"epochs=(150|50)\b": "epochs=1",
    r'"epochs": 500': '"epochs": 1',
    r"train=450, valid=50, test=100": "train=40, valid=8, test=8",
    r'"features": 66, "layers": 3, "heads": 2, "degrees": \(1, 2, 3\)': '"features": 8, "layers": 1, "degrees": (1,)',
    r'"features": 64, "layers": 2, "degrees": \[1, 2\]': '"features": 8, "layers": 1, "degrees": [1]',
    r"steps=40_000": "steps=40",
    r"time_ps=20": "time_ps=0.02",
    r"fmax=0.01\)": "fmax=0.01, steps=2)",
    r"steps=100_000": "steps=60",
    r"count=4, every_fs=100, seed=1, settle_fs=100": "count=1, every_fs=10, seed=1, settle_fs=10",
    r"count=4, seed=2": "count=1, seed=2",
    r'basis="def2-SVP"': 'basis="sto-3g"',
    r'large="cc-pVTZ", small="cc-pVDZ"': 'large="cc-pVDZ", small="sto-3g"',
}


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.M | re.S)


def shortened(code: str) -> str:
    for long, short in SMALLER.items():
        code = re.sub(long, short, code)
    return code


@pytest.fixture
def desk(tmp_path, monkeypatch, ethanol_model):
    """A working directory with the files that the documents speak of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(matplotlib, "get_backend", lambda: "agg")
    structures = separate(read(str(files("eukrates.data") / "sets" / "ethanol.extxyz")))
    write([*structures[0], *structures[1][:60]], tmp_path / "train.extxyz")
    write(structures[1][60:66], tmp_path / "test.extxyz")
    ase.io.write(tmp_path / "start.xyz", molecule("CH3CH2OH"))
    (tmp_path / "model.safetensors").write_bytes(ethanol_model.read_bytes())
    return tmp_path


@pytest.mark.parametrize("page", PAGES)
def test_the_python_of_a_page_runs(page, desk, monkeypatch):
    """The model was never trained: bonds break, and dynamics may not mind."""
    nothing = Watch(contact=None, bonds=None)
    monkeypatch.setattr(loop, "bounds_of", lambda watch, structures, atoms: bounds_of(nothing, structures, atoms))
    for engine in ENGINES.get(page, ()):
        pytest.importorskip(engine, reason=f"{page} computes with {engine}")
    code = "\n".join(blocks(page, "python"))
    assert code
    exec(compile(shortened(code), page, "exec"), {"__name__": "__main__"})


def test_every_page_is_in_the_index_and_its_python_is_run_by_a_test():
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "index.md" or f"({page.name})" in index, page.name
        if blocks(f"docs/{page.name}", "python"):
            assert f"docs/{page.name}" in PAGES or (ROOT / ELSEWHERE[page.name]).exists(), page.name


def test_every_shortening_still_shortens_something():
    whole = "\n".join(block for page in PAGES for block in blocks(page, "python"))
    assert not [long for long in SMALLER if not re.search(long, whole)]


def test_the_thirty_lines_are_the_example():
    (code,) = blocks("README.md", "python")
    example = (ROOT / "examples" / "train_and_run.py").read_text(encoding="utf-8")
    assert example.endswith(code)
    assert len([line for line in code.splitlines() if line.strip()]) <= 30


def test_the_example_trains_and_judges_on_no_free_atoms():
    (code,) = blocks("README.md", "python")
    (beginning, _) = code.split("train, e0 =")
    known: dict = {}
    exec(compile(beginning, "README.md", "exec"), known)
    assert min(len(sample.numbers) for part in known["parts"].values() for sample in part) == 9
    assert sum(len(part) for part in known["parts"].values()) == 600


def options(verb: str) -> set[str]:
    command = typer.main.get_command(app).commands[verb]  # type: ignore[attr-defined]
    return {option for parameter in command.params for option in parameter.opts} | {"--traceback", "--help"}


@pytest.mark.parametrize("page", EVERY_PAGE)
def test_the_commands_of_a_page_exist_with_their_options(page):
    lines = [line for block in blocks(page, "bash") for line in block.splitlines() if "eukrates " in line]
    lines += re.findall(r"`(eukrates [^`]+)`", (ROOT / page).read_text(encoding="utf-8"))
    for line in lines:
        words = shlex.split(line.partition("#")[0].split("&&")[-1].replace("[", "").replace("]", ""))
        at = next(n for n, word in enumerate(words) if word.endswith("eukrates")) + 1
        if words[at].startswith("-"):
            continue
        given = {word for word in words[at:] if word.startswith("--")}
        assert given <= options(words[at]), line


def test_links_of_a_page_lead_somewhere():
    for page in (*EVERY_PAGE, "docs/index.md"):
        for target in re.findall(r"\]\(([^)]+)\)", (ROOT / page).read_text(encoding="utf-8")):
            if "://" not in target:
                assert ((ROOT / page).parent / target.partition("#")[0]).exists(), f"{page}: {target}"


def test_the_configuration_in_the_readme_is_one(tmp_path, failing, monkeypatch):
    """It goes as far as its files, which are not there."""
    monkeypatch.chdir(tmp_path)
    (text,) = blocks("README.md", "yaml")
    (tmp_path / "config.yaml").write_text(text)
    assert "There is no file train.extxyz" in failing("train", "config.yaml")
    assert run(["init", "other.yaml"]) == 0
