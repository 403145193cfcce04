"""Kernels in C++, compiled for the processor they run on when they are first needed, and kept in the cache.

What XLA makes for the CPU passes through memory once for every few operations; where that is most of the time, a kernel
of our own does the work of many passes. The sources are part of the package. They need a C++ compiler (`CXX`, or c++,
g++, clang++ of the search path); without one, callers keep to what XLA makes, which is slower and otherwise the same.
"""

import ctypes
import functools
import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path

import jax

from eukrates.files import cache, replacing

FLAGS = ("-O3", "-march=native", "-std=c++17", "-fPIC", "-shared", "-fno-math-errno", "-fno-trapping-math")
COMPILERS = ("c++", "g++", "clang++")
SECONDS = 300  # after which a compiler is taken to hang


@functools.cache
def compiler() -> tuple[str, ...] | None:
    """The command of the C++ compiler; None where there is none."""
    if chosen := shlex.split(os.environ.get("CXX", "")):
        return tuple(chosen) if shutil.which(chosen[0]) else None
    found = (shutil.which(name) for name in COMPILERS)
    return next(((path,) for path in found if path), None)


@functools.cache
def kernels(source: Path, *names: str) -> bool:
    """Whether `jax.ffi.ffi_call` finds the operations "eukrates.NAME" of a source file; they are compiled if need be.

    False where JAX computes on something else than a CPU, and where there is no compiler. One that fails is told of in
    a warning.
    """
    command = compiler()
    if command is None or jax.default_backend() != "cpu":
        return False
    try:
        library = ctypes.CDLL(str(_compiled(source, command)))
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or error
        warnings.warn(
            f"{shlex.join(command)} could not compile {source.name}, which would make the CPU faster; going on without "
            f"it. Set CXX to another compiler. It said: {str(said)[-2000:]}",
            stacklevel=3,
        )
        return False
    for name in names:
        jax.ffi.register_ffi_target(f"eukrates.{name}", jax.ffi.pycapsule(getattr(library, name)), platform="cpu")
    return True


def _compiled(source: Path, command: tuple[str, ...]) -> Path:
    """The library made from `source`: of this text, by this compiler, for this processor, against this XLA."""
    here = Path(__file__).parent
    call = (*command, *FLAGS, "-x", "c++", "-isystem", jax.ffi.include_dir(), "-I", str(here))
    # -### prints the commands that would be run, in which "native" has become the processor's name and abilities
    shown = subprocess.run((*call, "-###", os.devnull), capture_output=True, text=True, timeout=SECONDS, check=True)
    abilities = [word for word in shown.stderr.split() if word.startswith(('"-m', "-m", '"+', "+"))]
    texts = [path.read_text("utf-8") for path in (source, *sorted(here.glob("*.h")))]
    facts = (texts, call, _version(command), abilities, jax.__version__)
    place = cache() / f"{source.stem}-{hashlib.sha256(repr(facts).encode()).hexdigest()[:16]}.so"
    if not place.is_file():
        with replacing(place) as fresh, tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / place.name
            subprocess.run((*call, source, "-o", out), capture_output=True, text=True, timeout=SECONDS, check=True)
            fresh.write_bytes(out.read_bytes())
    return place


def _version(command: tuple[str, ...]) -> str:
    return subprocess.run((*command, "--version"), capture_output=True, text=True, timeout=SECONDS, check=True).stdout
