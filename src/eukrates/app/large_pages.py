"""Large pages of memory for the programs that we own.

XLA takes the scratch memory of every compiled call afresh from the C library and gives it back. On Linux each call then
pays for its memory in page faults, 4 kB at a time: half of the time of a training step on CPU. GNU libc hands out large
pages when GLIBC_TUNABLES says so before a program starts, so the command line starts itself anew with it, once. Numbers
do not change by a bit. In Python set GLIBC_TUNABLES=glibc.malloc.hugetlb=1 yourself; importing changes nothing.
"""

import os
import platform
import sys
from collections.abc import Mapping

VARIABLE, SETTING = "GLIBC_TUNABLES", "glibc.malloc.hugetlb=1"
OLDEST = (2, 35)  # of GNU libc


def better_environment(environment: Mapping[str, str], system: str, libc: tuple[str, str]) -> dict[str, str] | None:
    """The environment with large pages; None where they are on, chosen otherwise by the user, or not to be had."""
    name, version = libc
    if system != "linux" or name != "glibc" or VARIABLE in environment:
        return None
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    return {**environment, VARIABLE: SETTING} if numbers >= OLDEST else None


def restart_with_large_pages() -> None:
    """Replace this process by the same command with large pages, where that is possible and not done."""
    better = better_environment(os.environ, sys.platform, platform.libc_ver())
    if better is not None and sys.executable:
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], better)
