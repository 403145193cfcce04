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
from eukrates.matter import graph, system
from eukrates.models import SO3krates
from eukrates.numerics import cast
from eukrates.potential import Potential, predict
from eukrates.trust import Table
from eukrates.version import __version__

EXTRAS = {"reference": ("tblite", "pyscf"), "cuda": ("jax-cuda12-plugin",), "dev": ("pytest", "hypothesis", "beartype")}
STEP = 1e-4  # Å, of the finite differences


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
    rows = [("pass" if value <= limit else "FAIL", name, value, limit, unit) for name, value, limit, unit in tests]
    return Health(
        tables=(
            Table("Versions", ("what", "version"), list(versions(PACKAGES).items())),
            Table("Machine", ("what", "value"), list(_machine())),
            Table("Extras", ("extra", "state"), [(name, _extra(name)) for name in EXTRAS]),
            Table("Arithmetic", ("", "test", "found", "allowed", "unit"), rows),
        ),
        complaints=tuple(
            f"{name} is {value:.2g} {unit}, allowed are {limit:g}: results on this device cannot be trusted."
            for name, value, limit, unit in tests
            if not value <= limit
        ),
    )


def _machine() -> Iterator[tuple[str, str]]:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield "eukrates", __version__
    yield "platform", platform.platform()
    yield "python", f"{platform.python_version()}, {sys.executable}"
    yield "devices", ", ".join(f"{device.device_kind} ({device.platform})" for device in jax.devices())
    yield "cores usable", f"{usable} of {os.cpu_count()}"
    for name in ("XLA_FLAGS", "OMP_NUM_THREADS", "JAX_PLATFORMS", "JAX_ENABLE_X64"):
        yield name, os.environ.get(name, "not set")


def _extra(name: str) -> str:
    have = versions(EXTRAS[name])
    missing = [package for package in EXTRAS[name] if package not in have]
    if missing:
        return f"missing {', '.join(missing)}: pip install 'eukrates[{name}]'"
    return ", ".join(f"{package} {number}" for package, number in have.items())


def _tests() -> Iterator[tuple[str, float, float, str]]:
    """(name, what was found, what is allowed, unit)."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 256, 256))
    product = np.asarray(jnp.asarray(a, jnp.float32) @ jnp.asarray(b, jnp.float32), np.float64)
    yield "float32 product of matrices, against float64", _relative(product, a @ b), 1e-5, "relative"
    with jax.enable_x64(True):
        double = np.asarray(jnp.asarray(a) @ jnp.asarray(b))
    yield "float64 product of matrices, against NumPy", _relative(double, a @ b), 1e-13, "relative"
    r = np.array([[0.0, 0.0, 0.0], [0.9, 0.1, 0.0], [-0.3, 0.9, 0.2]])
    model = SO3krates(["H", "O"], features=16, layers=1, heads=2, degrees=(1, 2), key=jax.random.key(0))
    exact = cast(model, "float64")
    forces = _forces(exact, r)
    yield "forces against energy differences", float(np.abs(forces - _differences(exact, r)).max()), 1e-6, "eV/Å"
    yield "forces in float32 against float64", float(np.abs(_forces(model, r) - forces).max()), 1e-3, "eV/Å"
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    yield (
        "forces of a turned structure",
        float(np.abs(_forces(exact, r @ turn.T) - forces @ turn.T).max()),
        1e-10,
        "eV/Å",
    )


def _relative(found: np.ndarray, true: np.ndarray) -> float:
    return float(np.abs(found - true).max() / np.abs(true).max())


def _graph(r: np.ndarray, cutoff: float):
    return graph(system([8, 1, 1], r), cutoff)


def _forces(potential: Potential, r: np.ndarray) -> np.ndarray:
    return np.asarray(predict(potential, _graph(r, potential.cutoff)).forces)


def _differences(potential: Potential, r: np.ndarray) -> np.ndarray:
    """Central differences of the energy, with `_forces`' compilation."""
    found = np.zeros(r.shape)
    for place in np.ndindex(*r.shape):
        step = np.zeros(r.shape)
        step[place] = STEP
        energy = [float(predict(potential, _graph(r + s * step, potential.cutoff)).energy[0]) for s in (1, -1)]
        found[place] = -(energy[0] - energy[1]) / (2 * STEP)
    return found
