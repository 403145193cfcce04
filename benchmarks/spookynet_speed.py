"""Energy and forces of SpookyNet in milliseconds, one thread, float32, from pairs already found.

    taskset -c 0 python benchmarks/spookynet_speed.py MODEL FILE.xyz [FILE.xyz ...] [--calls 100] [--clock cpu]

MODEL is the file that `eukrates convert spookynet` writes. Structures are neutral and without unpaired electrons unless
their files state `charge` and `spin`. Printed are the least and the median time of a call, of the model as it is loaded
and of the model for inference, with the difference of both energies from double precision. `taskset` keeps all to one
core. On a machine with other jobs, `--clock cpu` counts the time of the processor instead of the time that passes.

The original program (PyTorch 2.13) took at least 8.3 ms for aspirin and 25.9 ms for C60, on one thread of an AMD EPYC.
"""

import argparse
import statistics
import time

import ase.io
import jax

from eukrates.data.atoms import to_system
from eukrates.matter import pad
from eukrates.models import load
from eukrates.numerics import cast, to_device
from eukrates.potential import Ready, predict

CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
WANT = ("energy", "forces")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("structures", nargs="+")
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    options = parser.parse_args()
    model = cast(load(options.model), "float32")
    for name in options.structures:
        atoms = ase.io.read(name)
        atoms.info = {"charge": 0.0, "spin": 0.0} | atoms.info
        graph = model.graph(to_system(atoms))
        exact = predict(cast(model, "float64"), graph).energy[0]
        for kind, potential in (("as loaded", model), ("for inference", model.for_inference())):
            times, energy = timed(potential, graph, options.calls, CLOCKS[options.clock])
            print(
                f"{name}: {len(atoms)} atoms, {kind:13}  least {min(times):6.2f} ms  median "
                f"{statistics.median(times):6.2f} ms  energy off by {energy - exact:+.1e} eV",
                flush=True,
            )


def timed(potential, graph, calls, clock):
    """Milliseconds of each call, and the energy."""
    times = []
    with jax.enable_x64(True):
        ready, given = Ready(to_device(potential)), to_device(pad(graph))
        found = jax.block_until_ready(ready(given, WANT))
        for _ in range(calls):
            start = clock()
            jax.block_until_ready(ready(given, WANT))
            times.append((clock() - start) * 1e3)
    return times, float(found.energy[0])


if __name__ == "__main__":
    main()
