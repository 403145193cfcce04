"""What tests share: where the reference data are, if they are here at all, and compiled programs."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import jax
import jaxtyping
import pytest


@pytest.fixture(scope="session", autouse=True)
def compiled_programs_are_kept(tmp_path_factory):
    """What one test compiled, another loads: most of the time of the suite is compiling.

    For this session only. Processes that tests start share a folder of their own: those that are killed may leave half
    a file behind.
    """
    jax.config.update("jax_compilation_cache_dir", str(tmp_path_factory.mktemp("compiled")))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    os.environ["JAX_COMPILATION_CACHE_DIR"] = str(tmp_path_factory.mktemp("compiled_by_others"))
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"


AS_USERS_HAVE_THEM = ("test_kill", "test_resume")  # files whose programs are optimised
QUICKLY = "jax_disable_most_optimizations"
PLAIN_FUSIONS = "--xla_cpu_use_fusion_emitters=false"  # halves the time that XLA takes to compile for a CPU


def pytest_configure(config):
    """Before JAX begins, and other processes: flags of XLA, if it knows them, and no log of its own."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # it takes what it compiled itself for that of another machine
    if not hasattr(config, "workerinput") and PLAIN_FUSIONS not in os.environ.get("XLA_FLAGS", ""):
        flags = {"XLA_FLAGS": f"{os.environ.get('XLA_FLAGS', '')} {PLAIN_FUSIONS}".strip()}
        begins = [sys.executable, "-c", "import jax; jax.devices()"]
        if subprocess.run(begins, env={**os.environ, **flags}, capture_output=True).returncode == 0:
            os.environ.update(flags)


def compile_quickly(yes: bool) -> None:
    """In this process and those that tests start: half of compiling is optimisation, most of the suite compiling."""
    os.environ[QUICKLY.upper()] = str(int(yes))
    jax.config.update(QUICKLY, yes)


# Checking shapes and types of every call takes as long as all the rest. Tests of parts do it; not those of whole roads,
# of large data, and of equality with originals, which go through the same parts.
UNTYPED_FOLDERS = ("active", "doors", "models", "training")
UNTYPED_FILES = ("test_check", "test_lattice_sums", "test_mesh")
UNTYPED_ENDS = ("_parity", "_for_inference")


def check_types(yes: bool) -> None:
    """Whether calls are checked by jaxtyping from here on."""
    jaxtyping.config.update("jaxtyping_disable", not yes)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Before fixtures of any scope: tests of long runs, bit for bit, have the programs that users have."""
    compile_quickly(item.path.stem not in AS_USERS_HAVE_THEM)
    name, folder = item.path.stem, item.path.parent.name
    check_types(not (folder in UNTYPED_FOLDERS or name.startswith(UNTYPED_FILES) or name.endswith(UNTYPED_ENDS)))


@pytest.fixture(scope="module", autouse=True)
def compiled_programs_leave_memory():
    """Every compiled program is mapped into memory, and Linux allows a process some ten thousand such maps."""
    yield
    jax.clear_caches()
    gc.collect()


LONGEST = (  # files of few tests that take long: first, so that none is left alone at the end
    "test_loop",
    "test_start",
    "test_members",
    "test_demo",
    "test_resume",
    "test_predict_verb",
    "test_check_published",
    "test_ensembles",
    "test_kill",
    "test_train_so3lr",
    "test_hessian",
)


def pytest_collection_modifyitems(items):
    """Files in the order in which they are to be shared out (see `--no-loadscope-reorder`)."""
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with reference outputs, published weights and data; tests that need it are skipped without it."""
    folder = Path(os.environ.get("EUKRATES_SHARED", Path(__file__).parents[2] / "shared"))
    if not folder.is_dir():
        pytest.skip(f"reference data are not at {folder}; set EUKRATES_SHARED to run this test")
    return folder
