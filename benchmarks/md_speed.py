"""Molecular dynamics of ethanol with SO3krates: our loop beside ASE's VelocityVerlet around our own calculator.

    python benchmarks/md_speed.py [--model model.safetensors] [--features 132] [--layers 3] [--repeats 5] [--steps 1000]

Without --model the weights are random and tiny: the arithmetic is the same, and the molecule stays whole. Three things
are timed in turn, `repeats` times, compilation excluded; medians are printed in milliseconds per step:

    forces   energy and forces alone, again and again inside one compiled loop: the floor
    ours     eukrates.dynamics.run with NVE (the loop's own time, as it reports it) and Langevin, frames every 20 steps
    ase      ase.md.VelocityVerlet with eukrates.interfaces.ase.Calculator
"""

import argparse
import statistics
import time

import equinox as eqx
import jax
import numpy as np
from ase.build import molecule
from ase.md.verlet import VelocityVerlet
from ase.units import fs

from eukrates.data.atoms import to_system
from eukrates.dynamics import NVE, Langevin, Record, run
from eukrates.interfaces.ase import Calculator
from eukrates.matter.verlet import verlet
from eukrates.models import SO3krates, load
from eukrates.numerics import to_device
from eukrates.potential import evaluate

TIMESTEP_FS = 0.5


@eqx.filter_jit
def repeated(potential, graph, steps):
    """Energy and forces `steps` times, each from positions that depend on the forces before."""

    def once(_, r):
        here = eqx.tree_at(lambda g: g.system.positions, graph, r)
        return r + 1e-12 * evaluate(potential, here, ("energy", "forces")).forces

    return jax.lax.fori_loop(0, steps, once, graph.system.positions)


def forces_ms(potential, atoms, steps):
    structure = to_system(atoms)
    with jax.enable_x64(True):
        inputs = to_device(verlet(structure, potential.cutoff, potential.far_cutoff).graph)
        count = jax.numpy.asarray(steps)
        clock = time.perf_counter()
        repeated(to_device(potential), inputs, count).block_until_ready()
        return (time.perf_counter() - clock) / steps * 1e3


def ours_ms(potential, atoms, ensemble, steps):
    done = run(potential, atoms, ensemble, steps, TIMESTEP_FS, record=Record(every=20))
    if done.stopped:
        raise SystemExit(done.stopped)
    return TIMESTEP_FS * 1e-6 * 86400 / done.ns_per_day * 1e3


def ase_ms(calculator, atoms, steps):
    atoms = atoms.copy()
    atoms.calc = calculator
    dynamics = VelocityVerlet(atoms, TIMESTEP_FS * fs)
    dynamics.run(2)
    clock = time.perf_counter()
    dynamics.run(steps)
    return (time.perf_counter() - clock) / steps * 1e3


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="model file; default: random weights")
    parser.add_argument("--features", type=int, default=132)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--steps", type=int, default=1000)
    chosen = parser.parse_args()
    if chosen.model:
        potential, kelvin = load(chosen.model), 300.0
    else:
        size = {"features": chosen.features, "layers": chosen.layers}
        potential = SO3krates(["H", "C", "O"], **size, zbl=False, scale=1e-3, key=jax.random.key(0))
        kelvin = 5.0
    atoms, calculator = molecule("CH3CH2OH"), Calculator(potential)
    still = run(potential, atoms, NVE(kelvin), 1, TIMESTEP_FS, seed=1, record=Record(every=20)).final
    timers = {
        "forces": lambda: forces_ms(potential, atoms, chosen.steps),
        "ours, NVE": lambda: ours_ms(potential, still, NVE(), chosen.steps),
        "ours, Langevin": lambda: ours_ms(potential, still, Langevin(kelvin), chosen.steps),
        "ase": lambda: ase_ms(calculator, still, chosen.steps // 2),
    }
    for timer in timers.values():  # compile
        timer()
    times = {name: [] for name in timers}
    for _ in range(chosen.repeats):
        for name, timer in timers.items():
            times[name].append(timer())
    medians = {name: statistics.median(found) for name, found in times.items()}
    per_day = TIMESTEP_FS * 1e-6 * 86400e3
    print(f"ethanol, {len(atoms)} atoms, {np.sum([x.size for x in jax.tree.leaves(potential)])} parameters")
    for name, ms in medians.items():
        print(f"{name:<16}{ms:8.3f} ms/step {per_day / ms:9.1f} ns/day at {TIMESTEP_FS} fs")
    print(f"ase / ours (NVE)     {medians['ase'] / medians['ours, NVE']:.2f}")
    print(f"ours (NVE) / forces  {medians['ours, NVE'] / medians['forces']:.2f}")


if __name__ == "__main__":
    main()
