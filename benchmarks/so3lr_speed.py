"""Energy and forces of SO3LR: ours beside so3krates-torch, the same published weights, in the same run.

    python benchmarks/so3lr_speed.py MODEL FOLDER [--peer-python PYTHON] [--names dha ala15_folded water_64]
        [--threads 2] [--calls 20] [--repeats 7] [--far-cutoff 12]
        [--clock wall]

MODEL is the file that `eukrates convert so3lr` writes, FOLDER holds NAME.xyz, PYTHON is the interpreter of an
environment with so3krates-torch (see so3lr_peer.py). Without it only ours is timed. Structures are neutral and without
unpaired electrons unless the file states `charge` and `spin`; a molecule in a box of vacuum is taken out of the box and
put at the origin, for both, because a neighbour search over an empty box costs the peer time.

Both evaluate, in float32 on the CPU with the same number of threads, the same `calls` consecutive frames of a
trajectory at 300 K, 0.5 fs apart, which ours makes beforehand. After one untimed pass the two take turns, `repeats`
times. Printed are medians over the repeats, in milliseconds, of

    call, mean     the mean time of a frame through the ASE calculators, neighbours as each package treats them: ours
                   keeps its list while atoms move little and renews it in some of the calls, the peer searches in all
    call, median   the median time of a frame: without the renewals of our list, if they are in less than half of them
    evaluation     energy and forces alone, from pairs already found and inputs already on the device

and the energies of the first frame, in both precisions, with the largest difference of a force component. In float32
the peer's energies are coarse: it adds 163.6 eV per atom before it sums. Where other jobs disturb, `--threads 1 --clock
cpu` measures the processor time of either process in place of the time that passes.
"""

import argparse
import json
import os
import statistics
import subprocess
import time
from pathlib import Path

import ase.io
import equinox as eqx
import jax
import numpy as np
from ase.md.velocitydistribution import MaxwellBoltzmannDistribution
from ase.md.verlet import VelocityVerlet
from ase.units import fs

from eukrates.data.atoms import to_system
from eukrates.interfaces.ase import Calculator
from eukrates.matter.verlet import verlet
from eukrates.numerics import to_device
from eukrates.potential import evaluate

TIMESTEP_FS = 0.5
KELVIN = 300.0
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
TASKS = ("call", "evaluation")
ROWS = {  # name: task, what is made of the calls of one repeat
    "call, mean": ("call", statistics.fmean),
    "call, median": ("call", statistics.median),
    "evaluation": ("evaluation", statistics.median),
}

compiled = eqx.filter_jit(evaluate)


def load(model, precision, far_cutoff):
    return Calculator(model, precision=precision, far_cutoff=far_cutoff)


class Ours:
    def __init__(self, model, far_cutoff, clock):
        self.model, self.far_cutoff, self.clock = model, far_cutoff, CLOCKS[clock]
        self.calculator = load(model, "float32", far_cutoff)

    def take(self, atoms, frames):
        self.atoms, self.frames = atoms, frames
        self.atoms.calc = self.calculator

    def time(self, task):
        return {"call": self._call, "evaluation": self._evaluation}[task]()

    def energy(self, precision):
        atoms = self.atoms.copy()
        atoms.positions = self.frames[0]
        atoms.calc = load(self.model, precision, self.far_cutoff)
        return atoms.get_potential_energy(), atoms.get_forces()

    def _call(self):
        times = []
        for positions in self.frames:
            self.atoms.positions = positions
            start = self.clock()
            self.atoms.get_potential_energy()
            self.atoms.get_forces()
            times.append((self.clock() - start) * 1e3)
        return times[1:]

    def _evaluation(self):
        self.atoms.positions = self.frames[0]
        p, skin = self.calculator.potential, self.calculator.parameters["skin"]
        times = []
        with jax.enable_x64(True):
            inputs = to_device(verlet(to_system(self.atoms), p.cutoff, p.far_cutoff, skin).padded().graph)
            for _ in self.frames:
                start = self.clock()
                jax.block_until_ready(compiled(p, inputs, ("energy", "forces")))
                times.append((self.clock() - start) * 1e3)
        return times[1:]


class Peer:
    """so3krates-torch in a process of its own."""

    def __init__(self, python, threads, far_cutoff, clock):
        script = Path(__file__).with_name("so3lr_peer.py")
        command = [python, str(script), str(threads), str(far_cutoff), clock]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.versions = self._read()

    def take(self, atoms, frames):
        state = {name: atoms.info[name] for name in ("charge", "spin")}
        place = {"cell": np.asarray(atoms.cell).tolist(), "pbc": atoms.pbc.tolist()}
        self._ask(task="frames", numbers=atoms.numbers.tolist(), frames=frames.tolist(), **place, **state)

    def time(self, task):
        return self._ask(task=task)["ms"]

    def dynamics(self, steps, timestep_fs):
        return self._ask(task="dynamics", steps=steps, timestep_fs=timestep_fs)["ms"]

    def energy(self, precision):
        found = self._ask(task="energy", precision=precision)
        return found["energy"], np.array(found["forces"])

    def _ask(self, **request):
        print(json.dumps(request), file=self.process.stdin, flush=True)
        return self._read()

    def _read(self):
        for line in self.process.stdout or ():
            return json.loads(line)
        raise SystemExit("The peer ended, see above. Is so3krates-torch 0.2.1 installed for --peer-python?")


def structure(path, far_cutoff):
    """The atoms of a file; without its box, around the origin, where the box is so wide that images never meet."""
    read = next(ase.io.iread(path))
    atoms = ase.Atoms(read.numbers, read.positions, cell=read.cell, pbc=read.pbc)
    atoms.info.update({name: read.info.get(name, 0) for name in ("charge", "spin")})
    extent = np.ptp(atoms.positions, axis=0)
    if not atoms.pbc.any() or np.all(atoms.cell.lengths() > extent + 2 * far_cutoff):
        atoms.pbc, atoms.cell = False, None
        atoms.positions -= atoms.positions.mean(axis=0)
    return atoms


def trajectory(atoms, calculator, frames):
    """Positions of consecutive steps of constant-energy dynamics, [frames, atoms, 3], Å."""
    moving = atoms.copy()
    moving.calc = calculator
    MaxwellBoltzmannDistribution(moving, temperature_K=KELVIN, rng=np.random.default_rng(1))
    dynamics, positions = VelocityVerlet(moving, TIMESTEP_FS * fs), []
    for _ in range(frames):
        positions.append(moving.positions.copy())
        dynamics.run(1)
    return np.array(positions)


def timed(programs, repeats):
    """Per task and program, one list of times for each repeat; the programs take turns."""
    times = {task: {name: [] for name in programs} for task in TASKS}
    for repeat in range(repeats + 1):
        for task in TASKS:
            for name, program in programs.items():
                found = program.time(task)
                if repeat:  # the first pass compiles
                    times[task][name].append(found)
    return times


def print_times(title, times):
    for row, (task, summary) in ROWS.items():
        ms = [statistics.median(map(summary, repeats)) for repeats in times[task].values()]
        ratio = f"{ms[1] / ms[0]:8.2f}" if len(ms) == 2 else ""
        print(f"{title:<24}{row:<14}" + "".join(f"{value:10.2f}" for value in ms) + ratio, flush=True)
        title = ""


def print_energies(title, programs):
    for precision in ("float32", "float64"):
        energies, forces = zip(*(program.energy(precision) for program in programs.values()), strict=True)
        compared = ""
        if len(energies) == 2:
            compared = f"{energies[0] - energies[1]:12.1e}{np.max(np.abs(forces[0] - forces[1])):12.1e}"
        print(f"{title:<24}{precision:<9}" + "".join(f"{value:15.6f}" for value in energies) + compared, flush=True)
        title = ""


def arguments():
    parser = argparse.ArgumentParser(description="Energy and forces of SO3LR beside so3krates-torch.")
    parser.add_argument("model", help="our model file")
    parser.add_argument("folder", type=Path, help="where NAME.xyz lie")
    parser.add_argument("--peer-python", help="interpreter with so3krates-torch; default: ours alone")
    parser.add_argument("--names", nargs="+", default=["dha", "ala15_folded", "water_64"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--far-cutoff", type=float, default=12.0, help="Å")
    parser.add_argument("--clock", choices=list(CLOCKS), default="wall", help="cpu: processor time; use one thread")
    return parser.parse_args()


def main():
    chosen = arguments()
    cores = sorted(os.sched_getaffinity(0))[: chosen.threads]
    os.sched_setaffinity(0, cores)  # before JAX counts them for its threads; the peer inherits it
    ours = Ours(chosen.model, chosen.far_cutoff, chosen.clock)
    programs: dict[str, Ours | Peer] = {"ours": ours}
    print(f"threads: {len(cores)}, float32, far cutoff {chosen.far_cutoff:g} Å, jax {jax.__version__}", end="")
    if chosen.peer_python:
        programs["peer"] = peer = Peer(chosen.peer_python, len(cores), chosen.far_cutoff, chosen.clock)
        print("".join(f", {name} {number}" for name, number in peer.versions.items()), end="")
    print(f"\n\nms ({chosen.clock})".ljust(40) + "".join(f"{name:>10}" for name in programs) + "   ratio")
    structures = {name: structure(chosen.folder / f"{name}.xyz", chosen.far_cutoff) for name in chosen.names}
    paths = {}
    for name, atoms in structures.items():
        paths[name] = trajectory(atoms, ours.calculator, chosen.calls + 1)
        for program in programs.values():
            program.take(atoms, paths[name])
        print_times(f"{name}, {len(atoms)} atoms", timed(programs, chosen.repeats))
    print("\neV" + " " * 31 + "".join(f"{name:>15}" for name in programs) + "  difference   max |ΔF| in eV/Å")
    for name, atoms in structures.items():
        for program in programs.values():
            program.take(atoms, paths[name])
        print_energies(f"{name}, {len(atoms)} atoms", programs)


if __name__ == "__main__":
    main()
