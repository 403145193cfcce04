"""Importing is only naming: a fresh process that imports Eukrates is otherwise as it was."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import eukrates

SOURCE = Path(eukrates.__file__).parent
ENGINES = ("tblite", "pyscf", "openmm", "torch", "tensorflow", "hypothesis", "pytest", "beartype", "IPython", "dask")

# What a process is, before and after. Third-party packages are imported first: their manners are not tested here.
SNAPSHOT = """
import json, locale, logging, os, random, signal, sys, threading, warnings
import ase.io, equinox, h5py, jax, jaxtyping, numpy, optax, pydantic, rich.markdown, rich.progress, safetensors.numpy
import scipy.optimize, typer, vesin, yaml

def snapshot():
    return {
        "configuration of JAX": dict(sorted((k, repr(v)) for k, v in jax.config.values.items())),
        "environment": dict(os.environ),
        "warning filters": [repr(f) for f in warnings.filters],
        "random numbers": [repr(random.getstate()), repr(numpy.random.get_state(legacy=False))],
        "handling of floating-point errors": numpy.geterr(),
        "print options": repr(numpy.get_printoptions()),
        "logging": [repr(logging.getLogger().handlers), logging.getLogger().level],
        "signals": [repr(signal.getsignal(s)) for s in (signal.SIGINT, signal.SIGTERM)],
        "hooks": [repr(sys.excepthook), repr(sys.displayhook), repr(sys.path_hooks), repr(sys.meta_path)],
        "path": sys.path,
        "locale": locale.setlocale(locale.LC_ALL),
        "directory": os.getcwd(),
        "threads": threading.active_count(),
        "JAX backends that were started": sorted(jax._src.xla_bridge._backends),
    }

before = snapshot()
"""
WHOLE = "import eukrates"
EVERYTHING = """
import importlib, pkgutil, eukrates
for module in pkgutil.walk_packages(eukrates.__path__, "eukrates."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""
REPORT = """
after = snapshot()
changed = {k: [before[k], after[k]] for k in before if json.dumps(before[k]) != json.dumps(after[k])}
print(json.dumps({"changed": changed, "modules": sorted({m.partition(".")[0] for m in sys.modules})}))
"""


def fresh(imports, home):
    """What changed in a fresh process with an empty home that runs `imports`, and which packages it loaded."""
    keep = {k: v for k, v in os.environ.items() if k in ("PATH", "SYSTEMROOT", "TMPDIR", "LD_LIBRARY_PATH")}
    fonts = home.parent / f"{home.name}-fonts"  # matplotlib keeps a list of fonts, wherever it is first imported
    environment = keep | {"HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1", "MPLCONFIGDIR": str(fonts)}
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SNAPSHOT + imports + REPORT],
        capture_output=True,
        text=True,
        cwd=home,
        env=environment,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("\n") == 1, f"importing printed: {run.stdout}"
    assert run.stderr == ""
    return json.loads(run.stdout)


@pytest.mark.parametrize("imports", [WHOLE, EVERYTHING], ids=["the package", "every module"])
def test_importing_changes_nothing(imports, tmp_path):
    found = fresh(imports, tmp_path)
    assert found["changed"] == {}
    assert not set(ENGINES) & set(found["modules"]), "optional engines belong into functions of the one module"
    assert not [p for p in tmp_path.rglob("*") if p.is_file()], "importing wrote files"


def test_the_package_alone_does_not_load_plots(tmp_path):
    assert "matplotlib" not in fresh(WHOLE, tmp_path)["modules"]


def test_a_process_that_was_changed_is_noticed(tmp_path):
    found = fresh(
        "import jax.numpy, os\njax.numpy.zeros(1)\nos.environ['A'] = '1'\nopen('file', 'w').close()", tmp_path
    )
    assert {"environment", "JAX backends that were started"} <= set(found["changed"])
    assert (tmp_path / "file").exists()


def test_the_package_is_typed():
    assert (SOURCE / "py.typed").is_file()
