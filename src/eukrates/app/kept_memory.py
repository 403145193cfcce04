"""Memory kept between compiled calls, for the programs that we own.

XLA takes the scratch memory of every compiled call afresh from the C library and gives it back. On Linux each call then
pays for its memory in page faults: half of the time of a training step on CPU. GNU libc keeps what was given back, and
uses large pages, when GLIBC_TUNABLES says so before a program starts; so the command line starts itself anew with it,
once. Numbers do not change by a bit. In Python set the variable yourself; importing changes nothing.
"""

import os
import platform
import sys
from collections.abc import Mapping

VARIABLE = "GLIBC_TUNABLES"
TUNABLES = {
    "mmap_max": "0",  # large blocks come from the heap, not from the kernel
    "arena_max": "1",  # of which there is one: those of other threads hold no large blocks
    "trim_threshold": str(2**40),  # and which never shrinks
    "hugetlb": "1",  # on large pages, where the kernel has them
}
SETTING = ":".join(f"glibc.malloc.{name}={value}" for name, value in TUNABLES.items())
OLDEST = (2, 26)  # of GNU libc


def better_environment(environment: Mapping[str, str], system: str, libc: tuple[str, str]) -> dict[str, str] | None:
    """The environment that keeps memory; None where that is set, chosen otherwise by the user, or not to be had."""
    name, version = libc
    if system != "linux" or name != "glibc" or VARIABLE in environment:
        return None
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    return {**environment, VARIABLE: SETTING} if numbers >= OLDEST else None


def restart_with_kept_memory() -> None:
    """Replace this process by the same command that keeps its memory, where that is possible and not done."""
    better = better_environment(os.environ, sys.platform, platform.libc_ver())
    if better is not None and sys.executable:
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], better)
