"""Energy and forces of ANI: ours beside TorchANI, the same weights, in the same run.

    python benchmarks/ani_speed.py MODEL --peer-python PYTHON [--threads 1] [--members 8 1] [--calls 20] [--repeats 7]
        [--clock wall]

MODEL is the file that `eukrates convert ani` writes of ANI-1x, ANI-1ccx or ANI-2x, PYTHON is the interpreter of an
environment with TorchANI (see ani_peer.py), which gets the weights of MODEL. Peptides of 20, 60 and 264 atoms in a
helix and a periodic box of 80 molecules of water (ani_structures.py) are relaxed by ours for a few steps.

Both evaluate, in float32 on the CPU with the same number of threads, the same `calls` consecutive frames of a
trajectory at 300 K, 0.5 fs apart, which ours makes beforehand. After one untimed pass all take turns, `repeats` times.
Printed are medians over the repeats of the median time of a call in milliseconds, and how many times longer the peer
takes:

    kept       our ASE calculator, which keeps its list of neighbours while atoms move little
    renewed    the same, made to look up neighbours in every call
    alone      ours without ASE: from an array of positions, neighbours looked up in every call
    default    TorchANI's ASE calculator, its models as they come
    tuned      the same with the fastest of its neighbour lists for this structure, compiled by TorchScript if faster
    direct     the tuned model without ASE: from a tensor of positions, neighbours looked up in every call

`tuned / renewed` and `direct / alone` compare like with like, where the fastest list is not the one that TorchANI keeps
(verlet_cell_list). At last the energies of the first frame and the largest difference of forces.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import equinox as eqx
import jax
import numpy as np
from ani_structures import peptide, water
from ase.md.velocitydistribution import MaxwellBoltzmannDistribution
from ase.md.verlet import VelocityVerlet
from ase.optimize import FIRE
from ase.units import fs

from eukrates.interfaces.ase import Calculator
from eukrates.matter import pad, system
from eukrates.models import load
from eukrates.numerics import to_device
from eukrates.potential import Ready
from eukrates.units import HARTREE

TIMESTEP_FS, KELVIN = 0.5, 300.0
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
OURS, PEER = ("kept", "renewed", "alone"), ("default", "tuned", "direct")
RATIOS = (("default", "kept"), ("tuned", "kept"), ("tuned", "renewed"), ("direct", "alone"))
STRUCTURES = {
    "H-GA-OH": lambda: peptide("GA"),
    "H-GA₅-OH": lambda: peptide("GAAAAA"),
    "H-(GA₈)₃-OH": lambda: peptide(3 * "GAAAAAAAA"),
    "80 H₂O, periodic": lambda: water(80),
}


class Ours:
    """Our ASE calculators, by the number of members."""

    def __init__(self, model, members, clock):
        first = lambda count: jax.tree.map(lambda leaf: leaf[:count], model.networks)
        parts = {count: eqx.tree_at(lambda m: m.networks, model, first(count)) for count in members}
        self.calculators = {count: Calculator(part) for count, part in parts.items()}
        self.potentials = {count: to_device(part.for_inference()) for count, part in parts.items()}
        self.ready = {count: Ready(potential) for count, potential in self.potentials.items()}
        self.clock = CLOCKS[clock]

    def take(self, atoms, frames):
        self.atoms, self.frames = atoms.copy(), frames

    def time(self, task, members):
        return self._alone(members) if task == "alone" else self._called(task, members)

    def _alone(self, members):
        potential, ready, times = self.potentials[members], self.ready[members], []
        place = {"cell": np.asarray(self.atoms.cell), "periodic": self.atoms.pbc}
        with jax.enable_x64(True):
            for positions in self.frames:
                start = self.clock()
                graph = pad(potential.graph(system(self.atoms.numbers, positions, **place)))
                np.asarray(ready(graph, ("energy", "forces")).forces)
                times.append((self.clock() - start) * 1e3)
        return times[1:]

    def _called(self, task, members):
        calculator, times = self.calculators[members], []
        self.atoms.calc = calculator
        for positions in self.frames:
            self.atoms.positions = positions
            if task == "renewed":
                calculator._list = None
            start = self.clock()
            self.atoms.get_potential_energy()
            self.atoms.get_forces()
            times.append((self.clock() - start) * 1e3)
        return times[1:]

    def energy(self, members):
        self.atoms.positions, self.atoms.calc = self.frames[0], self.calculators[members]
        return self.atoms.get_potential_energy(), self.atoms.get_forces()


class Peer:
    """TorchANI in a process of its own."""

    def __init__(self, python, threads, weights, clock):
        command = [
            python,
            "-W",
            "ignore",
            str(Path(__file__).with_name("ani_peer.py")),
            str(threads),
            str(weights),
            clock,
        ]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.versions = self._read()

    def take(self, atoms, frames):
        place = {"cell": np.asarray(atoms.cell).tolist(), "pbc": atoms.pbc.tolist()}
        self._ask(task="frames", numbers=atoms.numbers.tolist(), frames=frames.tolist(), **place)

    def tune(self, members):
        neighbours, compiled = self._ask(task="tune", members=members)["best"]
        return neighbours + (", TorchScript" if compiled else "")

    def time(self, task, members):
        return self._ask(task=task, members=members)["ms"]

    def energy(self, members):
        found = self._ask(task="energy", members=members)
        return found["energy"], np.array(found["forces"])

    def _ask(self, **request):
        print(json.dumps(request), file=self.process.stdin, flush=True)
        return self._read()

    def _read(self):
        for line in self.process.stdout or ():
            return json.loads(line)
        raise SystemExit("The peer ended, see above. Is torchani 2.9.0 installed for --peer-python?")


def weights_of(model):
    """For the peer."""
    arrays = {"elements": np.array(model.elements)}
    arrays["self_energies"] = np.array([model.e0[symbol] / HARTREE for symbol in model.elements])
    for symbol, network in model.networks.items():
        for n, layer in enumerate(network.layers):
            arrays[f"{symbol}/w{n}"], arrays[f"{symbol}/b{n}"] = np.asarray(layer.weight), np.asarray(layer.bias)
    return arrays


def trajectory(atoms, calculator, frames):
    """Positions of consecutive steps of constant-energy dynamics after some relaxation, [frames, atoms, 3], Å."""
    atoms.calc = calculator
    FIRE(atoms, logfile=None).run(fmax=0.5, steps=200)
    MaxwellBoltzmannDistribution(atoms, temperature_K=KELVIN, rng=np.random.default_rng(1))
    dynamics, positions = VelocityVerlet(atoms, TIMESTEP_FS * fs), []
    for _ in range(frames):
        positions.append(atoms.positions.copy())
        dynamics.run(1)
    return np.array(positions)


def timed(ours, peer, members, repeats):
    """One median for each repeat, by task; all take turns."""
    programs = {**dict.fromkeys(OURS, ours), **(dict.fromkeys(PEER, peer) if peer else {})}
    times = {task: [] for task in programs}
    for repeat in range(repeats + 1):
        for task, program in programs.items():
            found = statistics.median(program.time(task, members))
            if repeat:  # the first pass compiles
                times[task].append(found)
    return {task: statistics.median(found) for task, found in times.items()}


def compare(name, atoms, ours, peer, chosen):
    """The rows of one structure."""
    frames = trajectory(atoms, ours.calculators[max(chosen.members)], chosen.calls + 1)
    for program in (ours, peer) if peer else (ours,):
        program.take(atoms, frames)
    for members in chosen.members:
        best = peer.tune(members) if peer else ""
        ms = timed(ours, peer, members, chosen.repeats)
        values = "".join(f"{value:9.2f}" for value in ms.values())
        ratios = "".join(f"{ms[one] / ms[other]:9.2f}" for one, other in RATIOS) if peer else ""
        print(f"{name:<18}{len(atoms):5d}{members:9d}{values}  {ratios}  {best}", flush=True)
    if peer:
        (energy, forces), (other, theirs) = (program.energy(max(chosen.members)) for program in (ours, peer))
        apart = np.abs(forces - theirs).max()
        print(f"{'':18}energies {energy:.3f} and {other:.3f} eV, forces differ by at most {apart:.1e} eV/Å", flush=True)


def arguments():
    parser = argparse.ArgumentParser(description="Energy and forces of ANI beside TorchANI.")
    parser.add_argument("model", help="our model file")
    parser.add_argument("--peer-python", help="interpreter with TorchANI; default: ours alone")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--members", type=int, nargs="+", default=[8, 1])
    parser.add_argument("--names", nargs="+", choices=list(STRUCTURES), default=list(STRUCTURES))
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--clock", choices=list(CLOCKS), default="wall", help="cpu: processor time; use one thread")
    return parser.parse_args()


def main():
    chosen = arguments()
    cores = sorted(os.sched_getaffinity(0))[-chosen.threads :]
    os.sched_setaffinity(0, cores)  # before JAX counts them for its threads; the peer inherits it
    model = load(chosen.model)
    print(f"threads: {len(cores)}, float32, {chosen.clock} clock, jax {jax.__version__}", end="")
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "weights.npz"
        np.savez(weights, **weights_of(model))
        peer = Peer(chosen.peer_python, len(cores), weights, chosen.clock) if chosen.peer_python else None
        print("".join(f", {name} {number}" for name, number in peer.versions.items()) if peer else "")
        heads = "".join(f"{name:>9}" for name in (*OURS, *(PEER if peer else ())))
        ratios = "   " + "  ".join(f"{one}/{other}" for one, other in RATIOS) if peer else ""
        print(f"{'ms':<18}atoms  members{heads}{ratios}", flush=True)
        ours = Ours(model, chosen.members, chosen.clock)
        for name in chosen.names:
            compare(name, STRUCTURES[name](), ours, peer, chosen)


if __name__ == "__main__":
    main()
