"""What tests share: where the reference data are, if they are here at all, and compiled programs."""

import gc
import os
from pathlib import Path

import jax
import pytest


@pytest.fixture(scope="session", autouse=True)
def compiled_programs_are_kept(tmp_path_factory):
    """What one test compiled, another loads: most of the time of the suite is compiling.

    For this process and this session only: processes that tests kill may leave half a file behind.
    """
    jax.config.update("jax_compilation_cache_dir", str(tmp_path_factory.mktemp("compiled")))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.3)


@pytest.fixture(scope="module", autouse=True)
def compiled_programs_leave_memory():
    """Every compiled program is mapped into memory, and Linux allows a process some ten thousand such maps."""
    yield
    jax.clear_caches()
    gc.collect()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with reference outputs, published weights and data; tests that need it are skipped without it."""
    folder = Path(os.environ.get("EUKRATES_SHARED", Path(__file__).parents[2] / "shared"))
    if not folder.is_dir():
        pytest.skip(f"reference data are not at {folder}; set EUKRATES_SHARED to run this test")
    return folder
