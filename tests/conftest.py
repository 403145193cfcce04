"""What tests share: where the reference data are, if they are here at all, and a cache of compiled programs."""

import os
import tempfile
from pathlib import Path

import jax
import pytest

CACHE = Path(tempfile.gettempdir()) / "eukrates-compiled"


@pytest.fixture(scope="session", autouse=True)
def compiled_programs_are_kept():
    """What one test run compiled, the next and its subprocesses load: most of the time of the suite is compiling."""
    settings = {"JAX_COMPILATION_CACHE_DIR": str(CACHE), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.3"}
    os.environ |= {name: value for name, value in settings.items() if name not in os.environ}
    jax.config.update("jax_compilation_cache_dir", os.environ["JAX_COMPILATION_CACHE_DIR"])
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.3)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with reference outputs, published weights and data; tests that need it are skipped without it."""
    folder = Path(os.environ.get("EUKRATES_SHARED", Path(__file__).parents[2] / "shared"))
    if not folder.is_dir():
        pytest.skip(f"reference data are not at {folder}; set EUKRATES_SHARED to run this test")
    return folder
