"""The command line starts itself anew so that it keeps its memory, once, and only where it can."""

import os
import platform
import subprocess
import sys

import pytest

from eukrates.app.kept_memory import SETTING, better_environment

SCRIPT = """
import os, sys
from eukrates.app.kept_memory import restart_with_kept_memory
print("run", os.environ.get("GLIBC_TUNABLES"), sys.argv[1:], flush=True)
restart_with_kept_memory()
print("went on")
"""


@pytest.mark.parametrize(
    ("environment", "system", "libc", "changes"),
    [
        ({}, "linux", ("glibc", "2.36"), True),
        ({}, "linux", ("glibc", "2.25"), False),
        ({}, "linux", ("", ""), False),
        ({}, "darwin", ("", ""), False),
        ({"GLIBC_TUNABLES": "glibc.malloc.check=3"}, "linux", ("glibc", "2.36"), False),
    ],
)
def test_only_where_it_is_possible_and_not_chosen_otherwise(environment, system, libc, changes):
    found = better_environment(environment | {"A": "1"}, system, libc)
    assert found == ({"A": "1", "GLIBC_TUNABLES": SETTING} if changes else None)


def test_it_starts_anew_once_with_the_same_arguments(tmp_path):
    if better_environment({}, sys.platform, platform.libc_ver()) is None:
        pytest.skip("this machine has no GNU libc")
    (tmp_path / "script.py").write_text(SCRIPT)
    clean = {name: value for name, value in os.environ.items() if name != "GLIBC_TUNABLES"}
    command = [sys.executable, str(tmp_path / "script.py"), "two words", "-x"]
    told = subprocess.run(command, env=clean, capture_output=True, text=True, check=True).stdout.splitlines()
    first, second, third = told
    assert first.startswith("run None ['two words', '-x']")
    assert second == f"run {SETTING} ['two words', '-x']"
    assert third == "went on"
