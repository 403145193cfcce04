"""`doctor`: is this installation sound, and what can it do?"""

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from eukrates.app.provenance import PACKAGES, versions
from eukrates.matter import system
from eukrates.models import SO3krates
from eukrates.native import compiler
from eukrates.numerics import cast
from eukrates.potential.evaluator import Evaluator
from eukrates.trust import Finding, Table, gradients
from eukrates.trust.finding import below
from eukrates.trust.rounding import rounding
from eukrates.trust.symmetry import symmetry
from eukrates.version import __version__

EXTRAS = {
    "reference": ("tblite", "pyscf"),
    "cluster": ("distributed",),
    "cuda": ("jax-cuda12-plugin",),
    "dev": ("pytest", "hypothesis", "beartype"),
}


@dataclass(frozen=True)
class Health:
    """What `doctor` found."""

    tables: tuple[Table, ...]
    complaints: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """True if nothing is wrong. Missing extras are not wrong."""
        return not self.complaints

    def text(self) -> str:
        """The tables and a verdict."""
        verdict = "All is well." if self.ok else "\n".join(f"Not well: {words}" for words in self.complaints)
        return "\n\n".join([*(table.text() for table in self.tables), verdict])


def doctor() -> Health:
    """Versions, devices, threads, extras, and a self-test of the arithmetic."""
    tests = list(_tests())
    rows = [("pass" if test.ok else "FAIL", test.name, test.value, test.threshold, test.unit) for test in tests]
    return Health(
        tables=(
            Table("Versions", ("what", "version"), list(versions(PACKAGES).items())),
            Table("Machine", ("what", "value"), list(_machine())),
            Table("Extras", ("extra", "state"), [(name, _extra(name)) for name in EXTRAS]),
            Table("Arithmetic", ("", "test", "found", "allowed", "unit"), rows),
        ),
        complaints=tuple(
            f"{test.name} is {test.value:.2g} {test.unit}, allowed are {test.threshold:g}: results on this device "
            "cannot be trusted."
            for test in tests
            if not test.ok
        ),
    )


def _machine() -> Iterator[tuple[str, str]]:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield "eukrates", __version__
    yield "platform", platform.platform()
    yield "python", f"{platform.python_version()}, {sys.executable}"
    yield "devices", ", ".join(f"{device.device_kind} ({device.platform})" for device in jax.devices())
    yield "cores usable", f"{usable} of {os.cpu_count()}"
    have = compiler()
    none = "none: models run on the CPU at a third of the speed; install g++ or clang++, or set CXX"
    yield "C++ compiler", none if have is None else " ".join(have)
    for name in ("XLA_FLAGS", "OMP_NUM_THREADS", "JAX_PLATFORMS", "JAX_ENABLE_X64", "GLIBC_TUNABLES"):
        yield name, os.environ.get(name, "not set")


def _extra(name: str) -> str:
    have = versions(EXTRAS[name])
    missing = [package for package in EXTRAS[name] if package not in have]
    if missing:
        return f"missing {', '.join(missing)}: pip install 'eukrates[{name}]'"
    return ", ".join(f"{package} {number}" for package, number in have.items())


def _tests() -> Iterator[Finding]:
    rng, device = np.random.default_rng(0), "this device computes with too few digits"
    a, b = rng.normal(size=(2, 256, 256))
    product = np.asarray(jnp.asarray(a, jnp.float32) @ jnp.asarray(b, jnp.float32), np.float64)
    yield below("float32 product of matrices, against float64", _off(product, a @ b), "relative", 1e-5, "", device)
    with jax.enable_x64(True):
        double = np.asarray(jnp.asarray(a) @ jnp.asarray(b))
    yield below("float64 product of matrices, against NumPy", _off(double, a @ b), "relative", 1e-13, "", device)
    rows = rng.normal(size=(20_000, 3))
    with jax.enable_x64(True):
        squares = jax.jit(jax.vmap(lambda row: jnp.sum((jnp.asarray(a[:3, :3]) @ row) ** 2)))(rows)
    true = np.sum((rows @ a[:3, :3].T) ** 2, axis=1)
    wrong = "the compiler of jaxlib 0.10.2 loses rows on CPUs (jax-ml/jax issue 39103); install another version"
    yield below(
        "squares of many products, against NumPy", _off(np.asarray(squares), true), "relative", 1e-13, "", wrong
    )
    model = SO3krates(["H", "O"], features=16, layers=1, heads=2, degrees=(1, 2), key=jax.random.key(0))
    used, exact = Evaluator(model, 8), Evaluator(cast(model, "float64"), 8)
    water = [system([8, 1, 1], np.array([[0.0, 0.0, 0.0], [0.9, 0.1, 0.0], [-0.3, 0.9, 0.2]]))]
    yield gradients.forces(exact, water, rng)
    yield rounding(used, exact, water)
    yield from symmetry(exact, water, rng)


def _off(found: np.ndarray, true: np.ndarray) -> float:
    return float(np.abs(found - true).max() / np.abs(true).max())
