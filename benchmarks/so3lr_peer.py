"""The published SO3LR weights in so3krates-torch, one request after another, for so3lr_speed.py and md_speed.py.

    python benchmarks/so3lr_peer.py THREADS FAR_CUTOFF wall|cpu

Runs in an environment of its own (`pip install so3krates-torch==0.2.1`, with torch for the CPU) that need not know
Eukrates. Reads one JSON object per line and answers each with one:

    {"task": "frames", "numbers": [...], "frames": [[[x, y, z], ...], ...], "cell": [...], "pbc": [...],
     "charge": 0, "spin": 0}                     remembers a trajectory; spin counts unpaired electrons
    {"task": "call"}                             milliseconds of each frame but the first through the ASE calculator
    {"task": "evaluation"}                       the same number of evaluations of the bare model, pairs given
    {"task": "dynamics", "steps": 20, "timestep_fs": 0.5}   milliseconds a step of ASE's VelocityVerlet from the first
    {"task": "energy", "precision": "float64"}   energy (eV), without the constant per atom, and forces, first frame
"""

import json
import sys
import time
from importlib.metadata import version

import ase
import numpy as np
import torch
from ase.md.verlet import VelocityVerlet
from ase.units import fs
from so3krates_torch.calculator.so3 import SO3LRCalculator


def load(precision, far_cutoff):
    """The calculator as its package makes it: neighbours anew in every call, no stress, dispersion switched in 2 Å."""
    return SO3LRCalculator(r_max_lr=far_cutoff, default_dtype=precision, device="cpu")


def structure(request):
    atoms = ase.Atoms(request["numbers"], request["frames"][0], cell=request["cell"], pbc=request["pbc"])
    atoms.info["charge"] = float(request["charge"])
    atoms.info["total_spin"] = request["spin"] / 2  # S, which the package doubles
    return atoms


def call(atoms, frames, calculator, clock):
    """Milliseconds of every frame after the first, which is for warming up."""
    atoms.calc = calculator
    times = []
    for positions in frames:
        atoms.positions = positions
        start = clock()
        atoms.get_potential_energy()
        atoms.get_forces()
        times.append((clock() - start) * 1e3)
    return times[1:]


def evaluation(atoms, frames, calculator, clock):
    """Milliseconds of the bare model on the pairs of the first frame."""
    atoms.positions = frames[0]
    model, batch = calculator.models[0], calculator._atoms_to_batch(atoms)
    times = []
    for _ in frames:
        inputs = batch.clone().to_dict()  # the model writes into what it is given
        start = clock()
        model(inputs, compute_stress=False)
        times.append((clock() - start) * 1e3)
    return times[1:]


def dynamics(atoms, frames, calculator, clock, steps, timestep_fs):
    """Milliseconds a step at constant energy from rest, the first two steps not counted."""
    moving = atoms.copy()
    moving.info.update(atoms.info)
    moving.positions, moving.calc = frames[0], calculator
    motion = VelocityVerlet(moving, timestep_fs * fs)
    motion.run(2)
    start = clock()
    motion.run(steps)
    return (clock() - start) * 1e3 / steps


def energy(atoms, frames, calculator):
    """Energy and forces of the first frame.

    The package adds -163.618 eV per atom (the mean of the training set, stored in float32), which the published
    parameters do not contain; it is taken off here. What is left in float64, below 1e-4 eV and 1e-5 eV/Å, comes from
    two tables that it keeps in float32: the logarithms of the binomials in the radial basis and 1/√(2l+1).
    """
    atoms.positions = frames[0]
    atoms.calc = calculator
    found, forces = atoms.get_potential_energy(), atoms.get_forces()
    constants = calculator.models[0].atomic_energy_output_block.energy_shifts.detach().double().numpy()
    return float(found - np.sum(constants[atoms.numbers - 1])), forces


def answer(request, state, far_cutoff):
    task = request["task"]
    if task == "frames":
        state.update(atoms=structure(request), frames=np.array(request["frames"]))
        return {}
    if task in ("call", "evaluation"):
        timer = {"call": call, "evaluation": evaluation}[task]
        return {"ms": timer(state["atoms"], state["frames"], state["calculator"], state["clock"])}
    if task == "dynamics":
        given = (state[name] for name in ("atoms", "frames", "calculator", "clock"))
        return {"ms": dynamics(*given, request["steps"], request["timestep_fs"])}
    if task != "energy":
        raise ValueError(f"Expected the task frames, call, evaluation, dynamics or energy, got {task!r}.")
    calculator = load(request["precision"], far_cutoff)  # this changes torch's default precision
    found, forces = energy(state["atoms"], state["frames"], calculator)
    torch.set_default_dtype(torch.float32)
    return {"energy": found, "forces": np.asarray(forces, float).tolist()}


def main():
    threads, far_cutoff = int(sys.argv[1]), float(sys.argv[2])
    answers, sys.stdout = sys.stdout, sys.stderr  # the package prints
    torch.set_num_threads(threads)
    clock = {"wall": time.perf_counter, "cpu": time.process_time}[sys.argv[3]]
    state = {"calculator": load("float32", far_cutoff), "clock": clock}
    names = ("so3krates-torch", "torch")
    print(json.dumps({name: version(name) for name in names}), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line), state, far_cutoff)), file=answers, flush=True)


if __name__ == "__main__":
    main()
