"""What tests share: where the reference data are, if they are here at all."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with reference outputs, published weights and data; tests that need it are skipped without it."""
    folder = Path(os.environ.get("EUKRATES_SHARED", Path(__file__).parents[2] / "shared"))
    if not folder.is_dir():
        pytest.skip(f"reference data are not at {folder}; set EUKRATES_SHARED to run this test")
    return folder
