"""ANI in TorchANI, with weights that it is given, one request after another, for ani_speed.py.

    python benchmarks/ani_peer.py THREADS WEIGHTS.npz wall|cpu

Runs in an environment of its own (`pip install torchani==2.9.0`, with torch for the CPU) that need not know Eukrates.
WEIGHTS.npz has "elements", "self_energies" (Hartree) and, as ELEMENT/wN and ELEMENT/bN with a leading axis of members,
the layers of ANI-1x (four elements) or ANI-2x (seven); all else is TorchANI's own model of that name. Reads one JSON
object per line and answers each with one:

    {"task": "frames", "numbers": [...], "frames": [[[x, y, z], ...], ...], "cell": [...], "pbc": [...]}
                                                  remembers a trajectory
    {"task": "tune", "members": 8}                finds the fastest of TorchANI's neighbour lists, as it is and compiled
                                                  by TorchScript, for these frames; remembers and names it
    {"task": "default", "members": 8}             milliseconds of each frame but the first through its ASE calculator,
                                                  as its models come: "all_pairs", not compiled
    {"task": "tuned", "members": 8}               the same of what was found fastest
    {"task": "direct", "members": 8}              that without ASE: from a tensor of positions, neighbours included
    {"task": "energy", "members": 8}              energy (eV) and forces of the first frame, by the default
"""

import json
import sys
import time
from importlib.metadata import version

import ase
import ase.units
import numpy as np
import torch
from torchani.arch import Assembler

LISTS = ("all_pairs", "cell_list", "adaptive", "verlet_cell_list")
TRIAL = 6  # calls, the first half not counted


class Peer:
    """TorchANI's models in single precision, of all members and of the first."""

    def __init__(self, weights, clock):
        self.weights, self.clock, self.made, self.best = weights, clock, {}, {}

    def model(self, members, neighbours="all_pairs", compiled=False):
        """Made once for each choice."""
        key = (members, neighbours, compiled)
        if key not in self.made:
            model = assembled(self.weights, members, neighbours)
            self.made[key] = torch.jit.script(model) if compiled else model
        return self.made[key]

    def take(self, request):
        self.frames = np.array(request["frames"])
        self.atoms = ase.Atoms(request["numbers"], self.frames[0], cell=request["cell"], pbc=request["pbc"])
        self.best = {}
        self.made = {key: model for key, model in self.made.items() if "verlet" not in key[1]}  # they remember lists

    def tune(self, members):
        """The choice with the least median time; those that fail are left out."""
        times = {}
        for choice in [(neighbours, compiled) for neighbours in LISTS for compiled in (False, True)]:
            try:
                times[choice] = float(np.median(self.calls(members, choice, self.frames[:TRIAL])[TRIAL // 2 :]))
            except Exception as error:
                print(f"{choice} fails: {str(error).strip().splitlines()[-1][:120]}", file=sys.stderr)
        self.best[members] = min(times, key=times.get)
        return self.best[members]

    def calls(self, members, choice, frames):
        """Milliseconds of every frame after the first, through the calculator."""
        self.atoms.calc = Calculator(self.model(members, *choice))
        times = []
        for positions in frames:
            self.atoms.positions = positions
            start = self.clock()
            self.atoms.get_potential_energy()
            self.atoms.get_forces()
            times.append((self.clock() - start) * 1e3)
        return times[1:]

    def direct(self, members):
        """Milliseconds of every frame after the first, of the model alone."""
        model, times = self.model(members, *self.best[members]), []
        numbers, periodic = torch.tensor(self.atoms.numbers)[None], bool(self.atoms.pbc.any())
        cell = torch.tensor(np.asarray(self.atoms.cell), dtype=torch.float32) if periodic else None
        pbc = torch.tensor(self.atoms.pbc) if periodic else None
        for positions in self.frames:
            start = self.clock()
            places = torch.tensor(positions, dtype=torch.float32)[None].requires_grad_(True)
            energy = model((numbers, places), cell, pbc).energies
            forces = -torch.autograd.grad(energy.sum(), places)[0].numpy()
            times.append((self.clock() - start) * 1e3)
        assert np.isfinite(forces).all()
        return times[1:]

    def energy(self, members):
        self.atoms.positions, self.atoms.calc = self.frames[0], Calculator(self.model(members))
        return self.atoms.get_potential_energy(), self.atoms.get_forces().tolist()

    def answer(self, request):
        task, members = request["task"], request.get("members")
        if task == "frames":
            self.take(request)
            return {}
        if task == "tune":
            return {"best": self.tune(members)}
        if task == "energy":
            energy, forces = self.energy(members)
            return {"energy": float(energy), "forces": forces}
        if task == "direct":
            return {"ms": self.direct(members)}
        choice = {"default": ("all_pairs", False), "tuned": self.best.get(members)}[task]
        return {"ms": self.calls(members, choice, self.frames)}


def Calculator(model):
    """As the package makes it."""
    from torchani.ase import Calculator

    return Calculator(model)


def assembled(weights, members, neighbours):
    """TorchANI's architecture with the given weights, as its `models.ANI1x` and `models.ANI2x` assemble it."""
    elements = [str(symbol) for symbol in weights["elements"]]
    kind = {4: "ani1x", 7: "ani2x"}[len(elements)]
    make = Assembler(periodic_table_index=True)
    make.set_symbols(elements)
    make.set_atomic_networks(ctor=kind)
    make.set_global_cutoff_fn("cosine")
    make.set_aev_computer(angular=kind, radial=kind, strategy="pyaev")
    make.set_neighborlist(neighbours)
    make.set_self_energies(dict(zip(elements, weights["self_energies"].tolist(), strict=True)))
    model = make.assemble(members)
    state = model.state_dict()
    for m in range(members):
        networks = "potentials.nnp.neural_networks." + (f"members.{m}." if members > 1 else "")
        for symbol in elements:
            count = sum(name.startswith(f"{symbol}/w") for name in weights)
            for n in range(count):
                layer = f"layers.{n}" if n < count - 1 else "final_layer"
                for ours, theirs in (("w", "weight"), ("b", "bias")):
                    name = f"{networks}atomics.{symbol}.{layer}.{theirs}"
                    state[name] = torch.tensor(weights[f"{symbol}/{ours}{n}"][m]).reshape(state[name].shape)
    model.load_state_dict(state)
    model.requires_grad_(False)
    return model


def main():
    torch.set_num_threads(int(sys.argv[1]))
    answers, sys.stdout = sys.stdout, sys.stderr  # packages print
    clock = {"wall": time.perf_counter, "cpu": time.process_time}[sys.argv[3]]
    peer = Peer(dict(np.load(sys.argv[2])), clock)
    print(json.dumps({name: version(name) for name in ("torchani", "torch")}), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(peer.answer(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
