"""Pistons: the laws of cells and volumes, on matter so simple that they are known, many copies at once."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from eukrates.dynamics import MTK, NPT, FlexibleNPT
from eukrates.dynamics.integrators import Alphabet, spell
from eukrates.dynamics.phase import Phase
from eukrates.dynamics.thermostats import ornstein_uhlenbeck
from eukrates.units import FS, GPA, KELVIN

ATOMS, COPIES, KELVINS, EDGE = 8, 32, 300.0, 20.0
THERMAL = KELVIN * KELVINS
PRESSURE = ATOMS * THERMAL / EDGE**3  # of an ideal gas that fills the edge's cube


def copies(mass, systems, extra):
    """Copies of a few atoms in a cube, with thermal momenta and without motion of the whole."""
    rng = np.random.default_rng(0)
    momenta = rng.normal(0, np.sqrt(mass * THERMAL), (systems, ATOMS, 3))
    momenta -= momenta.mean(axis=1, keepdims=True)
    positions = rng.normal(0, 0.1, (systems, ATOMS, 3))
    positions -= positions.mean(axis=1, keepdims=True)
    names = {field: jnp.zeros(systems) for field in ("energy", "spread", "heat", "moved")}
    charges = jnp.zeros(0)
    return Phase(
        positions=jnp.asarray(positions.reshape(-1, 3)),
        momenta=jnp.asarray(momenta.reshape(-1, 3)),
        forces=jnp.zeros((systems * ATOMS, 3)),
        masses=jnp.full(systems * ATOMS, mass),
        owner=jnp.repeat(jnp.arange(systems), ATOMS),
        cell=jnp.tile(EDGE * jnp.eye(3), (systems, 1, 1)),
        virial=jnp.zeros((systems, 3, 3)),
        extra=extra,
        keys=jax.random.split(jax.random.key(1), systems),
        **names,
        charges=charges,
    )


def springs(of_cell=0.0, of_edge=0.0, of_atoms=0.0):
    """The letter that feels the energy a |h|² + b (|h|² - 3 EDGE²)² + c Σ |r|² of cells h and atoms."""

    def feel(phase, dt):
        gram = jnp.swapaxes(phase.cell, 1, 2) @ phase.cell
        size = jnp.trace(gram, axis1=1, axis2=2)
        away = size - 3 * EDGE**2
        tensors = of_atoms * phase.positions[:, :, None] * phase.positions[:, None, :]
        atoms = jax.ops.segment_sum(tensors, phase.owner, phase.energy.shape[0])
        virial = 2 * (of_cell + 2 * of_edge * away)[:, None, None] * gram + 2 * atoms
        energy = of_cell * size + of_edge * away**2 + jnp.trace(atoms, axis1=1, axis2=2)
        return phase.but(energy=energy, forces=-2 * of_atoms * phase.positions, virial=virial)

    return feel


def seen(phase):
    """What the tests read of a phase."""
    summed = lambda rows: jax.ops.segment_sum(rows, phase.owner, phase.energy.shape[0])
    flux = summed(phase.momenta[:, :, None] * phase.velocities[:, None, :])
    return {
        "cell": phase.cell,
        "volume": phase.volume,
        "pressure": phase.pressure,
        "inside": (flux - phase.virial) / phase.volume[:, None, None],
        "kinetic": phase.kinetic_energy,
        "conserved": phase.energy + phase.kinetic_energy - phase.heat,
    }


@cache
def walker(feel, freedom, systems, frames):
    """Compiled once for all ensembles of a kind, time steps and distances of frames."""

    def walk(phase, ensemble, dt, every):
        step = ensemble.step(Alphabet(feel), jnp.full(systems, freedom))

        def frame(phase, _):
            phase = jax.lax.fori_loop(0, every, lambda _, now: step(now, dt), phase)
            return phase, seen(phase)

        return jax.lax.scan(frame, phase, None, frames)[1]

    return jax.jit(walk)


def evolved(ensemble, feel, freedom, timestep_fs, mass=1e6, systems=COPIES, frames=1000, every=20):
    """What is seen on the way, [frames, ...]."""
    start = feel(copies(mass, systems, ensemble.extra(systems)), 0.0)
    numbers = jax.tree.map(lambda number: jnp.full(systems, float(number)), ensemble)
    found = walker(feel, freedom, systems, frames)(start, numbers, timestep_fs * FS, every)
    return {name: np.asarray(rows) for name, rows in found.items()}


def agrees(samples, exact, within):
    """Mean over frames and copies, which are independent, within 4 errors; and these are below a bound."""
    means = np.asarray(samples)[samples.shape[0] // 10 :].mean(axis=0)
    error = means.std(ddof=1) / np.sqrt(COPIES)
    assert abs(means.mean() - exact) < 4 * error
    assert error < within


GAS = {"pressure_gpa": PRESSURE / GPA, "time_fs": 50.0, "piston_fs": 200.0}
LAW = {"npt": NPT(KELVINS, compressibility_per_gpa=GPA / PRESSURE, **GAS), "npt-mtk": MTK(KELVINS, **GAS)}


@pytest.mark.parametrize("kind", LAW)
def test_the_volume_of_an_ideal_gas_is_gamma_distributed(kind):
    """p(V) ∝ V^(N-1) exp(-P V / k_B T): mean N k_B T / P, variance N (k_B T / P)², N - 1 momenta being free."""
    with jax.enable_x64(True):
        path = evolved(LAW[kind], springs(), 3.0 * ATOMS - 3, 5.0)
        agrees(path["volume"], EDGE**3, 0.03 * EDGE**3)
        agrees(path["volume"] ** 2, (1 + 1 / ATOMS) * EDGE**6, 0.06 * EDGE**6)
        agrees(path["pressure"], PRESSURE, 0.03 * PRESSURE)
        agrees(path["kinetic"], 1.5 * (ATOMS - 1) * THERMAL, 0.02 * ATOMS * THERMAL)


def test_a_cell_of_springs_is_wishart_distributed():
    """p(h) ∝ V^(N-2) exp(-|h|²/2w) dh: h hᵀ has Wishart's distribution with N + 1 degrees of freedom and the scale w.

    A bath stands for collisions, without which free flight would keep all directions; all 3N momenta are free. The
    pressure is that of the piston, zero, but for what the choice of axes adds along them (`cell_stretching`, 4).
    """
    width, n = EDGE**2 / ATOMS, ATOMS + 1
    piston = FlexibleNPT(KELVINS, 0.0, 50.0, 400.0, GPA / PRESSURE)
    feel = spell((ornstein_uhlenbeck(KELVINS, 20.0), 1.0), (springs(THERMAL / (2 * width)), 0.0))
    collide = lambda phase, dt: feel(phase, 5.0 * FS)
    with jax.enable_x64(True):
        path = evolved(piston, collide, 3.0 * ATOMS, 5.0)
    cell, inside = path["cell"], path["inside"]
    gram = cell @ np.swapaxes(cell, 2, 3)
    for a in range(3):
        b = (a + 1) % 3
        agrees(gram[..., a, a], n * width, 0.02 * n * width)
        agrees(gram[..., a, b], 0.0, 0.02 * n * width)
        agrees(gram[..., a, a] ** 2, n * (n + 2) * width**2, 0.04 * n**2 * width**2)
        agrees(gram[..., a, b] ** 2, n * width**2, 0.04 * n * width**2)
        agrees(inside[..., a, a] - 2 * (a - 1) * THERMAL / path["volume"], 0.0, 0.05 * PRESSURE)
        agrees(inside[..., a, b], 0.0, 0.05 * PRESSURE)
    agrees(np.linalg.det(gram), n * (n - 1) * (n - 2) * width**3, 0.04 * (n * width) ** 3)
    np.testing.assert_allclose(cell[..., [0, 0, 1], [1, 2, 2]], 0, atol=1e-9)  # it is not turned


SWINGING, HARMONIC = MTK(KELVINS, pressure_gpa=1e-3, time_fs=30.0, piston_fs=100.0), springs(0.0, 1e-5, 1.0)


def test_the_conserved_energy_of_a_piston_with_inertia_errs_with_the_square_of_the_step():
    with jax.enable_x64(True):
        paths = [evolved(SWINGING, HARMONIC, 21.0, 1 / k, 12.0, 4, 200, 4 * k) for k in (1, 2, 4)]
    assert np.std(paths[0]["volume"], axis=0).min() > 100  # Å³
    errors = [np.std(path["conserved"], axis=0).mean() for path in paths]
    assert 3.7 < errors[0] / errors[1] < 4.3
    assert 3.7 < errors[1] / errors[2] < 4.3


def test_a_piston_with_inertia_can_be_reversed():
    step = lambda _, now: SWINGING.step(Alphabet(HARMONIC), jnp.full(4, 21.0))(now, FS)
    with jax.enable_x64(True):
        go = jax.jit(lambda phase: jax.lax.fori_loop(0, 100, step, phase))
        start = HARMONIC(copies(12.0, 4, SWINGING.extra(4)), 0.0)
        there = go(start)
        turned = {k: -v if k.endswith(("speed", "speeds")) else v for k, v in there.extra.items()}
        back = go(there.but(momenta=-there.momenta, extra=turned))
    assert np.abs(there.cell - start.cell).max() > 0.1
    np.testing.assert_allclose(back.positions, start.positions, atol=1e-9)
    np.testing.assert_allclose(back.cell, start.cell, atol=1e-9)
    np.testing.assert_allclose(back.heat, start.heat, atol=1e-9)
