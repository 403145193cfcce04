"""Molecular dynamics with SO3LR: our loop beside ASE around our calculator and around that of so3krates-torch.

    python benchmarks/md_speed.py MODEL FOLDER [--peer-python PYTHON] [--threads 2] [--repeats 5] [--seconds 3]
        [--replicas 16] [--sizes 192 1536 3072 6144 12288] [--only table replicas scaling]

MODEL is the file that `eukrates convert so3lr` writes, FOLDER holds dha.xyz, ala15_folded.xyz and water_64.xyz, PYTHON
is the interpreter of an environment with so3krates-torch (see so3lr_peer.py); without it the peer is left out. The same
published weights, float32, far cutoff 12 Å, constant energy with steps of 0.5 fs, one number of threads for all. The
programs take turns, `repeats` times, each for about `seconds`; medians are printed, compilation and the first steps not
counted.

    forces    our energy and forces alone, again and again inside one compiled loop, neighbours given: the floor
    ours      eukrates.dynamics.run, frames every 20 steps
    ase       ase.md.VelocityVerlet with eukrates.interfaces.ase.Calculator
    peer      ase.md.VelocityVerlet with the calculator of so3krates-torch

Then many replicas of ethanol in one batch, and water of growing size with the memory of the process.
"""

import argparse
import os
import resource
import statistics
import time
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from ase.build import molecule
from ase.md.verlet import VelocityVerlet
from ase.units import fs
from so3lr_speed import Peer, structure

from eukrates.data.atoms import to_system
from eukrates.dynamics import NVE, Record, run, run_many
from eukrates.dynamics.lists import lists_for
from eukrates.interfaces.ase import Calculator
from eukrates.models import load
from eukrates.numerics import to_device
from eukrates.potential import evaluate

TIMESTEP_FS, FAR_CUTOFF, KELVIN = 0.5, 12.0, 300.0
NS_PER_DAY = TIMESTEP_FS * 1e-6 * 86400e3  # at one millisecond a step


@eqx.filter_jit
def repeated(potential, graph, steps):
    """Energy and forces `steps` times, each from positions that depend on the forces before."""

    def once(_, r):
        here = eqx.tree_at(lambda g: g.system.positions, graph, r)
        found = evaluate(potential, here, ("energy", "forces"))
        return r + 1e-12 * (jnp.asarray(found.forces) + jnp.sum(found.energy))  # so that neither is left out

    return jax.lax.fori_loop(0, steps, once, graph.system.positions)


class Timers:
    """Milliseconds a step of each program for one structure."""

    def __init__(self, model, atoms, peer):
        self.potential, self.atoms, self.peer = load(model), atoms, peer
        with jax.enable_x64(True):
            lists = to_device(lists_for(self.potential, [to_system(atoms)], 0.5))
            self.graph = eqx.filter_jit(lists.search)(lists.world.positions, lists.world.cell).graph
            self.inference = to_device(self.potential.for_inference())
        self.calculator = Calculator(model, precision="float32", far_cutoff=FAR_CUTOFF)

    def forces(self, steps):
        with jax.enable_x64(True):
            start = time.perf_counter()
            repeated(self.inference, self.graph, jnp.asarray(steps)).block_until_ready()
            return (time.perf_counter() - start) / steps * 1e3

    def ours(self, steps):
        return ours_ms(run(self.potential, self.atoms, NVE(KELVIN), steps, TIMESTEP_FS, record=Record(every=20)))

    def ase(self, steps):
        moving = self.atoms.copy()
        moving.info.update(self.atoms.info)
        moving.calc = self.calculator
        motion = VelocityVerlet(moving, TIMESTEP_FS * fs)
        motion.run(2)
        start = time.perf_counter()
        motion.run(steps)
        return (time.perf_counter() - start) / steps * 1e3

    def torch(self, steps):
        self.peer.take(self.atoms, self.atoms.positions[None])
        return self.peer.dynamics(steps, TIMESTEP_FS)


def ours_ms(done):
    if done.stopped:
        raise SystemExit(done.stopped)
    return NS_PER_DAY / done.ns_per_day


def worlds(folder):
    """The structures of the table."""
    ethanol = molecule("CH3CH2OH")
    ethanol.info.update(charge=0, spin=0)
    water = structure(folder / "water_64.xyz", FAR_CUTOFF)
    names = {"DHA": "dha.xyz", "Ala15": "ala15_folded.xyz"}
    found = {name: structure(folder / file, FAR_CUTOFF) for name, file in names.items()}
    return {"ethanol": ethanol, **found, "water": water, "water, 8 boxes": grown(water, 1536)}


def grown(box, atoms):
    """The box repeated, along its shortest axis each time, up to so many atoms."""
    times = np.ones(3, int)
    while len(box) * times.prod() < atoms:
        times[np.argmin(times)] *= 2
    large = box.repeat(tuple(times.tolist()))
    large.info.update(charge=0, spin=0)
    return large


def table(chosen, peer):
    """Every structure, every program."""
    names = ["forces", "ours", "ase", *(["torch"] if peer else [])]
    print(f"{'':<16}{'atoms':>7}" + "".join(f"{name:>10}" for name in names) + "  ms/step;  ns/day, ratios to ours")
    for name, atoms in worlds(chosen.folder).items():
        timers = Timers(chosen.model, atoms, peer)
        steps = {}
        for program in names:  # compile, and see how many steps fit
            timer = getattr(timers, program)
            timer(60 if program == "ours" else 3)
            ms = timer(60 if program == "ours" else 5)
            steps[program] = max(5, round(chosen.seconds * 1e3 / ms)) + (40 if program == "ours" else 0)
        found = {program: [] for program in names}
        for _ in range(chosen.repeats):
            for program in names:
                found[program].append(getattr(timers, program)(steps[program]))
        ms = {program: statistics.median(times) for program, times in found.items()}
        ratios = "  ".join(f"{program} {value / ms['ours']:.2f}" for program, value in ms.items() if program != "ours")
        values = "".join(f"{value:10.3f}" for value in ms.values())
        print(f"{name:<16}{len(atoms):7d}{values}  {NS_PER_DAY / ms['ours']:.3g} ns/day  {ratios}", flush=True)


def replicas(chosen):
    """Many of one molecule in a batch, and one."""
    ethanol, potential = worlds(chosen.folder)["ethanol"], load(chosen.model)
    found = {1: [], chosen.replicas: []}
    for _ in range(chosen.repeats + 1):
        for count, times in found.items():
            steps = round(chosen.seconds * 1e3 / (0.4 * count))
            each = run_many(potential, [ethanol] * count, NVE(KELVIN), steps, TIMESTEP_FS, record=Record(every=20))
            times.append(ours_ms(each[0]))
    one, many = (statistics.median(times[1:]) for times in found.values())
    n = chosen.replicas
    print(f"ethanol: one {one:.3f} ms/step; {n} together {many:.3f} ms/step, {many / n:.3f} each")
    print(f"throughput over one: {n * one / many:.2f}", flush=True)


def scaling(chosen):
    """Water of growing size."""
    box, potential = structure(chosen.folder / "water_64.xyz", FAR_CUTOFF), load(chosen.model)
    for atoms in chosen.sizes:
        water = grown(box, atoms)
        steps = 60 + round(chosen.seconds * 1e3 / (0.15 * len(water)))
        ms = ours_ms(run(potential, water, NVE(KELVIN), steps, TIMESTEP_FS, record=Record(every=20)))
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        each = 1e3 * ms / len(water)
        print(f"water {len(water):6d} atoms {ms:10.2f} ms/step {each:8.2f} µs/atom; {most:.2f} GiB so far", flush=True)


def main():
    parser = argparse.ArgumentParser(description="Molecular dynamics with SO3LR, side by side.")
    parser.add_argument("model", help="our model file")
    parser.add_argument("folder", type=Path, help="where the structures lie")
    parser.add_argument("--peer-python", help="interpreter with so3krates-torch; default: ours alone")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--replicas", type=int, default=16)
    parser.add_argument("--sizes", type=int, nargs="*", default=[192, 1536, 3072, 6144, 12288])
    parser.add_argument(
        "--only", nargs="+", choices=["table", "replicas", "scaling"], default=["table", "replicas", "scaling"]
    )
    chosen = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: chosen.threads])  # before JAX counts its threads
    peer = Peer(chosen.peer_python, chosen.threads, FAR_CUTOFF, "wall") if chosen.peer_python else None
    if "table" in chosen.only:
        table(chosen, peer)
    if "replicas" in chosen.only:
        replicas(chosen)
    if "scaling" in chosen.only:
        scaling(chosen)


if __name__ == "__main__":
    main()
